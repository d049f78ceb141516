// One torrent on its way to a goal: tells the view what happens to it and knows when it is over.
import type { MagnetLink } from '../core/metainfo/magnet.ts';
import type { Metainfo } from '../core/metainfo/metainfo.ts';
import { formatBytes, formatCount } from '../core/format.ts';
import type { AddOptions, Torrent, TorrentEvents } from '../engine/api.ts';
import { describeError } from './report-error.ts';
import { ratioOf, type TransferView, type ViewedTorrent } from './transfer-view.ts';

/** What is needed of a torrent to follow it. */
export type FollowedTorrent = Pick<
  Torrent,
  'metainfo' | 'snapshot' | 'trackers' | 'pieces' | 'on' | 'done' | 'selectFiles'
>;

export interface TransferItem {
  /** As the user named it. */
  readonly source: string;
  readonly content: Metainfo | MagnetLink;
  readonly options: AddOptions;
  /** Called once, when the content on disk has been checked. What it throws fails the torrent. */
  readonly onChecked: (torrent: FollowedTorrent, metainfo: Metainfo) => void;
  /** Called when it is whole; what it rejects with is only a warning. */
  readonly onWhole?: ((metainfo: Metainfo) => Promise<void>) | undefined;
}

/** When a torrent that is whole may stop. */
export interface TransferGoal {
  /** Go on seeding when whole. */
  readonly seed: boolean;
  /** Copies uploaded. */
  readonly ratio?: number | undefined;
  /** Seconds of seeding. */
  readonly seconds?: number | undefined;
}

export interface RunParts {
  readonly item: TransferItem;
  readonly torrent: FollowedTorrent;
  readonly goal: TransferGoal;
  readonly view: TransferView;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/** A torrent without any peer for so long is worth a remark. */
const LONELY_MS = 15_000;

export class TransferRun implements ViewedTorrent {
  readonly source: string;
  readonly torrent: FollowedTorrent;
  #state: 'running' | 'whole' | 'reached' | 'failed' = 'running';
  #wholeSince = 0;
  #lonelySince: number | undefined;
  readonly #failing = new Map<string, string>();
  readonly #parts: RunParts;

  constructor(parts: RunParts) {
    this.#parts = parts;
    this.source = parts.item.source;
    this.torrent = parts.torrent;
  }

  get hasFailed(): boolean {
    return this.#state === 'failed';
  }

  get isWhole(): boolean {
    return this.#state === 'whole' || this.#state === 'reached';
  }

  get isOver(): boolean {
    return this.#state === 'failed' || this.#state === 'reached';
  }

  /** Begins to follow the torrent; call it right after the torrent was added. */
  start(): void {
    const { torrent, view } = this.#parts;
    view.event('added', this);
    torrent.on('error', (error) => {
      this.#fail(error);
    });
    this.#follow().catch((error: unknown) => {
      this.#fail(describeError(error));
    });
  }

  /** Looks at what only shows with time: trackers that fail, no peers, the end of seeding. */
  tick(): void {
    if (this.isOver) return;
    this.#watchTrackers();
    this.#watchPeers();
    if (this.#state !== 'whole') return;
    const { goal, torrent, now } = this.#parts;
    const hasRatio = goal.ratio !== undefined && ratioOf(torrent.snapshot()) >= goal.ratio;
    const hasTime = goal.seconds !== undefined && now() - this.#wholeSince >= goal.seconds * 1000;
    if (!goal.seed || hasRatio || hasTime) this.#state = 'reached';
  }

  /** What the `stopped` event says; call it before the torrent is closed. */
  summary(): Readonly<Record<string, unknown>> {
    const { uploaded, downloaded, completed, wanted } = this.torrent.snapshot();
    return { whole: this.isWhole, completed, wanted: wanted ?? null, downloaded, uploaded };
  }

  async #follow(): Promise<void> {
    const { item, torrent, goal, view } = this.#parts;
    const metainfo = torrent.metainfo ?? (await nextEvent(torrent, 'metainfo'));
    const files = metainfo.files.filter((file) => !file.pad).length;
    view.event('metainfo', this, { length: metainfo.length, files, private: metainfo.private });
    view.note(`${metainfo.name}: ${formatBytes(metainfo.length)} in ${formatCount(files, 'file')}`);
    if (isChecking(torrent)) await nextEvent(torrent, 'checked');
    item.onChecked(torrent, metainfo);
    view.event('checked', this, { completed: torrent.snapshot().completed });
    await torrent.done();
    if (this.isOver) return;
    await item.onWhole?.(metainfo).catch((error: unknown) => {
      view.event('warning', this, describeError(error));
    });
    this.#state = 'whole';
    this.#wholeSince = this.#parts.now();
    const { wanted, downloaded } = torrent.snapshot();
    view.event('done', this, { folder: item.options.folder, length: wanted ?? null, downloaded });
    view.line(`${metainfo.name}: whole in ${item.options.folder}${goal.seed ? ', seeding' : ''}`);
  }

  #fail(error: { readonly code: string; readonly message: string }): void {
    const { torrent, view } = this.#parts;
    // Closing a torrent ends its promises; that is no failure.
    if (this.isOver || torrent.snapshot().state === 'closed') return;
    this.#state = 'failed';
    view.event('error', this, error);
    view.error({ code: error.code, message: `${torrent.snapshot().name}: ${error.message}` });
  }

  /** Says once what is wrong with a tracker, and again only when that changes. */
  #watchTrackers(): void {
    const { torrent, view } = this.#parts;
    for (const tracker of torrent.trackers()) {
      const message = tracker.status === 'failed' ? (tracker.message ?? 'no answer') : undefined;
      if (message !== undefined && this.#failing.get(tracker.url) !== message) {
        view.event('warning', this, { code: 'TRACKER_FAILED', tracker: tracker.url, message });
        view.note(`tracker ${tracker.url}: ${message}; trying again later`);
        this.#failing.set(tracker.url, message);
      } else if (tracker.status === 'working') this.#failing.delete(tracker.url);
    }
  }

  #watchPeers(): void {
    const { torrent, view, now } = this.#parts;
    const { state, connected, downloadRate } = torrent.snapshot();
    const isLonely =
      (state === 'downloading' || state === 'metadata') && connected === 0 && downloadRate === 0;
    if (!isLonely) this.#lonelySince = undefined;
    else this.#lonelySince ??= now();
    if (this.#lonelySince === undefined || now() - this.#lonelySince < LONELY_MS) return;
    this.#lonelySince = Number.POSITIVE_INFINITY;
    view.event('warning', this, { code: 'NO_PEERS', message: 'no peers yet' });
    view.note(`${torrent.snapshot().name}: no peers yet; still looking`);
  }
}

function isChecking(torrent: FollowedTorrent): boolean {
  const { state } = torrent.snapshot();
  return state === 'metadata' || state === 'checking';
}

/** The value of the next event of a kind; rejects when the torrent is closed first. */
export function nextEvent<K extends 'metainfo' | 'checked'>(
  torrent: Pick<Torrent, 'on'>,
  event: K,
): Promise<TorrentEvents[K]> {
  return new Promise((resolve, reject) => {
    torrent.on(event, resolve);
    torrent.on('closed', () => {
      reject(new Error('closed'));
    });
  });
}
