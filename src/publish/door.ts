// The port before and after there is something to show: the tracker listens first, the publication comes later.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { toHex } from '../core/bytes/bytes.ts';
import type { InfoHash } from '../core/ids.ts';
import type { TorrentFilter } from '../core/tracker/policy.ts';

type Listener = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

export class Door implements TorrentFilter {
  #site: Listener | undefined;
  readonly #tracked = new Set<string>();

  readonly listener = (request: IncomingMessage, response: ServerResponse): void => {
    if (this.#site !== undefined) void this.#site(request, response);
    else {
      response.writeHead(503, { 'content-type': 'text/plain; charset=utf-8', 'retry-after': '5' });
      response.end('The publication is being prepared.\n');
    }
  };

  /** Our tracker serves what is published here, and nothing else. */
  allows(infoHash: Uint8Array): boolean {
    return this.#tracked.has(toHex(infoHash));
  }

  track(hashes: readonly InfoHash[]): void {
    for (const hash of hashes) this.#tracked.add(toHex(hash));
  }

  untrack(hashes: readonly InfoHash[]): void {
    for (const hash of hashes) this.#tracked.delete(toHex(hash));
  }

  open(site: Listener): void {
    this.#site = site;
  }
}
