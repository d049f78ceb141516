// Fuzzes decoders and machines: `node --max-old-space-size=768 test/fuzz/run.mjs --inputs 10000000`.
// The targets are TypeScript: jiti loads them.
import { createJiti } from 'jiti';

const { main } = await createJiti(import.meta.url).import('./main.ts');
process.exitCode = main(process.argv.slice(2));
