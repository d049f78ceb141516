// RC4 as message stream encryption uses it: the first 1024 bytes of the key stream are thrown away.
// It hides the traffic's kind from shapers; it is no protection of secrets.

const DISCARDED_BYTES = 1024;

/** One direction of a stream: every call goes on in the key stream where the last one stopped. */
export class Rc4 {
  readonly #state = new Uint8Array(256);
  #i = 0;
  #j = 0;

  /** `key` of 1 to 256 bytes. */
  constructor(key: Uint8Array) {
    const state = this.#state;
    for (let i = 0; i < 256; i++) state[i] = i;
    for (let i = 0, j = 0; i < 256; i++) {
      const swapped = state[i] ?? 0;
      j = (j + swapped + (key[i % key.length] ?? 0)) & 0xff;
      state[i] = state[j] ?? 0;
      state[j] = swapped;
    }
    const discarded = new Uint8Array(DISCARDED_BYTES);
    this.apply(discarded, discarded);
  }

  /** Encrypts or decrypts `source` into `target`, which may be the same memory. */
  apply(source: Uint8Array, target: Uint8Array): void {
    const state = this.#state;
    let i = this.#i;
    let j = this.#j;
    for (let at = 0; at < source.length; at++) {
      i = (i + 1) & 0xff;
      const a = state[i] ?? 0;
      j = (j + a) & 0xff;
      const b = state[j] ?? 0;
      state[i] = b;
      state[j] = a;
      target[at] = (source[at] ?? 0) ^ (state[(a + b) & 0xff] ?? 0);
    }
    this.#i = i;
    this.#j = j;
  }

  /** The bytes encrypted or decrypted, in memory of their own. */
  applied(source: Uint8Array): Uint8Array {
    const target = new Uint8Array(source.length);
    this.apply(source, target);
    return target;
  }
}
