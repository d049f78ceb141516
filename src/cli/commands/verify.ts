// swarmpress verify: content on disk against a .torrent.
import { resolve } from 'node:path';
import { toHex } from '../../core/bytes/bytes.ts';
import type { Metainfo } from '../../core/metainfo/metainfo.ts';
import {
  checkContent,
  type CheckedFile,
  type ContentCheck,
  type FileState,
} from '../../node/content-check.ts';
import { createHashPool } from '../../node/hash-pool.ts';
import { defineCommand, examples, type CliCommand, type CommonFlags, type Invocation } from '../command.ts';
import { formatCount, printable } from '../../core/format.ts';
import { parseCount } from '../option-values.ts';
import { readTorrentFile } from '../torrent-source.ts';

interface VerifyFlags extends CommonFlags {
  readonly jobs?: number;
  readonly all?: boolean;
}

type Call = Invocation<VerifyFlags>;

export const verifyCommand: CliCommand = defineCommand<VerifyFlags>({
  name: 'verify',
  declare: (command) =>
    command
      .description('Check content on disk against a .torrent. Exit code 1 if anything is missing or wrong.')
      .argument('<torrent>', "a .torrent file, or '-' for stdin")
      .argument('<place>', 'the folder that holds the content, or the content itself')
      .option('-j, --jobs <count>', 'hashing threads (default: one for each core)', parseCount)
      .option('--all', 'list the files that are right too')
      .addHelpText(
        'after',
        examples(
          ['verify films.torrent /srv', 'the content is /srv/films'],
          ['verify films.torrent /srv/films --json', 'one JSON object with the state of each file'],
        ),
      ),
  run: async (call) => {
    const { args, flags, io, output } = call;
    const { metainfo } = await readTorrentFile(args[0] ?? '', io);
    const hasher = createHashPool({ workers: flags.jobs });
    const total = metainfo.files.reduce((sum, file) => sum + file.length, 0);
    const progress = output.progress('checking', total);
    let done = 0;
    try {
      const check = await checkContent(metainfo, resolve(io.cwd, args[1] ?? ''), {
        hasher,
        signal: io.signal,
        onBytes: (bytes) => {
          done += bytes;
          progress.update(done);
        },
      });
      progress.finish();
      report(call, metainfo, check);
      return check.isWhole ? 0 : 1;
    } finally {
      progress.finish();
      await hasher.close();
    }
  },
});

const WORDS: Readonly<Record<FileState, string>> = {
  ok: 'right',
  missing: 'missing',
  short: 'too short',
  long: 'too long',
  damaged: 'damaged',
  unknown: 'in doubt: shares pieces with a file that is not whole',
};

function report({ flags, output }: Call, metainfo: Metainfo, check: ContentCheck): void {
  const pathOf = (file: CheckedFile): string => metainfo.files[file.index]?.path.join('/') ?? '';
  const lengthOf = (file: CheckedFile): number => metainfo.files[file.index]?.length ?? 0;
  output.json({
    ok: check.isWhole,
    name: metainfo.name,
    infoHash: metainfo.infoHash === undefined ? null : toHex(metainfo.infoHash),
    infoHashV2: metainfo.infoHashV2 === undefined ? null : toHex(metainfo.infoHashV2),
    pieceCount: metainfo.pieceCount,
    piecesRight: check.pieces.count,
    files: check.files.map((file) => ({
      path: pathOf(file),
      length: lengthOf(file),
      actualLength: file.actualLength ?? null,
      state: file.state,
    })),
  });
  for (const file of check.files) {
    if (file.state === 'ok' && flags.all !== true) continue;
    const { green, red } = output.colors;
    const off = Math.abs((file.actualLength ?? lengthOf(file)) - lengthOf(file));
    const by = off === 0 ? '' : ` by ${formatCount(off, 'byte')}`;
    const paint = file.state === 'ok' ? green : red;
    output.line(`${paint(WORDS[file.state])}${by}  ${printable(pathOf(file))}`);
  }
  const right = check.files.filter((file) => file.state === 'ok').length;
  output.line(
    `${metainfo.name}: ${formatCount(right, 'file')} of ${String(check.files.length)} right, ` +
      `${formatCount(check.pieces.count, 'piece')} of ${String(metainfo.pieceCount)} right`,
  );
}
