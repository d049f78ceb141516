// An announce as every frontend hands it to the core, in one reusable object.
import { StoreQuery } from './store/store-query.ts';

export class AnnounceQuery extends StoreQuery {
  /** 20 bytes. */
  readonly peerId: Uint8Array = new Uint8Array(20);
  /** As the client asked; negative if it did not. */
  asked = -1;
  /** What follows `/announce/` in the URL's path, or the `token` of its query; empty if neither is there. */
  credential = '';
  /** Byte counts as told, for accounting. */
  uploaded = 0;
  downloaded = 0;
  /** An address in the `ip` parameter: 0 for none, else its family, with the bytes in `claimedIp`. */
  claimedFamily: 0 | 4 | 6 = 0;
  readonly claimedIp: Uint8Array = new Uint8Array(16);

  readonly #ip4: Uint8Array = this.ip.subarray(0, 4);

  /** The source address in its own length. */
  get address(): Uint8Array {
    return this.family === 4 ? this.#ip4 : this.ip;
  }

  /** Forgets the request before; the source address stays. */
  reset(): void {
    this.port = 0;
    this.event = 'none';
    this.seed = false;
    this.asked = -1;
    this.credential = '';
    this.uploaded = 0;
    this.downloaded = 0;
    this.claimedFamily = 0;
  }

  /** Takes an address of 4 or 16 bytes as the source; IPv4 mapped into IPv6 becomes IPv4. */
  setSource(ip: Uint8Array): void {
    if (ip.length === 16 && !isMappedV4(ip)) {
      this.family = 6;
      this.ip.set(ip);
    } else {
      this.family = 4;
      this.ip.set(ip.length === 4 ? ip : ip.subarray(12));
    }
  }
}

/** ::ffff:a.b.c.d */
function isMappedV4(ip: Uint8Array): boolean {
  for (let i = 0; i < 10; i++) if (ip[i] !== 0) return false;
  return ip[10] === 0xff && ip[11] === 0xff;
}
