// What `get` asks of a publisher: a signature by a certain key, and newer versions of what the user has (BEP 39).
// Law: an update of a signed torrent is taken only if the same key has signed it, and never an older version.
import { equalBytes, toHex } from '../core/bytes/bytes.ts';
import { ProtocolError, UsageError } from '../core/errors.ts';
import { parseTorrent } from '../core/metainfo/parse.ts';
import {
  fingerprintOf,
  readSignature,
  updateUrlOf,
  type TorrentSignature,
} from '../core/metainfo/signature.ts';
import { LIMITS } from '../core/limits.ts';
import { nodeDigests } from '../node/digests.ts';
import { verifySignature } from '../node/signatures.ts';
import type { HttpPort } from '../ports/http.ts';
import type { TorrentFile, TorrentSource } from './torrent-source.ts';

const MAX_UPDATES = 20;
const TIMEOUT_MS = 30_000;

/** The signature of a torrent, checked. Throws ProtocolError SIGNATURE_WRONG where it does not fit. */
export function checkedSignature(bytes: Uint8Array): TorrentSignature | undefined {
  const signature = readSignature(bytes);
  if (signature === undefined) return undefined;
  if (verifySignature(signature.key, signature.message, signature.signature)) return signature;
  throw new ProtocolError('SIGNATURE_WRONG', 'the signature in the .torrent is not of this torrent');
}

/** Throws ProtocolError KEY_MISMATCH, SIGNATURE_*, or UsageError KEY_NEEDS_TORRENT for a magnet link. */
export function demandKey(source: TorrentSource, key: Uint8Array): void {
  if (source.kind === 'magnet') {
    throw new UsageError(
      'KEY_NEEDS_TORRENT',
      'a magnet link carries no signature; give the .torrent or the address of its page with --key',
    );
  }
  const signature = checkedSignature(source.bytes);
  if (equalBytes(signature?.key ?? new Uint8Array(), key)) return;
  throw new ProtocolError(
    'KEY_MISMATCH',
    signature === undefined
      ? `${source.metainfo.name} is not signed by anybody`
      : `${source.metainfo.name} is signed by ${fingerprintOf(signature.key)}, which is another key`,
  );
}

/** The newest version that its publisher has; the torrent itself where there is none. */
export async function followUpdates(
  source: TorrentFile,
  { http, signal }: { readonly http: HttpPort; readonly signal: AbortSignal },
): Promise<TorrentFile> {
  let newest = source;
  for (let i = 0; i < MAX_UPDATES; i++) {
    const next = await askForUpdate(newest, http, signal);
    if (next === undefined) return newest;
    mustFollow(newest, next);
    newest = next;
  }
  throw new ProtocolError('UPDATE_ENDLESS', 'each update names another one; nothing is downloaded');
}

async function askForUpdate(
  { bytes, metainfo }: TorrentFile,
  http: HttpPort,
  signal: AbortSignal,
): Promise<TorrentFile | undefined> {
  const address = updateUrlOf(bytes);
  const hash = metainfo.infoHash ?? metainfo.infoHashV2;
  if (address === undefined || hash === undefined || !/^https?:/i.test(address) || !URL.canParse(address)) {
    return undefined;
  }
  const url = new URL(address);
  url.searchParams.set('info_hash', toHex(hash));
  const response = await http.request({ url: url.href, signal, timeoutMs: TIMEOUT_MS, maxRedirects: 5 });
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body) {
    length += chunk.length;
    if (length > LIMITS.torrentFileBytes.value) {
      throw new ProtocolError('METAINFO_TOO_LARGE', 'the update is too large for a torrent file');
    }
    chunks.push(chunk.slice());
  }
  // BEP 39: anything but a torrent with status 200 means that there is nothing new.
  if (response.status !== 200 || length === 0) return undefined;
  const found = new Uint8Array(Buffer.concat(chunks));
  const next = parseTorrent(found, nodeDigests);
  const isSame = [next.infoHash, next.infoHashV2].some((other) =>
    equalBytes(other ?? new Uint8Array(), hash),
  );
  return isSame ? undefined : { kind: 'torrent', bytes: found, metainfo: next };
}

function mustFollow(before: TorrentFile, next: TorrentFile): void {
  const old = checkedSignature(before.bytes);
  const now = checkedSignature(next.bytes);
  if (old === undefined) return;
  if (now === undefined || !equalBytes(old.key, now.key)) {
    throw new ProtocolError(
      'UPDATE_NOT_SIGNED',
      'the update is not signed by the publisher of what it replaces',
    );
  }
  if (now.item !== old.item || (now.version ?? 0) < (old.version ?? 0)) {
    throw new ProtocolError('UPDATE_OLDER', 'the update is of another item, or older than what it replaces');
  }
}
