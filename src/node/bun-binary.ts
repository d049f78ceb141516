// Where Bun is, for those who would rather run a part of us under it: as a package beside ours or in the caller's
// folder, or on the path. Nothing is downloaded.
import { accessSync, constants, existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { builtFile } from './package-files.ts';

/** Undefined where there is none. `from`: a folder whose packages count too. */
export function findBun(from: string = process.cwd()): string | undefined {
  if (process.versions['bun'] !== undefined) return process.execPath;
  const onPath = (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'bun'));
  return [...inPackages(builtFile('cli/main.js')), ...inPackages(join(from, 'package.json')), ...onPath].find(
    isProgram,
  );
}

/** The package of this platform has the program itself; `bun` has one only after its install script. */
function inPackages(from: string | URL): string[] {
  const arch = process.arch === 'arm64' ? 'aarch64' : process.arch;
  const require = createRequire(from);
  return [`@oven/bun-${process.platform}-${arch}`].flatMap((name) => {
    try {
      return [join(dirname(require.resolve(`${name}/package.json`)), 'bin', 'bun')];
    } catch {
      return [];
    }
  });
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return existsSync(path);
  } catch {
    return false;
  }
}
