// Queries that wait for an answer: matched by transaction id and address, so that a stranger cannot answer for
// another node. Each ends exactly once: answered, refused or timed out.
import { formatAddress, type PeerAddress } from '../address.ts';
import { toHex } from '../bytes/bytes.ts';
import type { Millis } from '../time.ts';

const TIMEOUT_MS = 4_000;

export interface PendingQuery<Context> {
  readonly to: PeerAddress;
  /** Undefined when only the address was known. */
  readonly nodeId: Uint8Array | undefined;
  readonly context: Context;
}

export class Transactions<Context> {
  readonly #pending = new Map<string, PendingQuery<Context> & { readonly expires: Millis }>();
  readonly #random: () => number;

  constructor(random: () => number) {
    this.#random = random;
  }

  get size(): number {
    return this.#pending.size;
  }

  /** Registers a query and returns its transaction id, 4 random bytes. */
  open(query: PendingQuery<Context>, now: Millis): Uint8Array {
    const value = this.#random();
    const id = Uint8Array.of(value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff);
    this.#pending.set(keyOf(id, query.to), { ...query, expires: now + TIMEOUT_MS });
    return id;
  }

  /** Takes the query that this answer belongs to; undefined for an answer to nothing. */
  settle(id: Uint8Array, from: PeerAddress): PendingQuery<Context> | undefined {
    const key = keyOf(id, from);
    const query = this.#pending.get(key);
    this.#pending.delete(key);
    return query;
  }

  /** Takes all queries that are overdue. Insertion order is expiry order, since the timeout is one constant. */
  expire(now: Millis): PendingQuery<Context>[] {
    const overdue: PendingQuery<Context>[] = [];
    for (const [key, query] of this.#pending) {
      if (query.expires > now) break;
      this.#pending.delete(key);
      overdue.push(query);
    }
    return overdue;
  }

  nextTimeout(): Millis | undefined {
    const first = this.#pending.values().next();
    return first.done === true ? undefined : first.value.expires;
  }
}

function keyOf(id: Uint8Array, address: PeerAddress): string {
  return `${toHex(id)} ${formatAddress(address)}`;
}
