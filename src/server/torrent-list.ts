// The torrents that a tracker serves (or refuses), from files: a text of info hashes, a .torrent, or a folder of them.
// Read again when something changes there or when told; a list that cannot be read leaves the last one in force.
import { watch, type FSWatcher } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fromHex } from '../core/bytes/bytes.ts';
import { ProtocolError, SwarmpressError } from '../core/errors.ts';
import { truncateInfoHash } from '../core/ids.ts';
import { parseMagnet } from '../core/metainfo/magnet.ts';
import { parseTorrent } from '../core/metainfo/parse.ts';
import { HashFilter } from '../core/tracker/policy.ts';
import { nodeDigests } from '../node/digests.ts';
import { toFileError } from '../node/file-error.ts';
import type { Log } from '../ports/log.ts';

/** Changes come in bursts: a folder of torrents is copied, an editor writes twice. */
const SETTLE_MS = 500;

/**
 * Reads a list: 20-byte hashes, v2 ones cut as trackers see them. Rejects with SystemError FILE_* or ProtocolError
 * TORRENT_LIST_BAD_LINE (or METAINFO_*).
 */
async function readTorrentList(path: string): Promise<Uint8Array[]> {
  try {
    if (!(await stat(path)).isDirectory()) return await readOne(path);
    const names = await readdir(path);
    const lists = await Promise.all(
      names.filter((name) => name.endsWith('.torrent')).map((name) => readOne(join(path, name))),
    );
    return lists.flat();
  } catch (error) {
    if (error instanceof SwarmpressError) throw error;
    throw toFileError(error, path);
  }
}

async function readOne(path: string): Promise<Uint8Array[]> {
  const bytes = new Uint8Array(await readFile(path));
  if (path.endsWith('.torrent')) return hashesOf(parseTorrent(bytes, nodeDigests));
  return parseTorrentList(new TextDecoder().decode(bytes));
}

/** One hash (40 hex digits, or 64 of a v2 one) or magnet link a line; `#` begins a remark. */
function parseTorrentList(text: string): Uint8Array[] {
  return text.split('\n').flatMap((line, index) => {
    const entry = line.replace(/(^|\s)#.*$/, '').trim();
    if (entry === '') return [];
    if (/^([0-9a-f]{40}|[0-9a-f]{64})$/i.test(entry)) return [fromHex(entry).slice(0, 20)];
    if (entry.startsWith('magnet:')) return hashesOf(parseMagnet(entry));
    throw new ProtocolError(
      'TORRENT_LIST_BAD_LINE',
      `line ${String(index + 1)} is neither an info hash nor a magnet link`,
      {
        received: entry.slice(0, 80),
      },
    );
  });
}

type Hashed = Pick<ReturnType<typeof parseTorrent>, 'infoHash' | 'infoHashV2'>;

function hashesOf({ infoHash, infoHashV2 }: Hashed): Uint8Array[] {
  return [infoHash, infoHashV2 === undefined ? undefined : truncateInfoHash(infoHashV2)].filter(
    (hash) => hash !== undefined,
  );
}

export interface WatchedFilter {
  /** Reads the list again; failures are logged. */
  reload(): Promise<void>;
  close(): void;
}

/** Reads the list and keeps handing out filters for it. Rejects when the first reading fails. */
export async function watchTorrentList(
  list: { readonly kind: 'allow' | 'deny'; readonly path: string },
  log: Log,
  onFilter: (filter: HashFilter) => void,
): Promise<WatchedFilter> {
  const load = async (): Promise<void> => {
    const filter = HashFilter.from(list.kind, await readTorrentList(list.path));
    onFilter(filter);
    log.info('torrent list read', { kind: list.kind, torrents: filter.size });
  };
  const reload = async (): Promise<void> => {
    try {
      await load();
    } catch (error) {
      if (!(error instanceof SwarmpressError)) throw error;
      log.error('torrent list is kept as it was', { path: list.path, reason: error.message });
    }
  };
  await load();
  let timer: NodeJS.Timeout | undefined;
  const watcher: FSWatcher = watch(list.path, { persistent: false }, () => {
    clearTimeout(timer);
    timer = setTimeout(() => void reload(), SETTLE_MS);
    timer.unref();
  });
  watcher.on('error', (error) => {
    log.warn('torrent list is not watched any more', { reason: error.message });
  });
  return {
    reload,
    close: () => {
      clearTimeout(timer);
      watcher.close();
    },
  };
}
