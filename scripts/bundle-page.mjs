// Bundles the scripts of the publication page out of what tsc wrote: dist/page and dist/web become dist/site, where
// the publisher serves them from. Workers keep their names beside the script that starts them.
import { copyFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const dist = (path) => fileURLToPath(new URL(`../dist/${path}`, import.meta.url));
const folder = dist('site');
rmSync(folder, { recursive: true, force: true });

/** Scripts of one page share what they have in common; a worker is whole by itself. */
const BUNDLES = [
  { main: dist('page/main.js'), embed: dist('page/embed.js') },
  { operator: dist('page/operator.js') },
  { 'stream-worker': dist('page/stream-worker.js') },
  { 'content-worker': dist('web/content-worker.js') },
];

for (const input of BUNDLES) {
  const bundle = await rolldown({ input, platform: 'browser', logLevel: 'warn' });
  await bundle.write({
    dir: folder,
    format: 'es',
    minify: true,
    entryFileNames: '[name].js',
    chunkFileNames: 'shared.js',
  });
  await bundle.close();
}
for (const asset of ['styles.css', 'operator.css', 'icon.svg']) {
  copyFileSync(new URL(`../src/page/${asset}`, import.meta.url), `${folder}/${asset}`);
}
