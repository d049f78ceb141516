// swarmpress create: a .torrent of files and folders.
import { basename, resolve } from 'node:path';
import { UsageError } from '../../core/errors.ts';
import { formatMagnet } from '../../core/metainfo/magnet.ts';
import { toMagnet } from '../../core/metainfo/to-magnet.ts';
import { toHex } from '../../core/bytes/bytes.ts';
import { refuseExisting, writeFileAtomic } from '../../node/atomic-write.ts';
import {
  createFromPlan,
  planContent,
  type CreatedTorrent,
  type PlannedContent,
} from '../../node/create-torrent.ts';
import { createHashPool } from '../../node/hash-pool.ts';
import { defineCommand, examples, type CliCommand, type CommonFlags, type Invocation } from '../command.ts';
import { formatBytes, formatCount, printable } from '../../core/format.ts';
import { parseCount } from '../option-values.ts';
import {
  addContentOptions,
  addFieldOptions,
  readContentOptions,
  readFields,
  type ContentFlags,
  type FieldFlags,
} from '../torrent-options.ts';

interface CreateFlags extends CommonFlags, ContentFlags, FieldFlags {
  readonly output?: string;
  readonly force?: boolean;
  readonly private?: boolean;
  readonly source?: string;
  readonly jobs?: number;
  readonly dryRun?: boolean;
}

type Call = Invocation<CreateFlags>;

const RULES = `
Piece length: the shortest power of two from 16 KiB that gives at most 2,048 pieces, and never over 16 MiB unless
asked for. Where padding would add more than a tenth to the content, pieces are shorter.
Globs: without a slash they match names at any depth, with one the path below the root folder.
Empty folders cannot be stored. Clients without BitTorrent v2 or BEP 47 may need --mode v1.
`;

export const createCommand: CliCommand = defineCommand<CreateFlags>({
  name: 'create',
  declare: (command) => {
    command
      .description('Make a .torrent of files and folders.')
      .argument('<path...>', 'a file or a folder; several become a folder, which needs --name')
      .option(
        '-o, --output <file>',
        "where to write, '-' for stdout (default: <name>.torrent in the current folder)",
      )
      .option('-f, --force', 'replace the output file');
    addContentOptions(command);
    addFieldOptions(command);
    command
      .option('-p, --private', 'peers from the trackers alone (BEP 27)')
      .option('-s, --source <text>', 'mark that gives the same content another info hash')
      .option('-j, --jobs <count>', 'hashing threads (default: one for each core)', parseCount)
      .option('--dry-run', 'show what would be made and read no file')
      .addHelpText(
        'after',
        examples(
          ['create films -t udp://tracker.example:6969/announce', 'hybrid torrent films.torrent of a folder'],
          ['create disk.iso -m v1 -l 4MiB -w https://dl.example/disk.iso', 'v1 torrent with a web seed'],
          ['create a.txt b.txt --name notes -t http://a.example/,http://b.example/', 'two files, one tier'],
          ['create data --no-date --no-created-by -o - | sha256sum', 'the same bytes at every run'],
        ),
      )
      .addHelpText('after', RULES);
  },
  run: async (call) => {
    const { args, flags, io, output } = call;
    checkOutput(call);
    const paths = args.map((path) => resolve(io.cwd, path));
    // Known before the walk, so that a .torrent of the last time is no part of the content.
    const name = flags.name ?? basename(paths[0] ?? '');
    const target = resolve(io.cwd, flags.output ?? `${name}.torrent`);
    const content = await planContent(paths, {
      ...readContentOptions(flags),
      omit: [target],
      signal: io.signal,
    });
    for (const warning of content.warnings) output.warn(warning);
    if (flags.dryRun === true) {
      showPlan(call, content);
      return 0;
    }
    await make(call, content, target);
    return 0;
  },
});

function checkOutput({ flags, io }: Call): void {
  if (flags.output !== '-') return;
  if (flags.json === true)
    throw new UsageError('OUTPUT_TWICE', 'stdout cannot take the torrent and JSON; drop one');
  if (io.stdout.isTTY === true) {
    throw new UsageError('OUTPUT_TERMINAL', 'a torrent is no text for a terminal; redirect stdout to a file');
  }
}

async function make(call: Call, content: PlannedContent, target: string): Promise<void> {
  const { flags, io, output } = call;
  const toStdout = flags.output === '-';
  // Better to learn this before the hashing than behind it.
  if (!toStdout && flags.force !== true) await refuseExisting(target);
  const hasher = createHashPool({ workers: flags.jobs });
  const total = content.plan.files.reduce((sum, file) => sum + file.length, 0);
  const progress = output.progress('hashing', total);
  const start = performance.now();
  try {
    const created = await createFromPlan(content, {
      ...readFields(flags, io),
      private: flags.private,
      source: flags.source,
      hasher,
      signal: io.signal,
      onProgress: (done) => progress.update(done),
    });
    progress.finish();
    for (const warning of created.metainfo.warnings) output.warn(warning);
    if (toStdout) io.stdout.write(created.bytes);
    else await writeFileAtomic(target, created.bytes, { overwrite: flags.force });
    report(call, created, {
      target: toStdout ? undefined : target,
      seconds: (performance.now() - start) / 1000,
    });
  } finally {
    progress.finish();
    await hasher.close();
  }
}

interface Outcome {
  /** Undefined: stdout. */
  readonly target: string | undefined;
  readonly seconds: number;
}

function report({ output }: Call, created: CreatedTorrent, { target, seconds }: Outcome): void {
  const { metainfo } = created;
  const magnet = formatMagnet(toMagnet(metainfo));
  const files = metainfo.files.filter((file) => !file.pad).length;
  output.json({
    ok: true,
    file: target ?? null,
    magnet,
    infoHash: metainfo.infoHash === undefined ? null : toHex(metainfo.infoHash),
    infoHashV2: metainfo.infoHashV2 === undefined ? null : toHex(metainfo.infoHashV2),
    name: metainfo.name,
    length: metainfo.length,
    pieceLength: metainfo.pieceLength,
    pieceCount: metainfo.pieceCount,
    files,
    torrentLength: created.bytes.length,
    warnings: created.warnings,
  });
  if (seconds >= 1) {
    const rate = `${formatBytes(metainfo.length / seconds)}/s`;
    output.note(`hashed ${formatBytes(metainfo.length)} in ${seconds.toFixed(1)} s, ${rate}`);
  }
  if (target === undefined) return;
  const { bold, dim } = output.colors;
  output.line(`${bold(printable(basename(target)))} ${dim(formatBytes(created.bytes.length))}`);
  output.line(
    `  content       ${printable(metainfo.name)}, ${formatCount(files, 'file')}, ${formatBytes(metainfo.length)}`,
  );
  output.line(
    `  pieces        ${formatCount(metainfo.pieceCount, 'piece')} of ${formatBytes(metainfo.pieceLength)}`,
  );
  if (metainfo.infoHash !== undefined) output.line(`  info hash     ${toHex(metainfo.infoHash)}`);
  if (metainfo.infoHashV2 !== undefined) output.line(`  info hash v2  ${toHex(metainfo.infoHashV2)}`);
  output.line(`  magnet        ${magnet}`);
}

function showPlan({ output }: Call, { plan, files }: PlannedContent): void {
  const padding = plan.files.reduce((sum, file) => sum + (file.pad ? file.length : 0), 0);
  output.json({
    ok: true,
    dryRun: true,
    name: plan.name,
    version: plan.version,
    length: plan.length,
    padding,
    pieceLength: plan.pieceLength,
    pieceCount: plan.pieceCount,
    files: files.map((file) => ({ path: file.path.join('/'), length: file.length })),
  });
  for (const file of files)
    output.line(`${formatBytes(file.length).padStart(10)}  ${printable(file.path.join('/'))}`);
  const pads = padding === 0 ? '' : `, ${formatBytes(padding)} of padding`;
  output.line(
    `${printable(plan.name)}: ${formatCount(files.length, 'file')}, ${formatBytes(plan.length)}, ` +
      `${formatCount(plan.pieceCount, 'piece')} of ${formatBytes(plan.pieceLength)}${pads}`,
  );
}
