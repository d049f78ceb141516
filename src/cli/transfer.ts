// Runs torrents in a session until each has reached its goal or failed, or the user interrupts.
// Law: whatever ends it, the session is closed in order: trackers are told, resume data is saved.
import type { Session } from '../engine/api.ts';
import type { CommonFlags, Invocation } from './command.ts';
import type { ExitCode } from './io.ts';
import { pause } from './pause.ts';
import { TransferRun, type TransferGoal, type TransferItem } from './transfer-run.ts';
import { createTransferView } from './transfer-view.ts';

const TICK_MS = 250;

/** Answers 0 when every torrent reached its goal, 1 when one failed, 130 after an interruption. Closes the session. */
export async function runTransfer(
  items: readonly TransferItem[],
  goal: TransferGoal,
  {
    session,
    io,
    output,
    flags,
  }: { readonly session: Session } & Pick<Invocation<CommonFlags>, 'io' | 'output' | 'flags'>,
): Promise<ExitCode> {
  const runs: TransferRun[] = [];
  const now = (): number => performance.now();
  const view = createTransferView({
    ...{ output, io, quiet: flags.quiet === true, torrents: runs, now },
  });
  view.event('listening', undefined, { port: session.port });
  view.note(`peers connect to port ${String(session.port)}`);
  try {
    for (const item of items) {
      const torrent = await session.add(item.content, item.options);
      const run = new TransferRun({ item, torrent, goal, view, now });
      runs.push(run);
      run.start();
    }
    while (!io.signal.aborted && runs.some((run) => !run.isOver)) {
      await pause(TICK_MS, io.signal);
      for (const run of runs) run.tick();
      view.tick();
    }
    for (const run of runs) view.event('stopped', run, run.summary());
  } finally {
    view.finish();
    await session.close();
  }
  if (!io.signal.aborted) return runs.some((run) => run.hasFailed) ? 1 : 0;
  for (const run of runs) if (!run.isWhole && !run.hasFailed) output.note(howToContinue(run));
  return 130;
}

function howToContinue(run: TransferRun): string {
  const { name, wanted, completed } = run.torrent.snapshot();
  const percent = wanted === undefined || wanted === 0 ? 0 : Math.floor((completed * 100) / wanted);
  return `${name}: stopped at ${String(percent)}%; the same command continues from there`;
}
