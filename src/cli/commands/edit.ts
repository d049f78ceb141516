// swarmpress edit: changes what a .torrent says, never its info hash unasked.
import { resolve } from 'node:path';
import { equalBytes, toHex } from '../../core/bytes/bytes.ts';
import { UsageError } from '../../core/errors.ts';
import { editTorrent, type TorrentChanges } from '../../core/metainfo/edit.ts';
import type { Metainfo, NodeAddress } from '../../core/metainfo/metainfo.ts';
import { parseTorrent } from '../../core/metainfo/parse.ts';
import { writeFileAtomic } from '../../node/atomic-write.ts';
import { nodeDigests } from '../../node/digests.ts';
import { defineCommand, examples, type CliCommand, type CommonFlags, type Invocation } from '../command.ts';
import { collect, collectNodes, collectTiers, collectWebSeeds, parseDate } from '../option-values.ts';
import { readTorrentFile, type TorrentFile } from '../torrent-source.ts';

/** `false` stands for `--no-…`: the field is taken away. */
interface EditFlags extends CommonFlags {
  readonly output?: string;
  readonly force?: boolean;
  readonly dryRun?: boolean;
  readonly allowNewInfoHash?: boolean;
  readonly tracker?: readonly (readonly string[])[] | false;
  readonly addTracker?: readonly (readonly string[])[];
  readonly removeTracker?: readonly string[];
  readonly webSeed?: readonly string[] | false;
  readonly addWebSeed?: readonly string[];
  readonly removeWebSeed?: readonly string[];
  readonly node?: readonly NodeAddress[] | false;
  readonly comment?: string | false;
  readonly createdBy?: string | false;
  readonly date?: number | false;
  readonly source?: string | false;
  readonly private?: boolean;
}

type Call = Invocation<EditFlags>;

export const editCommand: CliCommand = defineCommand<EditFlags>({
  name: 'edit',
  declare: (command) =>
    command
      .description('Change what a .torrent says, and not its info hash unless allowed.')
      .argument('<torrent>', "a .torrent file, or '-' for stdin (then --output is needed)")
      .option('-o, --output <file>', "write to another file, '-' for stdout (default: replace the file)")
      .option('-f, --force', 'replace the --output file')
      .option('-t, --tracker <urls>', 'replace all trackers; commas inside a tier (repeatable)', collectTiers)
      .option('--no-tracker', 'take all trackers away')
      .option('--add-tracker <urls>', 'add a tier at the end (repeatable)', collectTiers)
      .option('--remove-tracker <url>', 'take a tracker away (repeatable)', collect)
      .option('-w, --web-seed <url>', 'replace all web seeds (repeatable)', collectWebSeeds)
      .option('--no-web-seed', 'take all web seeds away')
      .option('--add-web-seed <url>', 'add a web seed (repeatable)', collectWebSeeds)
      .option('--remove-web-seed <url>', 'take a web seed away (repeatable)', collect)
      .option('--node <host:port>', 'replace all DHT nodes (repeatable)', collectNodes)
      .option('--no-node', 'take all DHT nodes away')
      .option('-c, --comment <text>', 'set the comment')
      .option('--no-comment', 'take the comment away')
      .option('--created-by <text>', 'set the name of the program')
      .option('--no-created-by', 'take the name of the program away')
      .option('--date <when>', 'set the creation date', parseDate)
      .option('--no-date', 'take the creation date away')
      .option('-s, --source <text>', 'set the source mark (new info hash)')
      .option('--no-source', 'take the source mark away (new info hash)')
      .option('-p, --private', 'make it private (new info hash)')
      .option('--no-private', 'make it public (new info hash)')
      .option('--allow-new-info-hash', 'make another torrent of it: peers of the old one are lost')
      .option('--dry-run', 'show what would change and write nothing')
      .addHelpText(
        'after',
        examples(
          ['edit films.torrent --add-tracker wss://tracker.example/', 'one more tracker, same info hash'],
          ['edit films.torrent --no-comment --no-date -o clean.torrent', 'a copy without comment and date'],
          ['edit films.torrent --private --allow-new-info-hash', 'a private torrent of the same content'],
        ),
      ),
  run: async (call) => {
    const { args, flags, io } = call;
    const input = args[0] ?? '';
    if (input === '-' && flags.output === undefined && flags.dryRun !== true) {
      throw new UsageError('OUTPUT_MISSING', 'a torrent from stdin needs --output to go to');
    }
    const source = await readTorrentFile(input, io);
    const bytes = editTorrent(source.bytes, changesOf(flags, source.metainfo));
    const after = parseTorrent(bytes, nodeDigests);
    const isNew = hashesOf(source.metainfo) !== hashesOf(after);
    if (isNew && flags.allowNewInfoHash !== true) {
      throw new UsageError(
        'EDIT_NEW_INFO_HASH',
        `this changes the info hash ${hashesOf(source.metainfo)} and loses all peers; ` +
          'add --allow-new-info-hash if that is meant',
      );
    }
    if (flags.dryRun !== true) await write(call, bytes, input);
    report(call, source, { bytes, after, isNew });
    return 0;
  },
});

function changesOf(flags: EditFlags, metainfo: Metainfo): TorrentChanges {
  return {
    trackers: trackersOf(flags, metainfo.trackers),
    webSeeds: webSeedsOf(flags, metainfo.webSeeds),
    nodes: orNull(flags.node),
    comment: orNull(flags.comment),
    createdBy: orNull(flags.createdBy),
    creationDate: orNull(flags.date),
    source: orNull(flags.source),
    // A public torrent has no `private` key: 0 would only change the info hash.
    private: orNull(flags.private),
  };
}

function trackersOf(
  flags: EditFlags,
  before: readonly (readonly string[])[],
): readonly (readonly string[])[] | undefined {
  if (flags.tracker === undefined && flags.addTracker === undefined && flags.removeTracker === undefined) {
    return undefined;
  }
  const start = flags.tracker === undefined ? before : orEmpty(flags.tracker);
  const kept = start.map((tier) => tier.filter((url) => flags.removeTracker?.includes(url) !== true));
  const known = new Set(kept.flat());
  const added = (flags.addTracker ?? []).map((tier) => tier.filter((url) => !known.has(url)));
  return [...kept, ...added].filter((tier) => tier.length > 0);
}

function webSeedsOf(flags: EditFlags, before: readonly string[]): readonly string[] | undefined {
  if (flags.webSeed === undefined && flags.addWebSeed === undefined && flags.removeWebSeed === undefined) {
    return undefined;
  }
  const start = flags.webSeed === undefined ? before : orEmpty(flags.webSeed);
  const kept = start.filter((url) => flags.removeWebSeed?.includes(url) !== true);
  return [...new Set([...kept, ...(flags.addWebSeed ?? [])])];
}

function orEmpty<T>(list: readonly T[] | false): readonly T[] {
  return list === false ? [] : list;
}

function orNull<T>(value: T | false): T | null {
  return value === false ? null : value;
}

async function write({ flags, io }: Call, bytes: Uint8Array, input: string): Promise<void> {
  if (flags.output === '-') io.stdout.write(bytes);
  else if (flags.output === undefined)
    await writeFileAtomic(resolve(io.cwd, input), bytes, { overwrite: true });
  else await writeFileAtomic(resolve(io.cwd, flags.output), bytes, { overwrite: flags.force });
}

interface Outcome {
  readonly bytes: Uint8Array;
  readonly after: Metainfo;
  readonly isNew: boolean;
}

function report({ flags, output }: Call, before: TorrentFile, { bytes, after, isNew }: Outcome): void {
  const isSame = equalBytes(before.bytes, bytes);
  const written = flags.dryRun === true ? 'would be' : 'is';
  const what = isSame ? 'nothing changes' : `the file ${written} changed`;
  const hash = isNew
    ? `the info hash ${written} new: ${hashesOf(after)}`
    : `the info hash stays ${hashesOf(after)}`;
  if (flags.output === '-') {
    output.note(`${what}; ${hash}`);
    return;
  }
  output.json({
    ok: true,
    changed: !isSame,
    infoHashChanged: isNew,
    infoHash: after.infoHash === undefined ? null : toHex(after.infoHash),
    infoHashV2: after.infoHashV2 === undefined ? null : toHex(after.infoHashV2),
  });
  output.line(`${what}; ${hash}`);
}

function hashesOf(metainfo: Metainfo): string {
  return [metainfo.infoHash, metainfo.infoHashV2]
    .flatMap((hash) => (hash === undefined ? [] : [toHex(hash)]))
    .join(' + ');
}
