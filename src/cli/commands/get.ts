// swarmpress get: downloads torrents, and seeds them on if asked to.
import { resolve } from 'node:path';
import { Option } from 'commander';
import { formatBytes, formatCount } from '../../core/format.ts';
import { similarTorrents } from '../../core/metainfo/kinship.ts';
import type { Metainfo } from '../../core/metainfo/metainfo.ts';
import { fingerprintOf, parseFingerprint } from '../../core/metainfo/signature.ts';
import type { Env } from '../../engine/env.ts';
import { rememberFiles, shareFiles } from '../../node/shared-files.ts';
import type { Preallocation } from '../../ports/storage.ts';
import { defineCommand, examples, type CliCommand, type Invocation } from '../command.ts';
import { chooseFiles } from '../file-choice.ts';
import { listFiles } from '../list-files.ts';
import { parsePort } from '../quantity.ts';
import { collect } from '../option-values.ts';
import { checkedSignature, demandKey, followUpdates } from '../publisher-trust.ts';
import { resolveSource } from '../source.ts';
import type { TorrentSource } from '../torrent-source.ts';
import { withSession } from '../with-session.ts';
import type { TransferItem } from '../transfer-run.ts';
import { addTransferOptions, toAddOptions, type TransferFlags } from '../transfer-options.ts';
import { runTransfer } from '../transfer.ts';

interface GetFlags extends TransferFlags {
  readonly dir: string;
  readonly files?: readonly string[];
  readonly list?: boolean;
  readonly seed?: boolean;
  readonly sequential?: boolean;
  /** True where no port is given. */
  readonly serve?: number | true;
  readonly preallocation: Preallocation;
  readonly follow?: boolean;
  readonly key?: Uint8Array;
}

/** Several downloads may run at once on a machine. */
const ANY_PORT = 0;

type Call = Invocation<GetFlags>;

export const getCommand: CliCommand = defineCommand<GetFlags>({
  name: 'get',
  declare: (command) => {
    command
      .description('Download torrents; with --seed go on seeding them.')
      .argument(
        '<source...>',
        'a .torrent file, a magnet link, or the address of a .torrent or of a publication',
      )
      .option('-d, --dir <folder>', 'where the content goes', '.')
      .option('-f, --files <choice>', 'only these: indices (0,3-5) or globs (repeatable)', collect)
      .option('--list', 'list the files with their indices and download nothing')
      .option('--seed', 'go on seeding until stopped; --ratio and --time imply it')
      .option(
        '--serve [port]',
        'let a media player read the files while they come; goes on until stopped',
        parsePort,
      )
      .option('--follow', 'take the newest version that the publisher has (BEP 39)')
      .option('--key <fingerprint>', 'only what this key has signed', parseFingerprint)
      .option('--sequential', 'pieces in order instead of rarest first')
      .addOption(
        new Option('--preallocation <how>', 'reserve disk space: none, sparse or full')
          .choices(['none', 'sparse', 'full'])
          .default('sparse'),
      );
    addTransferOptions(command, ANY_PORT);
    command.addHelpText(
      'after',
      examples(
        ['get https://files.example/ -d downloads', 'everything that a publication page offers'],
        ['get film.torrent --files "*.srt" --files 0', 'the first file and all subtitles'],
        ['get "magnet:?xt=urn:btih:…" --list', 'what is in it'],
        ['get a.torrent b.torrent --down 2M --ratio 1', 'two at once, each given back once'],
        ['get film.torrent --serve', 'prints addresses for a media player: it can jump, too'],
        [
          'get handbook.torrent --follow',
          'its newest version; files that did not change are not fetched again',
        ],
        ['get film.torrent --json', 'events for programs; docs/cli.md lists them'],
      ),
    );
  },
  run: (call) =>
    withSession(call, async (session, env) => {
      const deps = { http: env.http, io: call.io };
      const sources = await Promise.all(
        call.args.map(async (text) => trusted(call, await resolveSource(text, deps), env)),
      );
      const items = sources.map((source, i) => toItem(call, source, { text: call.args[i] ?? '', env }));
      if (call.flags.list !== true) for (const source of sources) await reuse(call, source, env);
      if (call.flags.list === true) return listFiles(items, session, call);
      const { seed, serve, ratio, time: seconds } = call.flags;
      const goesOn = seed === true || serve !== undefined || ratio !== undefined || seconds !== undefined;
      const goal = { seed: goesOn, ratio, seconds };
      if (serve === undefined) return runTransfer(items, goal, { session, ...call });
      // An HTTP server takes a tenth of the time of a start.
      const { withPlayer } = await import('../player.ts');
      return withPlayer(serve === true ? ANY_PORT : serve, { session, output: call.output }, () =>
        runTransfer(items, goal, { session, ...call }),
      );
    }),
});

/** The source as the user wants it: by the key that was named, in the newest version if that is asked for. */
async function trusted({ flags, io, output }: Call, source: TorrentSource, env: Env): Promise<TorrentSource> {
  if (flags.key !== undefined) demandKey(source, flags.key);
  if (source.kind === 'magnet') return source;
  const newest =
    flags.follow === true ? await followUpdates(source, { http: env.http, signal: io.signal }) : source;
  if (flags.key !== undefined) demandKey(newest, flags.key);
  const signature = checkedSignature(newest.bytes);
  if (newest !== source) output.note(`${newest.metainfo.name}: there is a newer version, taking that`);
  if (signature !== undefined) {
    output.note(`${newest.metainfo.name}: signed by ${fingerprintOf(signature.key)}`);
  }
  return newest;
}

/** Takes over what torrents that share files with this one have left on disk (BEP 38). */
async function reuse({ flags, io, output }: Call, source: TorrentSource, env: Env): Promise<void> {
  if (source.kind === 'magnet') return;
  const place = { folder: resolve(io.cwd, flags.dir), similar: similarTorrents(source.bytes) };
  const { reused, files } = await shareFiles(source.metainfo, place, env);
  if (files > 0) {
    output.json({ event: 'reused', files, length: reused });
    output.note(`${formatCount(files, 'file')} (${formatBytes(reused)}) taken over from an earlier version`);
  }
}

/** A magnet's files are chosen when they are known: until then it takes none. */
function toItem(
  { flags, io }: Call,
  source: TorrentSource,
  { text, env }: { readonly text: string; readonly env: Env },
): TransferItem {
  const folder = resolve(io.cwd, flags.dir);
  const choose = (metainfo: Metainfo): number[] | undefined =>
    flags.files === undefined ? undefined : chooseFiles(metainfo, flags.files);
  const isMagnet = source.kind === 'magnet';
  const selected = isMagnet ? source.link.selected : choose(source.metainfo);
  const waits = isMagnet && flags.files !== undefined;
  return {
    source: text,
    content: isMagnet ? source.link : source.metainfo,
    options: {
      ...toAddOptions(flags, folder),
      files: waits || flags.list === true ? [] : selected,
      sequential: flags.sequential,
      preallocation: flags.preallocation,
    },
    onChecked: (torrent, known) => {
      if (waits) torrent.selectFiles(choose(known) ?? []);
    },
    onWhole: (metainfo) => rememberFiles(metainfo, folder, env),
  };
}
