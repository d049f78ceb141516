// Fetches a .torrent over HTTP, for magnet links that name one (`xs`, `as`).
import { concatBytes, equalBytes } from '../core/bytes/bytes.ts';
import { ProtocolError, SwarmpressError } from '../core/errors.ts';
import type { MagnetLink } from '../core/metainfo/magnet.ts';
import type { Metainfo } from '../core/metainfo/metainfo.ts';
import { LIMITS } from '../core/limits.ts';
import { parseTorrent } from '../core/metainfo/parse.ts';
import type { Digests } from '../ports/hasher.ts';
import type { HttpPort } from '../ports/http.ts';
import type { Log } from '../ports/log.ts';

const TIMEOUT_MS = 30_000;

export interface FetchDeps {
  readonly http: HttpPort;
  readonly digests: Digests;
  readonly log: Log;
}

/** The first of the magnet's sources that gives the torrent it names; undefined if none does. */
export async function fetchTorrent(
  magnet: MagnetLink,
  deps: FetchDeps,
  signal: AbortSignal,
): Promise<Metainfo | undefined> {
  for (const url of magnet.sources) {
    try {
      const metainfo = parseTorrent(await fetchBytes(url, deps.http, signal), deps.digests);
      if (isNamedBy(metainfo, magnet)) return metainfo;
      throw new ProtocolError('TORRENT_WRONG_HASH', 'this is another torrent than the magnet link names');
    } catch (error) {
      if (!(error instanceof SwarmpressError)) throw error;
      if (signal.aborted) return undefined;
      deps.log.info('torrent source failed', { url, reason: error.message });
    }
  }
  return undefined;
}

async function fetchBytes(url: string, http: HttpPort, signal: AbortSignal): Promise<Uint8Array> {
  const response = await http.request({
    url,
    signal,
    timeoutMs: TIMEOUT_MS,
    maxRedirects: 5,
    local: 'files',
  });
  if (response.status !== 200) {
    throw new ProtocolError('TORRENT_HTTP_STATUS', `the server answered HTTP ${String(response.status)}`);
  }
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body) {
    length += chunk.length;
    if (length > LIMITS.torrentFileBytes.value) {
      throw new ProtocolError('METAINFO_TOO_LARGE', 'the torrent file is too large');
    }
    chunks.push(chunk.slice());
  }
  return concatBytes(chunks);
}

/** Each hash that the link has must be the torrent's. */
function isNamedBy(metainfo: Metainfo, magnet: MagnetLink): boolean {
  const { infoHash, infoHashV2 } = magnet;
  return isSame(infoHash, metainfo.infoHash) && isSame(infoHashV2, metainfo.infoHashV2);
}

function isSame(wanted: Uint8Array | undefined, actual: Uint8Array | undefined): boolean {
  return wanted === undefined || (actual !== undefined && equalBytes(wanted, actual));
}
