// Soaks tracker and seeder for a while: `node test/soak/run.mjs --minutes 30`. Needs root and the stock clients.
// The harness is TypeScript: jiti loads it.
import { createJiti } from 'jiti';

const load = createJiti(import.meta.url);
const [first, plan, ...rest] = process.argv.slice(2);
if (first === '--crowd') {
  const { runCrowd } = await load.import('./crowd.ts');
  await runCrowd(JSON.parse(plan));
} else {
  const { main } = await load.import('./soak.ts');
  process.exitCode = await main([first, plan, ...rest].filter((arg) => arg !== undefined));
}
