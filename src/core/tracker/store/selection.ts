// Which peers an asker gets: of its own address family first, then of the other one if it can use both; a peer that
// only gives is offered downloaders alone; the asker itself never.
import { LIST, list6Of, RECORD } from './layout.ts';
import type { PeerLists } from './peer-lists.ts';
import { sample, type QuickRandom } from './sample.ts';
import type { StoreQuery, StoreReply } from './store-query.ts';

export interface SelectionDeps {
  readonly memory: Int32Array;
  readonly v4: PeerLists;
  readonly v6: PeerLists;
  readonly random: QuickRandom;
}

/** More peers than this are never chosen at once. */
const MAX_CHOSEN = 1024;

export class Selection {
  readonly #memory: Int32Array;
  readonly #v4: PeerLists;
  readonly #v6: PeerLists;
  readonly #random: QuickRandom;
  readonly #chosen: Int32Array = new Int32Array(MAX_CHOSEN);
  readonly #range: { k: number; n: number } = { k: 0, n: 0 };
  // What the next #pick is to choose.
  #givesOnly = false;
  #want = 0;
  #skip = -1;

  constructor(deps: SelectionDeps) {
    this.#memory = deps.memory;
    this.#v4 = deps.v4;
    this.#v6 = deps.v6;
    this.#random = deps.random;
  }

  /** Fills in the reply's peers. `place.position` is that of the asker in its list, -1 if it is not stored. */
  fill(
    query: StoreQuery,
    place: { readonly record: number; readonly position: number },
    reply: StoreReply,
  ): void {
    this.#givesOnly = query.seed || query.event === 'paused';
    this.#want = query.numWant;
    this.#skip = place.position;
    if (query.family === 4) reply.length4 = this.#pick(this.#v4, place.record + RECORD.list4, reply.peers4);
    else reply.length6 = this.#pick(this.#v6, list6Of(this.#memory, place.record), reply.peers6);
    if (!query.bothFamilies) return;
    this.#want -= reply.length4 / 6 + reply.length6 / 18;
    this.#skip = -1;
    if (query.family === 4)
      reply.length6 = this.#pick(this.#v6, list6Of(this.#memory, place.record), reply.peers6);
    else reply.length4 = this.#pick(this.#v4, place.record + RECORD.list4, reply.peers4);
  }

  #pick(lists: PeerLists, list: number, out: Uint8Array): number {
    const memory = this.#memory;
    const range = memory[list + (this.#givesOnly ? LIST.downloaders : LIST.total)] ?? 0;
    const skip = this.#skip < range ? this.#skip : -1;
    const n = skip < 0 ? range : range - 1;
    const k = Math.min(this.#want, n, MAX_CHOSEN);
    if (k <= 0) return 0;
    const block = memory[list + LIST.block] ?? 0;
    const stride = lists.stride;
    let to = 0;
    if (k === n) {
      for (let i = 0; i < range; i++) if (i !== skip) to = lists.copy(block + i * stride, out, to);
      return to;
    }
    this.#range.k = k;
    this.#range.n = n;
    sample(this.#random, this.#range, this.#chosen);
    for (let i = 0; i < k; i++) {
      const chosen = this.#chosen[i] ?? 0;
      const position = skip >= 0 && chosen >= skip ? chosen + 1 : chosen;
      to = lists.copy(block + position * stride, out, to);
    }
    return to;
  }
}
