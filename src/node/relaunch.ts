// The same command line once more, under another program that runs JavaScript: its streams and signals are ours.
import { spawn } from 'node:child_process';
import { SystemError } from '../core/errors.ts';

/**
 * Resolves to the exit code. `args`: the script and what it is to be given. Rejects with SystemError RUNTIME_FAILED where
 * the program does not start.
 */
export async function relaunch(program: string, args: readonly string[]): Promise<number> {
  const child = spawn(program, args, { stdio: 'inherit' });
  // A terminal sends Ctrl-C to both of us.
  const signals: readonly NodeJS.Signals[] = process.stdin.isTTY
    ? ['SIGTERM', 'SIGHUP']
    : ['SIGTERM', 'SIGHUP', 'SIGINT'];
  const pass = (signal: NodeJS.Signals): void => {
    child.kill(signal);
  };
  // Before listeners that may end this process.
  for (const signal of signals) process.prependListener(signal, pass);
  try {
    return await new Promise((resolve, reject) => {
      child.once('error', (cause) => {
        reject(new SystemError('RUNTIME_FAILED', `${program} does not start`, { cause }));
      });
      child.once('exit', (code) => {
        resolve(code ?? 1);
      });
    });
  } finally {
    for (const signal of signals) process.off(signal, pass);
  }
}
