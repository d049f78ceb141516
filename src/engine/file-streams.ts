// Reads a torrent's files while they download: a reader waits for the piece it needs, which goes before all others,
// with some after it. One FileStreams for each torrent: the readers of all its files share its deadlines.
import { SystemError, UsageError } from '../core/errors.ts';
import { Geometry } from '../core/metainfo/geometry.ts';
import type { Torrent, TorrentSnapshot } from './api.ts';

export type StreamedTorrent = Pick<
  Torrent,
  'metainfo' | 'pieces' | 'on' | 'read' | 'setDeadlines' | 'snapshot'
>;

export interface StreamOptions {
  /** First byte, and the byte after the last one. The whole file by default. */
  readonly start?: number | undefined;
  readonly end?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Bytes handed out at once, at most. */
const CHUNK_BYTES = 256 * 1024;
/** How far ahead of a reader pieces are hurried: some seconds of video. */
const AHEAD_BYTES = 16 * 1024 * 1024;
/** A player waits for the first piece, and for each further one a little less urgently. */
const PIECE_MS = 250;
const HAVE = 2;

interface Reader {
  piece: number;
  readonly end: number;
}

/**
 * @example
 * const streams = new FileStreams(torrent);
 * for await (const chunk of streams.open(0, { start: 1_000_000 })) response.write(chunk);
 */
export class FileStreams {
  readonly #torrent: StreamedTorrent;
  readonly #readers = new Set<Reader>();
  #geometry: Geometry | undefined;

  constructor(torrent: StreamedTorrent) {
    this.#torrent = torrent;
  }

  /**
   * The bytes of a file in order, each as soon as it is on disk. Fails with UsageError TORRENT_NOT_READY,
   * FILE_INDEX_INVALID, with SystemError when the torrent fails or is closed, or with the signal's reason.
   */
  async *open(file: number, options: StreamOptions = {}): AsyncGenerator<Uint8Array, void> {
    const { metainfo } = this.#torrent;
    if (metainfo === undefined) throw new UsageError('TORRENT_NOT_READY', 'the metadata is not known yet');
    const entry = metainfo.files[file];
    if (entry === undefined || entry.pad) {
      throw new UsageError('FILE_INDEX_INVALID', `the torrent has no file ${String(file)}`);
    }
    const { start = 0, end = entry.length, signal } = options;
    this.#geometry ??= new Geometry(metainfo);
    const { pieceLength } = this.#geometry;
    const reader = { piece: 0, end: Math.ceil((entry.offset + Math.min(end, entry.length)) / pieceLength) };
    this.#readers.add(reader);
    try {
      for (let at = start; at < Math.min(end, entry.length);) {
        reader.piece = Math.floor((entry.offset + at) / pieceLength);
        await this.#arrival(reader.piece, signal);
        const stop = Math.min(end, entry.length, (reader.piece + 1) * pieceLength - entry.offset);
        const length = Math.min(CHUNK_BYTES, stop - at);
        yield await this.#torrent.read(file, at, length);
        at += length;
      }
    } finally {
      this.#readers.delete(reader);
      this.#hurry();
    }
  }

  /** Resolves when a piece is on disk. */
  async #arrival(piece: number, signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    if (this.#torrent.pieces()[piece] === HAVE) return;
    this.#hurry();
    const offs: (() => void)[] = [];
    try {
      await new Promise<void>((resolve, reject) => {
        const fail = (error: TorrentSnapshot['error']): void => {
          reject(
            new SystemError(error?.code ?? 'TORRENT_CLOSED', error?.message ?? 'the torrent was closed'),
          );
        };
        const abort = (): void => {
          reject(signal?.reason instanceof Error ? signal.reason : new Error('aborted'));
        };
        signal?.addEventListener('abort', abort);
        offs.push(
          () => signal?.removeEventListener('abort', abort),
          this.#torrent.on('error', fail),
          this.#torrent.on('closed', () => {
            fail(undefined);
          }),
          this.#torrent.on('piece', (event) => {
            if (event.piece === piece) resolve();
          }),
        );
        const { state, error } = this.#torrent.snapshot();
        if (state === 'failed' || state === 'closed') fail(error);
      });
    } finally {
      for (const off of offs) off();
    }
  }

  /** Tells the engine what all readers wait for. */
  #hurry(): void {
    const geometry = this.#geometry;
    const { state } = this.#torrent.snapshot();
    if (geometry === undefined || state === 'closed' || state === 'checking' || state === 'metadata') return;
    const ahead = Math.max(2, Math.ceil(AHEAD_BYTES / geometry.pieceLength));
    const soonest = new Map<number, number>();
    for (const { piece, end } of this.#readers) {
      for (let i = 0; i < ahead && piece + i < end; i += 1) {
        soonest.set(piece + i, Math.min(soonest.get(piece + i) ?? Number.POSITIVE_INFINITY, i * PIECE_MS));
      }
    }
    const pieces = this.#torrent.pieces();
    const missing = [...soonest].filter(([piece]) => pieces[piece] !== HAVE);
    this.#torrent.setDeadlines(missing.map(([piece, withinMs]) => ({ piece, withinMs })));
  }
}
