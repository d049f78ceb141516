import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { SipHash } from './siphash.ts';
import { hashOne, hashWords } from './store/keyed-hash.ts';

const KEY = Uint8Array.from({ length: 16 }, (_, i) => i);

function hex(hash: SipHash): string {
  return [hash.high, hash.low].map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
}

/** SipHash-2-4 by the paper, in 64-bit arithmetic. */
function reference(key: Uint8Array, message: Uint8Array): string {
  const mask = (1n << 64n) - 1n;
  const little = (bytes: Uint8Array): bigint =>
    bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  const turn = (x: bigint, by: bigint): bigint => ((x << by) | (x >> (64n - by))) & mask;
  const [k0, k1] = [little(key.subarray(0, 8)), little(key.subarray(8))];
  let [v0, v1] = [k0 ^ 0x736f6d6570736575n, k1 ^ 0x646f72616e646f6dn];
  let [v2, v3] = [k0 ^ 0x6c7967656e657261n, k1 ^ 0x7465646279746573n];
  const rounds = (count: number): void => {
    for (let i = 0; i < count; i++) {
      v0 = (v0 + v1) & mask;
      v1 = turn(v1, 13n) ^ v0;
      v0 = turn(v0, 32n);
      v2 = (v2 + v3) & mask;
      v3 = turn(v3, 16n) ^ v2;
      v0 = (v0 + v3) & mask;
      v3 = turn(v3, 21n) ^ v0;
      v2 = (v2 + v1) & mask;
      v1 = turn(v1, 17n) ^ v2;
      v2 = turn(v2, 32n);
    }
  };
  const padded = new Uint8Array(message.length - (message.length % 8) + 8);
  padded.set(message);
  padded[padded.length - 1] = message.length;
  for (let at = 0; at < padded.length; at += 8) {
    const m = little(padded.subarray(at, at + 8));
    v3 ^= m;
    rounds(2);
    v0 ^= m;
  }
  v2 ^= 0xffn;
  rounds(4);
  return (v0 ^ v1 ^ v2 ^ v3).toString(16).padStart(16, '0');
}

/** HalfSipHash-1-3 by its reference, over whole words. */
function half([k0, k1]: readonly [number, number], words: readonly number[]): number {
  const turn = (x: number, by: number): number => (x << by) | (x >>> (32 - by));
  let [v0, v1, v2, v3] = [k0, k1, 0x6c796765 ^ k0, 0x74656462 ^ k1];
  const round = (): void => {
    v0 = (v0 + v1) | 0;
    v1 = turn(v1, 5) ^ v0;
    v0 = turn(v0, 16);
    v2 = (v2 + v3) | 0;
    v3 = turn(v3, 8) ^ v2;
    v0 = (v0 + v3) | 0;
    v3 = turn(v3, 7) ^ v0;
    v2 = (v2 + v1) | 0;
    v1 = turn(v1, 13) ^ v2;
    v2 = turn(v2, 16);
  };
  for (const word of [...words, (4 * words.length) << 24]) {
    v3 ^= word;
    round();
    v0 ^= word;
  }
  v2 ^= 0xff;
  for (let i = 0; i < 3; i++) round();
  return v1 ^ v3;
}

const noise = (text: string): Uint8Array => new Uint8Array(createHash('sha512').update(text).digest());

describe('SipHash-2-4', () => {
  it('gives the vectors of its paper', () => {
    const hash = new SipHash(KEY);
    hash.hash(
      Uint8Array.from({ length: 15 }, (_, i) => i),
      15,
    );
    expect(hex(hash)).toBe('a129ca6149be45e5');
    hash.hash(new Uint8Array(0), 0);
    expect(hex(hash)).toBe('726fdb47dd0e0e31');
  });

  it('agrees with the paper at every length, whatever was hashed before', () => {
    const hash = new SipHash(noise('key').slice(0, 16));
    for (let length = 0; length < 60; length++) {
      const message = noise(String(length));
      hash.hash(message, length);
      expect(hex(hash)).toBe(reference(noise('key').slice(0, 16), message.subarray(0, length)));
    }
  });
});

describe('the hash of tables', () => {
  it('is HalfSipHash-1-3', () => {
    for (let i = 0; i < 50; i++) {
      const words = new Int32Array(noise(String(i)).buffer.slice(0, 20));
      const key = [words[3] ?? 0, words[4] ?? 0] as const;
      for (let count = 0; count <= 5; count++) {
        expect(hashWords(key, words, count)).toBe(half(key, [...words.subarray(0, count)]));
      }
      expect(hashOne(key, words[0] ?? 0)).toBe(half(key, [words[0] ?? 0]));
    }
  });
});
