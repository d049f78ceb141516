// Clients that run a command when a download is whole: the command makes a file, and we wait for the file.
import { existsSync } from 'node:fs';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { RunningProcess } from '../processes.ts';

export interface DoneFile {
  /** Path of an executable to hand to the client. */
  readonly script: string;
  /** Path that appears on completion. */
  readonly mark: string;
}

export async function makeDoneFile(folder: string): Promise<DoneFile> {
  const mark = join(folder, 'done');
  const script = join(folder, 'on-done.sh');
  await writeFile(script, `#!/bin/sh\n: > '${mark}'\n`);
  await chmod(script, 0o755);
  return { script, mark };
}

/** Resolves when the mark is there; rejects when the client ends before it. */
export async function waitForDone(done: DoneFile, process: RunningProcess): Promise<void> {
  let ended: number | undefined;
  void process.exited.then((code) => (ended = code));
  while (!existsSync(done.mark)) {
    if (ended !== undefined) throw new Error(`the client ended with ${String(ended)}:\n${process.output}`);
    await setTimeout(20);
  }
}
