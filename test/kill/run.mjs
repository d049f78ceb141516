// Kills publisher, downloader and tracker in a loop: `node test/kill/run.mjs --cycles 500`. Needs root and libtorrent.
// The harness is TypeScript: jiti loads it.
import { createJiti } from 'jiti';

const { main } = await createJiti(import.meta.url).import('./kill.ts');
process.exitCode = await main(process.argv.slice(2));
