// All web seeds of one torrent: those that it, the magnet link or the user names.
import { invariant } from '../core/invariant.ts';
import type { WebSeedSnapshot } from './api.ts';
import type { Content } from './content.ts';
import type { SwarmDriver } from './swarm-driver.ts';
import type { TorrentParts } from './torrent-parts.ts';
import { WebSeed, type WebSeedContext } from './webseed-driver.ts';
import { createFileSource, createScriptSource } from './webseed-urls.ts';

const BANNED = { status: 'banned', message: 'it sent data that does not fit the torrent' } as const;

export class WebSeeds {
  readonly #parts: TorrentParts;
  readonly #closed: WebSeed[] = [];
  #open: readonly WebSeed[] = [];

  constructor(parts: TorrentParts) {
    this.#parts = parts;
  }

  /** Has them join the swarm, unless they have. */
  open(content: Content, swarm: SwarmDriver): void {
    if (this.#open.length > 0) return;
    const { hashes, options, context } = this.#parts;
    const { metainfo, geometry } = content;
    const [hash] = hashes;
    invariant(hash !== undefined, 'a torrent has a hash');
    const files = new Set([...metainfo.webSeeds, ...(options.webSeeds ?? [])].filter(isHttp));
    const scripts = new Set(metainfo.httpSeeds.filter(isHttp));
    const at = (url: string): WebSeedContext => {
      const isTrusted = context.trustLocal || options.webSeeds?.includes(url) === true;
      return { swarm, deps: context.env, local: isTrusted ? 'any' : 'files' };
    };
    this.#open = [
      ...Array.from(files, (url) => new WebSeed(url, createFileSource(url, metainfo, geometry), at(url))),
      ...Array.from(scripts, (url) => new WebSeed(url, createScriptSource(url, hash), at(url))),
    ];
  }

  /** Those that failed are asked again now. */
  retry(): void {
    for (const seed of this.#open) seed.retry();
  }

  /** All that the torrent has ever had in this session. */
  snapshot(): WebSeedSnapshot[] {
    const seeds = new Map<string, WebSeedSnapshot>();
    const add = (snapshot: WebSeedSnapshot): void => {
      const before = seeds.get(snapshot.url)?.downloaded ?? 0;
      seeds.set(snapshot.url, { ...snapshot, downloaded: before + snapshot.downloaded });
    };
    for (const seed of this.#closed) add({ ...seed.snapshot(), status: 'idle' });
    // Who closes one that is still wanted is the engine.
    for (const seed of this.#open) add({ ...seed.snapshot(), ...(seed.isClosed ? BANNED : {}) });
    return [...seeds.values()];
  }

  close(): void {
    for (const seed of this.#open) seed.close();
    this.#closed.push(...this.#open);
    this.#open = [];
  }
}

function isHttp(url: string): boolean {
  return /^https?:\/\//i.test(url);
}
