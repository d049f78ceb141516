// Kademlia routing table of one address family (BEP 5): buckets of K nodes by shared prefix with our id; only the
// bucket that holds our id splits. Invariant: a node id and (outside local networks) an IP appear at most once.
import { isLocalIp } from '../address.ts';
import type { Millis } from '../time.ts';
import type { DhtNode } from './krpc.ts';
import { compareDistance, isSecureNodeId, NODE_ID_LENGTH, sharedPrefix } from './node-id.ts';

/** Nodes in a bucket, and how many closest nodes an answer names (BEP 5). */
export const K = 8;
/** A node is good for 15 minutes after its last answer (BEP 5). */
const GOOD_MS = 15 * 60_000;
const MAX_FAILURES = 2;

export interface TableEntry extends DhtNode {
  lastSeen: Millis;
  failures: number;
  /** It answered one of our queries at least once. */
  confirmed: boolean;
}

interface Bucket {
  entries: TableEntry[];
  replacements: DhtNode[];
  touched: Millis;
}

export class RoutingTable {
  readonly #ownId: Uint8Array;
  /** Index = bits shared with our id; the last one holds everything closer. */
  readonly #buckets: Bucket[] = [];

  constructor(ownId: Uint8Array, now: Millis) {
    this.#ownId = ownId;
    this.#buckets.push({ entries: [], replacements: [], touched: now });
  }

  get size(): number {
    return this.#buckets.reduce((sum, bucket) => sum + bucket.entries.length, 0);
  }

  /** A node answered us: it is good now. */
  confirm(node: DhtNode, now: Millis): void {
    const entry = this.#insert(node, now);
    if (entry === undefined) return;
    entry.lastSeen = now;
    entry.failures = 0;
    entry.confirmed = true;
    this.#bucketOf(node.id).touched = now;
  }

  /** A node asked us or was named by another: worth a place if there is room, not proof that it answers. */
  hear(node: DhtNode, now: Millis): void {
    this.#insert(node, now);
  }

  /** A query to the node timed out; a node that fails twice gives its place to a replacement. */
  fail(id: Uint8Array): void {
    const bucket = this.#bucketOf(id);
    const index = bucket.entries.findIndex((entry) => equalIds(entry.id, id));
    const entry = bucket.entries[index];
    if (entry === undefined) return;
    entry.failures++;
    if (entry.failures < MAX_FAILURES) return;
    bucket.entries.splice(index, 1);
    const next = bucket.replacements.pop();
    if (next !== undefined) bucket.entries.push(newEntry(next, entry.lastSeen));
  }

  /** Up to `count` nodes closest to the target that have not just failed, closest first. */
  closest(target: Uint8Array, count: number = K): DhtNode[] {
    return this.#buckets
      .flatMap((bucket) => bucket.entries)
      .filter((entry) => entry.failures === 0)
      .sort((a, b) => compareDistance(target, a.id, b.id))
      .slice(0, count);
  }

  /** Nodes to ping because nothing was heard of them for 15 minutes. */
  questionable(now: Millis): DhtNode[] {
    return this.#buckets
      .flatMap((bucket) => bucket.entries)
      .filter((entry) => now - entry.lastSeen > GOOD_MS || (!entry.confirmed && entry.failures === 0));
  }

  /** A target inside a bucket that saw no answer for 15 minutes, to look up as a refresh; marks it as refreshed. */
  staleTarget(now: Millis, random: Uint8Array): Uint8Array | undefined {
    const depth = this.#buckets.findIndex((bucket) => now - bucket.touched > GOOD_MS);
    const bucket = this.#buckets[depth];
    if (bucket === undefined) return undefined;
    bucket.touched = now;
    return withPrefix(this.#ownId, random, depth);
  }

  /** All nodes, for saving. */
  nodes(): DhtNode[] {
    return this.#buckets.flatMap((bucket) => bucket.entries.filter((entry) => entry.confirmed));
  }

  #insert(node: DhtNode, now: Millis): TableEntry | undefined {
    if (equalIds(node.id, this.#ownId)) return undefined;
    const bucket = this.#bucketOf(node.id);
    const known = bucket.entries.find((entry) => equalIds(entry.id, node.id));
    // An id stays with the address it was first seen at: taking it over is an attack.
    if (known !== undefined) return sameAddress(known, node) ? known : undefined;
    if (this.#holdsIp(node.address.ip)) return undefined;
    if (bucket.entries.length < K) {
      const entry = newEntry(node, now);
      bucket.entries.push(entry);
      return entry;
    }
    if (this.#splitLast(bucket, now)) return this.#insert(node, now);
    const insecure = bucket.entries.findIndex((entry) => !isSecureNodeId(entry.id, entry.address.ip));
    if (insecure >= 0 && isSecureNodeId(node.id, node.address.ip)) {
      const entry = newEntry(node, now);
      bucket.entries[insecure] = entry;
      return entry;
    }
    bucket.replacements = [...bucket.replacements.filter((r) => !equalIds(r.id, node.id)), node].slice(-K);
    return undefined;
  }

  #holdsIp(ip: string): boolean {
    if (isLocalIp(ip)) return false;
    return this.#buckets.some((bucket) => bucket.entries.some((entry) => entry.address.ip === ip));
  }

  #bucketOf(id: Uint8Array): Bucket {
    const depth = Math.min(sharedPrefix(this.#ownId, id), this.#buckets.length - 1);
    return this.#buckets[depth] ?? this.#grow();
  }

  #grow(): Bucket {
    const bucket: Bucket = { entries: [], replacements: [], touched: 0 };
    this.#buckets.push(bucket);
    return bucket;
  }

  #splitLast(bucket: Bucket, now: Millis): boolean {
    const depth = this.#buckets.length - 1;
    if (bucket !== this.#buckets[depth] || depth >= NODE_ID_LENGTH * 8 - 1) return false;
    const deeper = (entry: DhtNode): boolean => sharedPrefix(this.#ownId, entry.id) > depth;
    const next = this.#grow();
    next.touched = now;
    next.entries = bucket.entries.filter(deeper);
    next.replacements = bucket.replacements.filter(deeper);
    bucket.entries = bucket.entries.filter((entry) => !deeper(entry));
    bucket.replacements = bucket.replacements.filter((entry) => !deeper(entry));
    return true;
  }
}

function newEntry(node: DhtNode, now: Millis): TableEntry {
  return { id: node.id, address: node.address, lastSeen: now, failures: 0, confirmed: false };
}

function sameAddress(a: DhtNode, b: DhtNode): boolean {
  return a.address.ip === b.address.ip && a.address.port === b.address.port;
}

function equalIds(a: Uint8Array, b: Uint8Array): boolean {
  return sharedPrefix(a, b) === NODE_ID_LENGTH * 8;
}

/** A random id that shares exactly `depth` leading bits with ours. */
function withPrefix(own: Uint8Array, random: Uint8Array, depth: number): Uint8Array {
  const id = random.slice(0, NODE_ID_LENGTH);
  for (let bit = 0; bit <= depth && bit < NODE_ID_LENGTH * 8; bit++) {
    const mask = 0x80 >>> (bit & 7);
    const index = bit >>> 3;
    const ownBit = (own[index] ?? 0) & mask;
    const wanted = bit === depth ? ownBit ^ mask : ownBit;
    id[index] = ((id[index] ?? 0) & ~mask) | wanted;
  }
  return id;
}
