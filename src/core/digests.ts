// The two hash functions that the core asks its caller for.

/** Synchronous digests for info hashes, merkle proofs and handshakes. Small inputs only. */
export interface Digests {
  /** 20 bytes. */
  readonly sha1: (data: Uint8Array) => Uint8Array;
  /** 32 bytes. */
  readonly sha256: (data: Uint8Array) => Uint8Array;
}
