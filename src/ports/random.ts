// Randomness: `bytes` is fit for secrets, `uint32` is for choices.
export interface Random {
  bytes(length: number): Uint8Array;
  /** Uniform over 0 .. 2^32 - 1. */
  uint32(): number;
}
