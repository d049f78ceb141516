// HalfSipHash-1-3: a keyed hash of 32-bit words for hash tables whose keys strangers choose. Without the key nobody
// can pick info hashes or addresses that fall into one slot. For tables only: secrets are guarded by SipHash.

/** 64 bits of secret. */
export type HashKey = readonly [number, number];

/** Hash of one word. */
export function hashOne(key: HashKey, a: number): number {
  return hashWords(key, ONE.fill(a), 1);
}

const ONE = new Int32Array(1);

/** Hash of the first `count` words; any 32-bit integer may come out, negative ones too. */
export function hashWords(key: HashKey, words: Int32Array, count: number): number {
  let v0 = key[0] | 0;
  let v1 = key[1] | 0;
  let v2 = 0x6c796765 ^ v0;
  let v3 = 0x74656462 ^ v1;
  for (let i = 0; i <= count + 3; i++) {
    // count message words, the length word, then three finishing rounds.
    const m = i < count ? (words[i] ?? 0) : i === count ? count << 26 : 0;
    if (i === count + 1) v2 ^= 0xff;
    v3 ^= m;
    v0 = (v0 + v1) | 0;
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
    v0 = (v0 << 16) | (v0 >>> 16);
    v2 = (v2 + v3) | 0;
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
    v0 = (v0 + v3) | 0;
    v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
    v2 = (v2 + v1) | 0;
    v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
    v2 = (v2 << 16) | (v2 >>> 16);
    v0 ^= m;
  }
  return v1 ^ v3;
}
