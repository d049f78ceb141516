// One simulated crowd in a thread of its own. The simulation is TypeScript: jiti loads it.
import { parentPort, workerData } from 'node:worker_threads';
import { createJiti } from 'jiti';

const load = createJiti(import.meta.url, { interopDefault: false });
const { runCrowd } = await load.import('../../test/simulation/crowd.ts');
parentPort.postMessage(runCrowd(workerData));
