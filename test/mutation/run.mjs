// Mutation testing of the core: `node test/mutation/run.mjs --on bencode`. Says which changes of the source no test notices.
// The runner is TypeScript: jiti loads it.
import { createJiti } from 'jiti';

const { main } = await createJiti(import.meta.url).import('./main.ts');
process.exitCode = await main(process.argv.slice(2));
