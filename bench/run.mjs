// Runs a bench by its folder's name: `node bench/run.mjs pair --gib 1 --rounds 3`. See `--help` of each.
// Benches share the tests' harness, which is TypeScript: jiti loads it.
import { existsSync } from 'node:fs';
import { createJiti } from 'jiti';

const [name = '', ...args] = process.argv.slice(2);
const file = new URL(`./${name}/${name}.ts`, import.meta.url);
if (!/^[a-z-]+$/.test(name) || !existsSync(file)) {
  process.stderr.write(
    `usage: node bench/run.mjs create|parse|pair|flame|swarm|crowd|picker|hostile|tracker|browser [options]\n`,
  );
  process.exit(2);
}
const bench = await createJiti(import.meta.url, { interopDefault: false }).import(file.pathname);
await bench.main(args);
