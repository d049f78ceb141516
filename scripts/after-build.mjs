// Marks the command as executable and puts the page's style and icon beside its script; the rest of dist/ is what tsc wrote.
import { chmodSync, copyFileSync, existsSync, mkdirSync } from 'node:fs';

const command = new URL('../dist/cli/main.js', import.meta.url);
if (existsSync(command)) chmodSync(command, 0o755);

mkdirSync(new URL('../dist/page/', import.meta.url), { recursive: true });
for (const asset of ['styles.css', 'daemon.css', 'icon.svg']) {
  copyFileSync(
    new URL(`../src/page/${asset}`, import.meta.url),
    new URL(`../dist/page/${asset}`, import.meta.url),
  );
}
