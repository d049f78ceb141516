// What a user names on the command line: a .torrent file, `-` for stdin, or a magnet link.
import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { concatBytes, utf8Decode, utf8Encode } from '../core/bytes/bytes.ts';
import { ProtocolError, UsageError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import { parseMagnet, type MagnetLink } from '../core/metainfo/magnet.ts';
import type { Metainfo } from '../core/metainfo/metainfo.ts';
import { parseTorrent } from '../core/metainfo/parse.ts';
import { nodeDigests } from '../node/digests.ts';
import { toFileError } from '../node/file-error.ts';
import type { CliIo } from './io.ts';

export interface TorrentFile {
  readonly kind: 'torrent';
  readonly bytes: Uint8Array;
  readonly metainfo: Metainfo;
}

export type TorrentSource = TorrentFile | { readonly kind: 'magnet'; readonly link: MagnetLink };

/** Rejects with SystemError FILE_*, ProtocolError BENCODE_*, METAINFO_* or MAGNET_*. */
export async function readTorrentSource(input: string, io: CliIo): Promise<TorrentSource> {
  if (isMagnet(input)) return { kind: 'magnet', link: parseMagnet(input) };
  const bytes = input === '-' ? await readStdin(io) : await readFileLimited(resolve(io.cwd, input));
  const head = utf8Decode(bytes.subarray(0, 32)).trimStart();
  if (isMagnet(head)) return { kind: 'magnet', link: parseMagnet(utf8Decode(bytes).trim()) };
  return { kind: 'torrent', bytes, metainfo: parseTorrent(bytes, nodeDigests) };
}

/** As `readTorrentSource`, for commands that a magnet link is not enough for: UsageError MAGNET_NOT_ENOUGH. */
export async function readTorrentFile(input: string, io: CliIo): Promise<TorrentFile> {
  const source = await readTorrentSource(input, io);
  if (source.kind === 'torrent') return source;
  throw new UsageError(
    'MAGNET_NOT_ENOUGH',
    'a magnet link has no piece hashes and no list of files; give the .torrent file',
  );
}

function isMagnet(text: string): boolean {
  return /^(stream-)?magnet:/i.test(text);
}

async function readStdin(io: CliIo): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of io.stdin) {
    io.signal.throwIfAborted();
    const bytes = typeof chunk === 'string' ? utf8Encode(chunk) : chunk;
    length += bytes.length;
    if (length > LIMITS.torrentFileBytes.value) throw tooLarge('stdin');
    chunks.push(bytes);
  }
  return concatBytes(chunks);
}

async function readFileLimited(path: string): Promise<Uint8Array> {
  try {
    const file = await open(path);
    try {
      if ((await file.stat()).size > LIMITS.torrentFileBytes.value) throw tooLarge(path);
      return new Uint8Array(await file.readFile());
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof ProtocolError) throw error;
    throw toFileError(error, path);
  }
}

function tooLarge(what: string): ProtocolError {
  return new ProtocolError('METAINFO_TOO_LARGE', `${what} is too large for a torrent file`);
}
