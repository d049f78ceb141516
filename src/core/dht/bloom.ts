// The bloom filter of DHT scrapes (BEP 33): 256 bytes, two bits an IP address.
import { parseIp } from '../address.ts';
import type { Digests } from '../digests.ts';

const BITS = 2048;

export class BloomFilter {
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array = new Uint8Array(BITS / 8)) {
    this.bytes = bytes;
  }

  /** Adds an address; a text that is no IP is ignored. */
  add(ip: string, sha1: Digests['sha1']): void {
    const address = parseIp(ip);
    if (address === undefined) return;
    const hash = sha1(address);
    this.#set(((hash[0] ?? 0) | ((hash[1] ?? 0) << 8)) % BITS);
    this.#set(((hash[2] ?? 0) | ((hash[3] ?? 0) << 8)) % BITS);
  }

  /** Estimated number of addresses; unreliable above 6,000. */
  estimate(): number {
    let zeros = 0;
    for (const byte of this.bytes) for (let bit = 0; bit < 8; bit++) if ((byte & (1 << bit)) === 0) zeros++;
    const count = Math.max(1, Math.min(BITS - 1, zeros));
    return Math.log(count / BITS) / (2 * Math.log(1 - 1 / BITS));
  }

  #set(index: number): void {
    this.bytes[index >>> 3] = (this.bytes[index >>> 3] ?? 0) | (1 << (index & 7));
  }
}
