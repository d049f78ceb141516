// One iterative search toward a target (BEP 5): asks the closest unasked nodes, ALPHA at a time, until the K closest
// that answered are known. It sends nothing itself: `next` names nodes to ask, `answered` and `failed` report.
import { toHex } from '../bytes/bytes.ts';
import { formatAddress, isLocalIp } from '../address.ts';
import type { DhtNode } from './krpc.ts';
import { compareDistance } from './node-id.ts';
import { K } from './routing-table.ts';

const ALPHA = 4;
/** A search that named this many nodes is being led in circles. */
const MAX_CANDIDATES = 400;
/** Nodes of one address that may take part: more is an attack, except in a local network. */
const MAX_PER_IP = 1;

type State = 'new' | 'asked' | 'answered' | 'failed';

interface Candidate {
  readonly node: DhtNode;
  state: State;
  token: Uint8Array | undefined;
}

export class Lookup {
  readonly target: Uint8Array;
  readonly #candidates: Candidate[] = [];
  readonly #known = new Set<string>();
  readonly #perIp = new Map<string, number>();
  #asked = 0;

  constructor(target: Uint8Array, start: readonly DhtNode[]) {
    this.target = target;
    this.add(start);
  }

  /** Nodes named by an answer. */
  add(nodes: readonly DhtNode[]): void {
    let added = false;
    for (const node of nodes) {
      const key = toHex(node.id);
      const place = formatAddress(node.address);
      if (this.#known.has(key) || this.#known.has(place) || this.#known.size > 2 * MAX_CANDIDATES) continue;
      const count = this.#perIp.get(node.address.ip) ?? 0;
      if (count >= MAX_PER_IP && !isLocalIp(node.address.ip)) continue;
      this.#perIp.set(node.address.ip, count + 1);
      this.#known.add(key).add(place);
      this.#candidates.push({ node, state: 'new', token: undefined });
      added = true;
    }
    if (added) this.#candidates.sort((a, b) => compareDistance(this.target, a.node.id, b.node.id));
  }

  /** The next node to ask now, or undefined; the caller asks it and reports back. */
  next(): DhtNode | undefined {
    if (this.#asked >= ALPHA) return undefined;
    let live = 0;
    for (const candidate of this.#candidates) {
      if (candidate.state === 'new') {
        candidate.state = 'asked';
        this.#asked++;
        return candidate.node;
      }
      // Enough closer nodes have answered: whatever lies behind them cannot change the result.
      if (candidate.state === 'answered' && ++live >= K) return undefined;
    }
    return undefined;
  }

  answered(id: Uint8Array, token: Uint8Array | undefined): void {
    const candidate = this.#settle(id);
    if (candidate === undefined) return;
    candidate.state = 'answered';
    candidate.token = token;
  }

  failed(id: Uint8Array): void {
    const candidate = this.#settle(id);
    if (candidate !== undefined) candidate.state = 'failed';
  }

  /** True when nobody is left to ask and nobody is still to answer. */
  get isDone(): boolean {
    if (this.#asked > 0) return false;
    let live = 0;
    for (const candidate of this.#candidates) {
      if (candidate.state === 'new') return false;
      if (candidate.state === 'answered' && ++live >= K) return true;
    }
    return true;
  }

  /** The K closest nodes that answered, with the write tokens they gave. */
  closest(): { readonly node: DhtNode; readonly token: Uint8Array | undefined }[] {
    return this.#candidates
      .filter((candidate) => candidate.state === 'answered')
      .slice(0, K)
      .map(({ node, token }) => ({ node, token }));
  }

  #settle(id: Uint8Array): Candidate | undefined {
    const key = toHex(id);
    const candidate = this.#candidates.find((c) => c.state === 'asked' && toHex(c.node.id) === key);
    if (candidate !== undefined) this.#asked--;
    return candidate;
  }
}
