// A file's bytes in order, each as soon as its piece is on disk: for saving and playing while the download runs.
// Nothing is read ahead of the consumer, and the pieces it waits for are asked for first.
import { UsageError } from '../core/errors.ts';
import type { Geometry } from '../core/metainfo/geometry.ts';
import type { Torrent } from '../engine/api.ts';
import type { Storage } from '../ports/storage.ts';

export interface ReaderParts {
  readonly torrent: Pick<Torrent, 'on' | 'setDeadlines'>;
  readonly geometry: Geometry;
  readonly storage: () => Storage;
  readonly hasPiece: (piece: number) => boolean;
}

/** Bytes of a file, `end` excluded. */
export interface ByteSpan {
  readonly start: number;
  readonly end: number;
}

/** Large enough to be quick, small enough that many readers do not matter. */
const CHUNK_BYTES = 512 * 1024;
/** Pieces ahead of a reader that are hurried, and the time between two of them. */
const HURRIED_PIECES = 8;
const HURRY_STEP_MS = 250;

export class ContentReader {
  readonly #parts: ReaderParts;
  /** What each waiting reader waits for: its next piece and the last it wants. */
  readonly #waiting = new Map<object, { readonly next: number; readonly last: number }>();

  constructor(parts: ReaderParts) {
    this.#parts = parts;
  }

  /** Throws UsageError RANGE_INVALID. Errors of the disk end the stream. */
  stream(index: number, span: ByteSpan): ReadableStream<Uint8Array<ArrayBuffer>> {
    const file = this.#parts.geometry.files[index];
    const { start, end } = span;
    if (file === undefined || start < 0 || end > file.length || start > end) {
      throw new UsageError('RANGE_INVALID', `no such bytes in file ${String(index)}`);
    }
    const reader = {};
    const stop = new AbortController();
    let at = start;
    return new ReadableStream(
      {
        pull: async (controller) => {
          if (at < end) {
            const chunk = await this.#next(reader, index, { span: { start: at, end }, signal: stop.signal });
            at += chunk.length;
            if (!stop.signal.aborted) controller.enqueue(chunk);
          }
          if (at === end && !stop.signal.aborted) controller.close();
        },
        cancel: () => {
          stop.abort();
          this.#hurry(reader, undefined);
        },
      },
      { highWaterMark: 0 },
    );
  }

  async #next(
    reader: object,
    index: number,
    { span, signal }: { readonly span: ByteSpan; readonly signal: AbortSignal },
  ): Promise<Uint8Array<ArrayBuffer>> {
    const { geometry, hasPiece, storage } = this.#parts;
    const from = geometry.files[index]?.offset ?? 0;
    const first = Math.floor((from + span.start) / geometry.pieceLength);
    const last = Math.floor((from + span.end - 1) / geometry.pieceLength);
    if (!hasPiece(first)) {
      this.#hurry(reader, { next: first, last });
      await this.#arrival(first, signal);
    }
    this.#hurry(reader, first < last ? { next: first + 1, last } : undefined);
    let piece = first;
    const reach = (): number => (piece + 1) * geometry.pieceLength - from;
    while (reach() < Math.min(span.end, span.start + CHUNK_BYTES) && hasPiece(piece + 1)) piece++;
    const length = Math.min(span.end, span.start + CHUNK_BYTES, reach()) - span.start;
    const data = new Uint8Array(length);
    if (!signal.aborted)
      await storage().read([{ file: index, offset: span.start, length, pad: false }], [data]);
    return data;
  }

  /** It may come, or turn out to be there when what an earlier visit has left is checked. */
  #arrival(piece: number, signal: AbortSignal): Promise<void> {
    const { torrent, hasPiece } = this.#parts;
    return new Promise((resolve) => {
      const finish = (): void => {
        for (const stop of stops) stop();
        signal.removeEventListener('abort', finish);
        resolve();
      };
      // Others hear of the event too; `hasPiece` is right when they have.
      const look = (): void => {
        queueMicrotask(() => {
          if (hasPiece(piece)) finish();
        });
      };
      const stops = [torrent.on('piece', look), torrent.on('checked', look)];
      signal.addEventListener('abort', finish);
    });
  }

  #hurry(reader: object, wait: { readonly next: number; readonly last: number } | undefined): void {
    if (wait === undefined && !this.#waiting.has(reader)) return;
    if (wait === undefined) this.#waiting.delete(reader);
    else this.#waiting.set(reader, wait);
    const deadlines = [...this.#waiting.values()].flatMap(({ next, last }) =>
      Array.from({ length: Math.min(HURRIED_PIECES, last - next + 1) }, (_, i) => ({
        piece: next + i,
        withinMs: i * HURRY_STEP_MS,
      })),
    );
    this.#parts.torrent.setDeadlines(deadlines);
  }
}
