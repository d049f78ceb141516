// How a torrent names itself and is named in handshakes: by its v1 hash, by its truncated v2 hash, or by both
// (BEP 3, BEP 52).
import { equalBytes } from '../core/bytes/bytes.ts';
import { truncateInfoHash, type InfoHash, type InfoHashV2, type PeerId } from '../core/ids.ts';
import { invariant } from '../core/invariant.ts';
import type { Handshake, HandshakeStart } from '../core/wire/handshake.ts';

export interface SwarmNames {
  /** At least one of the hashes is there. */
  readonly infoHash: InfoHash | undefined;
  readonly infoHashV2: InfoHashV2 | undefined;
  readonly peerId: PeerId;
}

export class SwarmIdentity {
  readonly peerId: PeerId;
  readonly #v1: InfoHash | undefined;
  readonly #v2: InfoHash | undefined;

  constructor({ infoHash, infoHashV2, peerId }: SwarmNames) {
    this.peerId = peerId;
    this.#v1 = infoHash;
    this.#v2 = infoHashV2 === undefined ? undefined : truncateInfoHash(infoHashV2);
  }

  /** What we call the torrent ourselves. */
  get infoHash(): InfoHash {
    const hash = this.#v1 ?? this.#v2;
    invariant(hash !== undefined, 'a torrent has a hash');
    return hash;
  }

  /** BEP 52: a v2 peer of a hybrid torrent that came with the v1 hash is answered with the v2 hash. */
  greeting(asked: HandshakeStart | undefined, dht: boolean): Handshake {
    const kind = asked === undefined ? undefined : this.hashKind(asked.infoHash);
    const upgrades = kind === 'v1' && asked?.capabilities.v2 === true;
    const infoHash = (upgrades || kind === 'v2' ? this.#v2 : undefined) ?? this.infoHash;
    const v2 = this.#v2 !== undefined && infoHash === this.#v1;
    return { infoHash, peerId: this.peerId, capabilities: { extended: true, fast: true, dht, v2 } };
  }

  /** Which of its hashes this is; undefined if it is another torrent's. */
  hashKind(infoHash: InfoHash): 'v1' | 'v2' | undefined {
    if (this.#v1 !== undefined && equalBytes(this.#v1, infoHash)) return 'v1';
    return this.#v2 !== undefined && equalBytes(this.#v2, infoHash) ? 'v2' : undefined;
  }

  /** Of two connections to one peer, opened by either side at once, both keep the one that the larger id opened. */
  keepsOwn(peerId: PeerId): boolean {
    for (const [i, byte] of this.peerId.entries()) {
      const other = peerId[i] ?? 0;
      if (byte !== other) return byte > other;
    }
    return false;
  }
}
