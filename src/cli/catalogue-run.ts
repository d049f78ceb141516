// `publish` for several things at once: starts a catalogue, says what happens in it, and ends with it.
import { basename, resolve } from 'node:path';
import { UsageError } from '../core/errors.ts';
import { formatBytes, formatCount, formatDuration, printable } from '../core/format.ts';
import { startCatalogue, type Catalogue } from '../catalogue/catalogue.ts';
import type { CatalogueEvent, EndReason } from '../catalogue/catalogue-options.ts';
import { createLog } from '../node/log.ts';
import type { Invocation } from './command.ts';
import type { ExitCode } from './io.ts';
import { pause } from './pause.ts';
import type { Progress } from './progress.ts';
import {
  baseUrlOf,
  operatorEvent,
  operatorLink,
  operatorOf,
  reachNote,
  stateFolderOf,
  type PublishFlags,
} from './publish-flags.ts';
import { toReachOptions } from './reach-options.ts';
import { VERSION } from './version.ts';

type Call = Invocation<PublishFlags>;

const TICK_MS = 1000;
const SUMMARY_MS = 30_000;

const ENDS: Readonly<Record<EndReason, string>> = {
  down: 'taken down',
  expired: 'expired',
  exhausted: 'has had its downloads',
  gone: 'is gone from the folder',
};

/** Answers when the user interrupts. */
export async function runCatalogue(call: Call): Promise<ExitCode> {
  const startedAt = performance.now();
  const catalogue = await start(call);
  try {
    announce(call, catalogue);
    await catalogue.settled();
    const took = (performance.now() - startedAt) / 1000;
    const count = catalogue.items.length;
    call.output.json({ event: 'ready', items: count, seconds: Number(took.toFixed(2)) });
    call.output.note(`${formatCount(count, 'item')} published, ${took.toFixed(1)} s after the start`);
    await follow(call, catalogue);
  } finally {
    await catalogue.close();
  }
  call.output.json({ event: 'stopped' });
  call.output.note(
    `stopped after ${formatDuration((performance.now() - startedAt) / 1000)}; the same command carries on`,
  );
  return 130;
}

async function start(call: Call): Promise<Catalogue> {
  const { args, flags, io, output } = call;
  if (args.length === 0 && flags.watch === undefined) {
    throw new UsageError('USAGE', 'name what to publish, or a folder with --watch; see --help');
  }
  const watch = flags.watch === undefined ? undefined : resolve(io.cwd, flags.watch);
  const title = flags.title ?? (watch === undefined ? 'Catalogue' : basename(watch));
  const {
    port,
    host,
    mode: version,
    tracker: trackers,
    exclude,
    hidden,
    comment,
    webSeed,
    up: uploadLimit,
  } = flags;
  let progress: Progress | undefined;
  const catalogue = await startCatalogue(
    {
      ...{ port, host, version, trackers, exclude, hidden, comment, webSeed, uploadLimit, title },
      paths: args.map((path) => resolve(io.cwd, path)),
      watch: watch === undefined ? undefined : { folder: watch, settleMs: flags.settle * 1000 },
      peerPort: flags.peerPort ?? (port === 0 ? 0 : port + 1),
      private: flags.private,
      reach: await toReachOptions(flags, io),
      baseUrl: (opened) => baseUrlOf(flags, opened),
      isBaseStable: flags.publicUrl !== undefined,
      createdBy: `swarmpress/${VERSION}`,
      stateFolder: stateFolderOf(flags, io),
      operator: operatorOf(flags, io),
    },
    {
      signal: io.signal,
      log: (io.env['SWARMPRESS_DEBUG'] ?? '') === '' ? undefined : createLog('debug'),
      onEvent: (event) => {
        progress?.finish();
        progress = undefined;
        tell(call, event);
      },
      onProgress: (done, total) => {
        if (args.length !== 1) return;
        progress ??= output.progress('hashing', total);
        progress.update(done);
      },
    },
  );
  return catalogue;
}

function announce({ flags, output, io }: Call, catalogue: Catalogue): void {
  const { page, port, peerPort, fingerprint, operator } = catalogue;
  const feed = `${page}feed.rss`;
  output.json({
    event: 'catalogue',
    page,
    feed,
    port,
    peerPort,
    fingerprint,
    operator: operatorEvent(operator),
  });
  const { bold } = output.colors;
  output.line(`  catalogue  ${bold(page)}`);
  output.line(`  feed       ${feed}`);
  if (operator !== undefined) output.line(`  operator   ${operatorLink(operator, io)}`);
  output.line(`  signed by  ${fingerprint}`);
  output.line(`  ports      ${String(port)} pages and tracker, ${String(peerPort)} peers, TCP and UDP`);
  output.line();
  output.note(reachNote(flags));
}

function tell({ output }: Call, event: CatalogueEvent): void {
  const { kind, ...said } = event;
  output.json({ event: kind, ...said });
  if (output.isJson) return;
  switch (event.kind) {
    case 'published':
    case 'updated':
      output.line(
        `${event.kind === 'updated' ? 'updated  ' : 'published'}  ${printable(event.title)}  ${event.page}`,
      );
      return;
    case 'ended':
      output.line(`ended      ${printable(event.title)}: ${ENDS[event.reason]}`);
      return;
    case 'failed':
      output.warn(`${event.slug} is not published: ${printable(event.message)}`);
      return;
    case 'trouble':
      output.warn(`${printable(event.path)}: ${event.reason}`);
  }
}

/** Says now and then what goes on, until the user interrupts. */
async function follow({ io, output, flags }: Call, catalogue: Catalogue): Promise<void> {
  let saidAt = performance.now();
  let said = '';
  while (!io.signal.aborted) {
    await pause(TICK_MS, io.signal);
    if (flags.quiet === true || performance.now() - saidAt < SUMMARY_MS) continue;
    saidAt = performance.now();
    const totals = catalogue.totals();
    const text = `${formatCount(totals.items, 'item')}, ${String(totals.connected)} connected, ↑ ${formatBytes(totals.uploadRate)}/s`;
    output.json({ event: 'progress', ...totals });
    if (text !== said) output.note(text);
    said = text;
  }
}
