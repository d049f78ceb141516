// All web seeds of one torrent: those that it, the magnet link or the user names.
import { invariant } from '../core/invariant.ts';
import type { Content } from './content.ts';
import type { SwarmDriver } from './swarm-driver.ts';
import type { TorrentParts } from './torrent-parts.ts';
import { WebSeed } from './webseed-driver.ts';
import { createFileSource, createScriptSource } from './webseed-urls.ts';

export class WebSeeds {
  readonly #parts: TorrentParts;
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
    const at = { swarm, deps: context.env };
    this.#open = [
      ...Array.from(files, (url) => new WebSeed(url, createFileSource(url, metainfo, geometry), at)),
      ...Array.from(scripts, (url) => new WebSeed(url, createScriptSource(url, hash), at)),
    ];
  }

  close(): void {
    for (const seed of this.#open) seed.close();
    this.#open = [];
  }
}

function isHttp(url: string): boolean {
  return /^https?:\/\//i.test(url);
}
