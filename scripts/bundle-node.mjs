// Bundles the command out of src/: dist/cli/main.js and one chunk for what its commands share, which starts in half the
// processor time of three hundred modules; and the worker threads, each whole by itself, into dist/workers/. Packages
// with native code stay outside, as does what only some runs load. The licences of what is inside go along.
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const EXTERNAL = [/^(?:node|bun):/, /^(?:koffi|lmdb|node-datachannel|pino|redis|ws)(?:\/|$)/];
const NOTICES = join(ROOT, 'dist/cli/third-party-notices.txt');

async function bundle(input, folder) {
  const build = await rolldown({ input, external: EXTERNAL, platform: 'node', logLevel: 'warn' });
  const { output } = await build.write({
    dir: folder,
    format: 'es',
    entryFileNames: '[name].js',
    chunkFileNames: '[name]-[hash].js',
  });
  await build.close();
  return output.flatMap((chunk) => (chunk.type === 'chunk' ? chunk.moduleIds : []));
}

/** The folder of a package's own package.json, of a module inside it; undefined for modules of ours. */
function packageOf(module) {
  if (!module.includes('/node_modules/')) return undefined;
  for (let folder = dirname(module); folder !== ROOT; folder = dirname(folder)) {
    const manifest = join(folder, 'package.json');
    if (existsSync(manifest) && JSON.parse(readFileSync(manifest, 'utf8')).version !== undefined)
      return folder;
  }
  return undefined;
}

function noticeOf(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  if (file === undefined) throw new Error(`${name} says no licence text; leave it out of the bundle`);
  return `${name} ${version} (${license})\n\n${readFileSync(join(folder, file), 'utf8').trim()}\n`;
}

for (const folder of ['dist/cli', 'dist/workers'])
  rmSync(join(ROOT, folder), { recursive: true, force: true });
const modules = await bundle({ main: join(ROOT, 'src/cli/main.ts') }, join(ROOT, 'dist/cli'));
for (const [name, path] of [
  ['hash-worker', 'src/node/hash-worker.ts'],
  ['announce-worker', 'src/server/workers/announce-worker.ts'],
  ['sha256-worker', 'src/publish/sha256-worker.ts'],
]) {
  modules.push(...(await bundle({ [name]: join(ROOT, path) }, join(ROOT, 'dist/workers'))));
}
const packages = new Set(modules.map(packageOf).filter((folder) => folder !== undefined));
writeFileSync(
  NOTICES,
  [...packages]
    .sort()
    .map(noticeOf)
    .join(`\n${'-'.repeat(80)}\n\n`),
);
chmodSync(join(ROOT, 'dist/cli/main.js'), 0o755);
