// SipHash-2-4: a keyed MAC of 64 bits for short messages, in 32-bit arithmetic. Guards connection ids and tokens.

/** One key; the result of hash() is in `high` and `low` until the next call. */
export class SipHash {
  high = 0;
  low = 0;
  /** k0 low, k0 high, k1 low, k1 high. */
  readonly #key: Int32Array = new Int32Array(4);
  /** v0 to v3, low word first. */
  readonly #v: Int32Array = new Int32Array(8);

  /** `key` has 16 bytes. */
  constructor(key: Uint8Array) {
    for (let i = 0; i < 4; i++) this.#key[i] = littleEndian(key, 4 * i, 4);
  }

  hash(message: Uint8Array, length: number): void {
    const v = this.#v;
    const key = this.#key;
    for (let i = 0; i < 8; i++) v[i] = startWord(i) ^ (key[i & 3] ?? 0);
    const whole = length - (length % 8);
    for (let at = 0; at < whole; at += 8) {
      this.#absorb(littleEndian(message, at, 4), littleEndian(message, at + 4, 4));
    }
    const rest = length - whole;
    const low = littleEndian(message, whole, Math.min(rest, 4));
    const high = littleEndian(message, whole + 4, Math.max(0, rest - 4)) | (length << 24);
    this.#absorb(low, high);
    v[4] = (v[4] ?? 0) ^ 0xff;
    for (let i = 0; i < 4; i++) this.#round();
    this.low = this.#fold(0);
    this.high = this.#fold(1);
  }

  #fold(half: 0 | 1): number {
    let word = 0;
    for (let i = half; i < 8; i += 2) word ^= this.#v[i] ?? 0;
    return word;
  }

  #absorb(low: number, high: number): void {
    const v = this.#v;
    v[6] = (v[6] ?? 0) ^ low;
    v[7] = (v[7] ?? 0) ^ high;
    this.#round();
    this.#round();
    v[0] = (v[0] ?? 0) ^ low;
    v[1] = (v[1] ?? 0) ^ high;
  }

  #round(): void {
    const v = this.#v;
    let l0 = v[0] ?? 0;
    let h0 = v[1] ?? 0;
    let l1 = v[2] ?? 0;
    let h1 = v[3] ?? 0;
    let l2 = v[4] ?? 0;
    let h2 = v[5] ?? 0;
    let l3 = v[6] ?? 0;
    let h3 = v[7] ?? 0;
    let sum = (l0 >>> 0) + (l1 >>> 0);
    h0 = (h0 + h1 + (sum > 0xffffffff ? 1 : 0)) | 0;
    l0 = sum | 0;
    let kept = l1;
    l1 = ((l1 << 13) | (h1 >>> 19)) ^ l0;
    h1 = ((h1 << 13) | (kept >>> 19)) ^ h0;
    kept = l0;
    l0 = h0;
    h0 = kept;
    sum = (l2 >>> 0) + (l3 >>> 0);
    h2 = (h2 + h3 + (sum > 0xffffffff ? 1 : 0)) | 0;
    l2 = sum | 0;
    kept = l3;
    l3 = ((l3 << 16) | (h3 >>> 16)) ^ l2;
    h3 = ((h3 << 16) | (kept >>> 16)) ^ h2;
    sum = (l0 >>> 0) + (l3 >>> 0);
    h0 = (h0 + h3 + (sum > 0xffffffff ? 1 : 0)) | 0;
    l0 = sum | 0;
    kept = l3;
    l3 = ((l3 << 21) | (h3 >>> 11)) ^ l0;
    h3 = ((h3 << 21) | (kept >>> 11)) ^ h0;
    sum = (l2 >>> 0) + (l1 >>> 0);
    h2 = (h2 + h1 + (sum > 0xffffffff ? 1 : 0)) | 0;
    l2 = sum | 0;
    kept = l1;
    l1 = ((l1 << 17) | (h1 >>> 15)) ^ l2;
    h1 = ((h1 << 17) | (kept >>> 15)) ^ h2;
    kept = l2;
    l2 = h2;
    h2 = kept;
    v[0] = l0;
    v[1] = h0;
    v[2] = l1;
    v[3] = h1;
    v[4] = l2;
    v[5] = h2;
    v[6] = l3;
    v[7] = h3;
  }
}

function littleEndian(bytes: Uint8Array, at: number, count: number): number {
  let word = 0;
  for (let i = 0; i < count; i++) word |= (bytes[at + i] ?? 0) << (8 * i);
  return word;
}

/** "somepseudorandomlygeneratedbytes", low words first. */
const START: Int32Array = Int32Array.from([
  0x70736575, 0x736f6d65, 0x6e646f6d, 0x646f7261, 0x6e657261, 0x6c796765, 0x79746573, 0x74656462,
]);

function startWord(i: number): number {
  return START[i] ?? 0;
}
