// The peer wire messages (BEP 3, 5, 6, 10, 52) as one union. `parse` and `encode` live beside this file.

export interface HashRange {
  /** Merkle root of the file, 32 bytes. */
  readonly piecesRoot: Uint8Array;
  /** Layer 0 is the leaves (16 KiB blocks). */
  readonly baseLayer: number;
  /** First hash in that layer. */
  readonly index: number;
  /** How many hashes, a power of two of at least 2. */
  readonly length: number;
  /** How many layers above the base the proof covers. */
  readonly proofLayers: number;
}

export type Message =
  | { readonly kind: 'keep-alive' }
  | { readonly kind: 'choke' }
  | { readonly kind: 'unchoke' }
  | { readonly kind: 'interested' }
  | { readonly kind: 'not-interested' }
  | { readonly kind: 'have'; readonly piece: number }
  | { readonly kind: 'bitfield'; readonly bits: Uint8Array }
  | { readonly kind: 'request'; readonly piece: number; readonly begin: number; readonly length: number }
  /** `data` is a view that is valid until the next message is taken from the connection. */
  | { readonly kind: 'piece'; readonly piece: number; readonly begin: number; readonly data: Uint8Array }
  | { readonly kind: 'cancel'; readonly piece: number; readonly begin: number; readonly length: number }
  /** BEP 5: the sender's DHT port. */
  | { readonly kind: 'port'; readonly port: number }
  /** BEP 6. */
  | { readonly kind: 'suggest'; readonly piece: number }
  | { readonly kind: 'have-all' }
  | { readonly kind: 'have-none' }
  | { readonly kind: 'reject'; readonly piece: number; readonly begin: number; readonly length: number }
  | { readonly kind: 'allowed-fast'; readonly piece: number }
  /** BEP 10; id 0 is the extended handshake. */
  | { readonly kind: 'extended'; readonly id: number; readonly payload: Uint8Array }
  /** BEP 52. */
  | { readonly kind: 'hash-request'; readonly range: HashRange }
  | { readonly kind: 'hashes'; readonly range: HashRange; readonly hashes: Uint8Array }
  | { readonly kind: 'hash-reject'; readonly range: HashRange }
  /** A type we do not know; to be ignored. */
  | { readonly kind: 'unknown'; readonly id: number };

/** What the two reserved-byte fields of a handshake say that we act on. */
export interface Capabilities {
  /** BEP 10. */
  readonly extended: boolean;
  /** BEP 6. */
  readonly fast: boolean;
  /** BEP 5. */
  readonly dht: boolean;
  /** BEP 52: knows v2 of this hybrid torrent. */
  readonly v2: boolean;
}
