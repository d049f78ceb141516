// What a torrent is doing and how it went: one state for the outside, and the events that tell of changes.
import { SwarmpressError, SystemError, UsageError } from '../core/errors.ts';
import type { TorrentEvents, TorrentSnapshot, TorrentState } from './api.ts';
import { Emitter } from './emitter.ts';

/** Where a torrent is in its life. */
export type TorrentPhase = 'starting' | 'metadata' | 'checking' | 'open' | 'closed';

export class TorrentStatus {
  readonly events: Emitter<TorrentEvents> = new Emitter();
  phase: TorrentPhase = 'starting';
  paused = false;
  /** 0..1 of a check that is going on. */
  checked: number | undefined;
  #isDone = false;
  #error: TorrentSnapshot['error'];

  /** All that is wanted is there. */
  get isDone(): boolean {
    return this.#isDone;
  }

  get error(): TorrentSnapshot['error'] {
    return this.#error;
  }

  get state(): TorrentState {
    if (this.phase === 'closed') return 'closed';
    if (this.#error !== undefined) return 'failed';
    if (this.phase === 'starting' || this.phase === 'checking') return 'checking';
    if (this.paused) return 'paused';
    if (this.phase === 'metadata') return 'metadata';
    return this.#isDone ? 'seeding' : 'downloading';
  }

  finish(): void {
    this.#isDone = true;
    this.events.emit('done', undefined);
  }

  /** Something is missing again. */
  reopen(): void {
    this.#isDone = false;
  }

  fail(error: Error): void {
    const code = error instanceof SwarmpressError ? error.code : 'UNKNOWN';
    this.#error = { code, message: error.message };
    this.checked = undefined;
    this.events.emit('error', this.#error);
  }

  /** A new try. */
  forgive(): void {
    this.#error = undefined;
  }

  /** Resolves when the torrent is done; rejects with SystemError when it fails, UsageError TORRENT_CLOSED. */
  done(): Promise<void> {
    if (this.#isDone) return Promise.resolve();
    if (this.#error !== undefined) return Promise.reject(toError(this.#error));
    if (this.phase === 'closed') return Promise.reject(closedError());
    return this.events.next('done', { error: toError, closed: closedError });
  }
}

function toError(error: { readonly code: string; readonly message: string }): SystemError {
  return new SystemError(error.code, error.message);
}

function closedError(): UsageError {
  return new UsageError('TORRENT_CLOSED', 'the torrent was closed before it was whole');
}
