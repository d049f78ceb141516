// A torrent whose state a test sets by hand, for tests of what is shown about it.
import type { Metainfo } from '../../src/core/metainfo/metainfo.ts';
import { Emitter } from '../../src/engine/emitter.ts';
import type { FollowedTorrent } from '../../src/cli/transfer-run.ts';
import type { TorrentEvents, TorrentSnapshot, TrackerSnapshot } from '../../src/engine/api.ts';

export class FakeTorrent implements FollowedTorrent {
  metainfo: Metainfo | undefined;
  selected: readonly number[] | undefined;
  readonly trackerList: TrackerSnapshot[] = [];
  readonly #emitter = new Emitter<TorrentEvents>();
  #snapshot: TorrentSnapshot = EMPTY;

  set(changes: Partial<TorrentSnapshot>): void {
    this.#snapshot = { ...this.#snapshot, ...changes };
  }

  emit<K extends keyof TorrentEvents>(event: K, value: TorrentEvents[K]): void {
    this.#emitter.emit(event, value);
  }

  snapshot(): TorrentSnapshot {
    return this.#snapshot;
  }

  on<K extends keyof TorrentEvents>(event: K, listener: (value: TorrentEvents[K]) => void): () => void {
    return this.#emitter.on(event, listener);
  }

  done(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.on('done', resolve);
      this.on('closed', () => {
        reject(new Error('closed'));
      });
    });
  }

  trackers(): readonly TrackerSnapshot[] {
    return this.trackerList;
  }

  selectFiles(files: readonly number[]): void {
    this.selected = files;
  }

  pieces(): Uint8Array {
    return new Uint8Array(0);
  }
}

const EMPTY: TorrentSnapshot = {
  ...{
    state: 'metadata',
    name: 'thing',
    infoHash: 'aa',
    infoHashV2: undefined,
    wanted: undefined,
    completed: 0,
  },
  ...{
    checked: undefined,
    downloadRate: 0,
    uploadRate: 0,
    downloaded: 0,
    sessionDownloaded: 0,
    uploaded: 0,
    wasted: 0,
  },
  ...{ etaSeconds: undefined, connected: 0, seeders: 0, leechers: 0, availability: 0, error: undefined },
};
