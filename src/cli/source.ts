// What `get` and `seed` take besides files and magnet links: the web address of a .torrent, or of a page that has one.
import { parseTorrent } from '../core/metainfo/parse.ts';
import { nodeDigests } from '../node/digests.ts';
import type { HttpPort } from '../ports/http.ts';
import { fetchTorrent } from '../engine/fetch-torrent.ts';
import type { CliIo } from './io.ts';
import { readTorrentSource, type TorrentSource } from './torrent-source.ts';

export interface SourceDeps {
  readonly http: HttpPort;
  readonly io: CliIo;
}

/** Rejects as `readTorrentSource` and `fetchTorrent` do. */
export async function resolveSource(text: string, { http, io }: SourceDeps): Promise<TorrentSource> {
  if (!/^https?:\/\//i.test(text)) return readTorrentSource(text, io);
  const bytes = await fetchTorrent(text, http, io.signal);
  return { kind: 'torrent', bytes, metainfo: parseTorrent(bytes, nodeDigests) };
}
