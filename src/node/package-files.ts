// Where the files of this package lie. Modules are run from src/ by the tests, from dist/ by users of the library, and
// from the bundled chunks in dist/cli/ by the command. Law: each of those places is one folder below its root.

const DIST = new URL(import.meta.url.endsWith('.ts') ? '../../dist/' : '../', import.meta.url);

/** A file of the last build, by its path below dist/. */
export function builtFile(path: string): URL {
  return new URL(path, DIST);
}

/** A script in dist/workers/, where each is whole by itself. */
export function workerScript(name: 'hash' | 'announce' | 'sha256'): URL {
  return builtFile(`workers/${name}-worker.js`);
}
