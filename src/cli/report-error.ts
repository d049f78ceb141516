// Errors as one clear line, and the exit code that goes with them. SWARMPRESS_DEBUG=1 adds stack traces.
import { CommanderError } from 'commander';
import { SwarmpressError, UsageError } from '../core/errors.ts';
import { printable } from '../core/format.ts';
import type { CliIo, ExitCode } from './io.ts';
import { streamColors } from './colors.ts';

/** What to do next, by code, where the message itself does not say it. */
const HINTS: Readonly<Record<string, string>> = {
  FILE_NOT_FOUND: 'check the path',
  FILE_ACCESS_DENIED: 'check the permissions of the file and its folders',
  OUTPUT_EXISTS: 'give another name with --output or replace it with --force',
  DISK_FULL: 'free some space and try again',
  DISK_READ_ONLY: 'choose another folder or change its permissions',
  LISTEN_ADDRESS_IN_USE: 'end the other program or choose another port',
  FILE_CHANGED: 'wait until nothing writes to it and create again',
};

/** Prints an error for people on stderr (and with --json as an object on stdout); answers the exit code. */
export function reportError(error: unknown, io: CliIo, json: boolean): ExitCode {
  if (error instanceof CommanderError && error.exitCode === 0) return 0;
  // No command was given: commander has printed the help.
  if (error instanceof CommanderError && error.code === 'commander.help') return 2;
  if (io.signal.aborted) {
    print(io, json, { code: 'INTERRUPTED', message: 'interrupted' });
    return 130;
  }
  print(io, json, describeError(error));
  if ((io.env['SWARMPRESS_DEBUG'] ?? '') !== '' && error instanceof Error) {
    io.stderr.write(`${error.stack ?? ''}\n`);
    if (error.cause instanceof Error) io.stderr.write(`caused by ${error.cause.stack ?? ''}\n`);
  }
  return error instanceof UsageError || error instanceof CommanderError ? 2 : 1;
}

/** Code and message of any error, the next step included in the message. */
export function describeError(error: unknown): { readonly code: string; readonly message: string } {
  if (error instanceof CommanderError) {
    const what = error.message
      .replace(/^error: /, '')
      .trim()
      .replace(/\s*\n\s*/g, ' ');
    return { code: 'USAGE', message: `${what}; see --help` };
  }
  if (error instanceof SwarmpressError) {
    const hint = HINTS[error.code];
    return { code: error.code, message: hint === undefined ? error.message : `${error.message}; ${hint}` };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { code: 'BUG', message: `${message}; please report this with the output of SWARMPRESS_DEBUG=1` };
}

function print(io: CliIo, json: boolean, error: { readonly code: string; readonly message: string }): void {
  io.stderr.write(errorLine(io, error));
  if (json) io.stdout.write(`${JSON.stringify({ ok: false, code: error.code, error: error.message })}\n`);
}

/** `swarmpress: CODE what happened; what to do next` */
export function errorLine(io: CliIo, error: { readonly code: string; readonly message: string }): string {
  const colors = streamColors(io, io.stderr.isTTY);
  return `${colors.red('swarmpress:')} ${colors.bold(error.code)} ${printable(error.message)}\n`;
}
