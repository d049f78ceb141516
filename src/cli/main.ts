#!/usr/bin/env node
// The process around the command line: signals, streams, exit code. Everything else is in run.ts.
import process from 'node:process';
import { relaunch } from '../node/relaunch.ts';
import { runCli } from './run.ts';

const interruption = new AbortController();

/** The first signal asks the command to finish in order, the second ends the process at once. */
function interrupt(): void {
  if (interruption.signal.aborted) process.exit(130);
  interruption.abort();
}

process.on('SIGINT', interrupt);
process.on('SIGTERM', interrupt);
// A reader that went away (`swarmpress inspect | head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : 1);
});

const exitCode = await runCli(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  cwd: process.cwd(),
  signal: interruption.signal,
  onHangup: (listener) => {
    process.on('SIGHUP', listener);
    return () => process.off('SIGHUP', listener);
  },
  relaunch: (program) => relaunch(program, process.argv.slice(1)),
});

process.exitCode = exitCode;
// Output may still be on its way into a pipe. Once it is through nothing is left to do, but native libraries (WebRTC)
// keep a process alive for a while after their last connection is closed.
process.stdout.write('', () => {
  process.stderr.write('', () => {
    process.exit();
  });
});
