// Runs the user's program when a torrent is whole. Law: no shell ever sees a name that came from a stranger; the
// program gets it in its environment, as data.
import { spawn } from 'node:child_process';
import type { Log } from '../ports/log.ts';

export interface CompletionCommand {
  readonly program: string;
  readonly args: readonly string[];
}

export interface Completed {
  readonly id: string;
  readonly name: string;
  /** Where the content is. */
  readonly folder: string;
  readonly path: string;
  readonly length: number;
}

/** Longer than any sane hook; one that hangs is ended. */
const LIMIT_MS = 60 * 60 * 1000;

/** Resolves when the program has ended, however it did; what went wrong is logged. */
export function runCompletion(
  { program, args }: CompletionCommand,
  { id, name, folder, path, length }: Completed,
  log: Log,
): Promise<void> {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      shell: false,
      stdio: 'ignore',
      timeout: LIMIT_MS,
      env: {
        ...process.env,
        SWARMPRESS_INFO_HASH: id,
        SWARMPRESS_NAME: name.replaceAll('\0', ''),
        SWARMPRESS_FOLDER: folder,
        SWARMPRESS_PATH: path.replaceAll('\0', ''),
        SWARMPRESS_LENGTH: String(length),
      },
    });
    child.on('error', (error) => {
      log.error('the completion program could not be run', { program, reason: error.message });
      resolve();
    });
    child.on('exit', (code, signal) => {
      if (code !== 0)
        log.warn('the completion program failed', { program, code: code ?? -1, signal: signal ?? '' });
      resolve();
    });
  });
}
