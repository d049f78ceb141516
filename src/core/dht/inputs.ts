// Everything that can happen to a DHT node, and everything it can ask of its driver.
import type { PeerAddress } from '../address.ts';
import type { DhtItem } from './items.ts';
import type { DhtNode } from './krpc.ts';

/** The caller's number for a search; comes back in its effects. */
export type LookupKey = number;

export type DhtInput =
  | { readonly kind: 'packet'; readonly data: Uint8Array; readonly from: PeerAddress }
  /** Addresses of nodes whose ids are unknown: routers, a peer's PORT message, `nodes` of a torrent. */
  | { readonly kind: 'bootstrap'; readonly addresses: readonly PeerAddress[] }
  /** Nodes saved by an earlier run. */
  | { readonly kind: 'restore'; readonly nodes: readonly DhtNode[] }
  /** Find peers of a swarm, and announce ourselves there if a port is given (0: the port the packet came from). */
  | {
      readonly kind: 'find-peers';
      readonly lookup: LookupKey;
      readonly infoHash: Uint8Array;
      readonly announce: { readonly port: number; readonly seed: boolean } | undefined;
    }
  /** BEP 44: read an item; `salt` is needed to check a mutable one. */
  | {
      readonly kind: 'get-item';
      readonly lookup: LookupKey;
      readonly target: Uint8Array;
      readonly salt: Uint8Array;
    }
  /** BEP 44: store a (signed) item on the nodes closest to it, if they have the sequence number `cas` where it is given. */
  | {
      readonly kind: 'put-item';
      readonly lookup: LookupKey;
      readonly item: DhtItem;
      readonly cas?: number | undefined;
    }
  /** BEP 51: ask the node closest to the target for info hashes it knows. */
  | { readonly kind: 'sample'; readonly lookup: LookupKey; readonly target: Uint8Array }
  | { readonly kind: 'tick' };

export type DhtEffect =
  | { readonly kind: 'send'; readonly data: Uint8Array; readonly to: PeerAddress }
  /** Peers named by one node; comes many times for one search. */
  | { readonly kind: 'peers'; readonly lookup: LookupKey; readonly peers: readonly PeerAddress[] }
  /** The newest checked item so far. */
  | { readonly kind: 'item'; readonly lookup: LookupKey; readonly item: DhtItem }
  | { readonly kind: 'samples'; readonly lookup: LookupKey; readonly infoHashes: readonly Uint8Array[] }
  /** The search is over; `stored` nodes took our announce or item, `outdated` refused it for a newer one. */
  | {
      readonly kind: 'lookup-done';
      readonly lookup: LookupKey;
      readonly answered: number;
      readonly stored: number;
      readonly outdated: number;
    }
  /** Our address as several nodes see it; our id was changed to fit it (BEP 42). */
  | { readonly kind: 'external-address'; readonly address: PeerAddress };
