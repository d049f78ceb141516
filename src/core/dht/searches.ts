// Searches under way: what each wants from the nodes on its path and what it does when the closest are known.
import type { Encodable } from '../bencode/encode.ts';
import type { Digests } from '../digests.ts';
import type { DhtInput, LookupKey } from './inputs.ts';
import { itemTarget, type DhtItem } from './items.ts';
import type { DhtNode } from './krpc.ts';
import { Lookup } from './lookup.ts';

export type Goal =
  /** Only to fill the routing table. */
  | { readonly kind: 'refresh' }
  | Extract<DhtInput, { kind: 'find-peers' | 'get-item' | 'put-item' | 'sample' }>;

export interface Search {
  readonly goal: Goal;
  readonly lookup: Lookup;
  /** The newest item seen (BEP 44). */
  item: DhtItem | undefined;
  /** Store queries that were sent and not yet answered; the search ends when none is left. */
  storing: number;
  stored: number;
  /** Nodes that refused an item for a newer one (BEP 44). */
  outdated: number;
  phase: 'searching' | 'storing';
}

/** The query each node on the way is asked. */
export function goalQuery(search: Search): { method: string; args: Record<string, Encodable> } {
  const target = search.lookup.target;
  switch (search.goal.kind) {
    case 'refresh':
      return { method: 'find_node', args: { target } };
    case 'find-peers':
      return { method: 'get_peers', args: { info_hash: target } };
    case 'get-item':
    case 'put-item':
      return { method: 'get', args: { target } };
    case 'sample':
      return { method: 'sample_infohashes', args: { target } };
  }
}

/** The query that stores at one of the closest nodes, or undefined when the goal stores nothing. */
export function storeQuery(
  goal: Goal,
  token: Uint8Array,
): { method: string; args: Record<string, Encodable | undefined> } | undefined {
  if (goal.kind === 'find-peers' && goal.announce !== undefined) {
    const { port, seed } = goal.announce;
    return {
      method: 'announce_peer',
      args: {
        info_hash: goal.infoHash,
        implied_port: port === 0 ? 1 : 0,
        port: port === 0 ? 1 : port,
        seed: seed ? 1 : 0,
        token,
      },
    };
  }
  if (goal.kind !== 'put-item') return undefined;
  const parts = goal.item.mutable;
  if (parts === undefined) return { method: 'put', args: { token, v: goal.item.value } };
  const salt = parts.salt.length === 0 ? undefined : parts.salt;
  const { cas } = goal;
  return {
    method: 'put',
    args: { cas, k: parts.key, salt, seq: parts.sequence, sig: parts.signature, token, v: goal.item.value },
  };
}

export function goalTarget(goal: Exclude<Goal, { kind: 'refresh' }>, sha1: Digests['sha1']): Uint8Array {
  if (goal.kind === 'find-peers') return goal.infoHash;
  return goal.kind === 'put-item' ? itemTarget(goal.item, sha1) : goal.target;
}

export function createSearch(goal: Goal, target: Uint8Array, start: readonly DhtNode[]): Search {
  return {
    goal,
    lookup: new Lookup(target, start),
    item: undefined,
    storing: 0,
    stored: 0,
    outdated: 0,
    phase: 'searching',
  };
}

export function lookupKeyOf(goal: Goal): LookupKey | undefined {
  return goal.kind === 'refresh' ? undefined : goal.lookup;
}

/** True if the new item replaces the one known: later sequence, or the first. */
export function isNewer(item: DhtItem, known: DhtItem | undefined): boolean {
  if (known === undefined) return true;
  if (item.mutable === undefined || known.mutable === undefined) return false;
  return item.mutable.sequence > known.mutable.sequence;
}
