// swarmpress seed: serves content that is on disk, and never writes to it.
import { resolve } from 'node:path';
import { SystemError, UsageError } from '../../core/errors.ts';
import { Geometry } from '../../core/metainfo/geometry.ts';
import type { Metainfo } from '../../core/metainfo/metainfo.ts';
import { defineCommand, examples, type CliCommand, type Invocation } from '../command.ts';
import { findContent } from '../find-content.ts';
import { resolveSource, type SourceDeps } from '../source.ts';
import { addTransferOptions, toAddOptions, type TransferFlags } from '../transfer-options.ts';
import type { FollowedTorrent, TransferItem } from '../transfer-run.ts';
import { runTransfer } from '../transfer.ts';
import { withSession } from '../with-session.ts';

const HAVE = 2;
/** The port that BitTorrent clients have always used; firewalls are opened for it. */
const DEFAULT_PORT = 6881;

export const seedCommand: CliCommand = defineCommand<TransferFlags>({
  name: 'seed',
  declare: (command) => {
    command
      .description('Serve content that is on disk to peers, until stopped.')
      .usage('<torrent...> <folder> [options]')
      .argument(
        '<torrent...>',
        '.torrent files or addresses of them; last, the folder that holds the content',
      );
    addTransferOptions(command, DEFAULT_PORT);
    command.addHelpText(
      'after',
      examples(
        ['seed film.torrent /srv/films', 'serves /srv/films/film'],
        ['seed *.torrent /srv/films --up 5M', 'all of them, five MiB a second together'],
        ['seed film.torrent /srv/films --ratio 2', 'until two copies have been uploaded'],
      ),
    );
  },
  run: (call) => {
    if (call.args.length < 2) {
      throw new UsageError('SEED_NEEDS_FOLDER', 'name the .torrent and the folder that holds its content');
    }
    return withSession(call, async (session, env) => {
      const { ratio, time: seconds } = call.flags;
      const deps = { http: env.http, io: call.io, flags: call.flags };
      const place = resolve(call.io.cwd, call.args.at(-1) ?? '.');
      const items: TransferItem[] = [];
      for (const text of call.args.slice(0, -1)) items.push(await toItem(text, place, deps));
      return runTransfer(items, { seed: true, ratio, seconds }, { session, ...call });
    });
  },
});

/** Wants no file until all of them are known to be right: so nothing on disk is ever changed. */
async function toItem(
  text: string,
  place: string,
  deps: SourceDeps & Pick<Invocation<TransferFlags>, 'flags'>,
): Promise<TransferItem> {
  const source = await resolveSource(text, deps);
  if (source.kind === 'magnet') {
    throw new UsageError(
      'SEED_NEEDS_TORRENT',
      'seeding needs the .torrent; a magnet link is for `get --seed`',
    );
  }
  const { metainfo } = source;
  const folder = await findContent(metainfo, place);
  return {
    source: text,
    content: metainfo,
    options: { ...toAddOptions(deps.flags, folder), files: [] },
    onChecked: (torrent) => {
      checkWhole(torrent, metainfo, folder);
      torrent.selectFiles([...metainfo.files.keys()]);
    },
  };
}

function checkWhole(torrent: FollowedTorrent, metainfo: Metainfo, folder: string): void {
  const pieces = torrent.pieces();
  const wrong = pieces.findIndex((state) => state !== HAVE);
  if (wrong < 0) return;
  const range = new Geometry(metainfo).ranges(wrong).find(({ pad }) => !pad);
  const path = metainfo.files[range?.file ?? 0]?.path.join('/') ?? metainfo.name;
  const count = pieces.filter((state) => state !== HAVE).length;
  throw new SystemError(
    'CONTENT_WRONG',
    `${String(count)} of ${String(pieces.length)} pieces in ${folder} are not what the torrent says, ` +
      `the first in ${path}; \`swarmpress get\` repairs it`,
  );
}
