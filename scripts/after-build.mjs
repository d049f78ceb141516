// Marks the command as executable and puts styles and icons beside the scripts; the rest of dist/ is what tsc wrote.
import { chmodSync, copyFileSync, existsSync, mkdirSync } from 'node:fs';

const command = new URL('../dist/cli/main.js', import.meta.url);
if (existsSync(command)) chmodSync(command, 0o755);

for (const asset of ['page/styles.css', 'page/daemon.css', 'page/icon.svg', 'catalogue/catalogue.css']) {
  const target = new URL(`../dist/${asset}`, import.meta.url);
  mkdirSync(new URL('./', target), { recursive: true });
  copyFileSync(new URL(`../src/${asset}`, import.meta.url), target);
}
