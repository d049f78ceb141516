// Puts styles and icons beside the scripts that tsc wrote.
import { copyFileSync, mkdirSync } from 'node:fs';

for (const asset of ['page/styles.css', 'page/daemon.css', 'page/icon.svg', 'catalogue/catalogue.css']) {
  const target = new URL(`../dist/${asset}`, import.meta.url);
  mkdirSync(new URL('./', target), { recursive: true });
  copyFileSync(new URL(`../src/${asset}`, import.meta.url), target);
}
