// The package's version, read from package.json so that it is said in one place.
import { readFileSync } from 'node:fs';
import { builtFile } from '../node/package-files.ts';

export const VERSION: string = readVersion();

function readVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(builtFile('../package.json'), 'utf8'));
  if (typeof manifest === 'object' && manifest !== null && 'version' in manifest)
    return String(manifest.version);
  return '0.0.0';
}
