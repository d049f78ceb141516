// One torrent of the daemon: what is kept of it, and the engine's torrent once it is in the session.
import type { MagnetLink } from '../core/metainfo/magnet.ts';
import type { Metainfo } from '../core/metainfo/metainfo.ts';
import type { Torrent, TorrentSnapshot } from '../engine/api.ts';
import type { Entry } from './entry.ts';
import type { QueueItem } from './queue.ts';

/** A torrent that has moved nothing for so long holds no place in the queue. */
const STALLED_MS = 60_000;

export class Managed {
  entry: Entry;
  readonly source: Metainfo | MagnetLink;
  /** Undefined until its turn to be checked comes. */
  torrent: Torrent | undefined;
  /** Why it could not be added to the session. */
  error: TorrentSnapshot['error'];
  /** The queue lets it run. */
  running = false;
  /** The check of what is on disk is through. */
  checked = false;
  #moved = 0;
  #movedAt: number;
  #seedingSince: number | undefined;

  constructor(entry: Entry, source: Metainfo | MagnetLink, now: number) {
    this.entry = entry;
    this.source = source;
    this.#movedAt = now;
  }

  get name(): string {
    const known = this.torrent?.metainfo?.name ?? this.source.name;
    return known === undefined || known === '' ? this.entry.id : known;
  }

  get metainfo(): Metainfo | undefined {
    return this.torrent?.metainfo ?? ('infoBytes' in this.source ? this.source : undefined);
  }

  snapshot(): TorrentSnapshot | undefined {
    return this.torrent?.snapshot();
  }

  queueItem(now: number): QueueItem {
    const snapshot = this.snapshot();
    const isSeed = snapshot === undefined ? this.entry.completedAt !== null : isWhole(snapshot);
    return {
      id: this.entry.id,
      kind: isSeed ? 'seed' : 'download',
      paused: this.entry.settings.paused,
      stalled: this.running && this.checked && now - this.#movedAt > STALLED_MS,
    };
  }

  /** Notes what has moved since the last look. `now` is monotonic milliseconds. */
  look(now: number): void {
    const snapshot = this.snapshot();
    const moved = (snapshot?.downloaded ?? 0) + (snapshot?.uploaded ?? 0);
    const mayMove = snapshot?.state === 'downloading' || snapshot?.state === 'seeding';
    if (!mayMove || moved !== this.#moved) this.#movedAt = now;
    this.#moved = moved;
    const seeds = snapshot?.state === 'seeding';
    if (seeds && this.#seedingSince !== undefined) {
      const seededSeconds = this.entry.seededSeconds + (now - this.#seedingSince) / 1000;
      this.entry = { ...this.entry, seededSeconds };
    }
    this.#seedingSince = seeds ? now : undefined;
  }

  /** Seeding has gone on for as long as its user wanted. */
  get hasReachedGoal(): boolean {
    const { settings, seededSeconds } = this.entry;
    const snapshot = this.snapshot();
    if (snapshot?.state !== 'seeding') return false;
    const copies = snapshot.uploaded / Math.max(1, snapshot.wanted ?? 0);
    return (
      (settings.ratio !== null && copies >= settings.ratio) ||
      (settings.seedSeconds !== null && seededSeconds >= settings.seedSeconds)
    );
  }
}

function isWhole({ wanted, completed }: TorrentSnapshot): boolean {
  return wanted !== undefined && completed >= wanted;
}
