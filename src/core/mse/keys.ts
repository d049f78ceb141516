// What both sides derive from the shared secret S and the torrent's info hash, which serves as the shared key SKEY.
import { concatBytes, latin1Encode } from '../bytes/bytes.ts';
import type { Digests } from '../digests.ts';
import { Rc4 } from './rc4.ts';

type Sha1 = Digests['sha1'];

/** HASH('req1', S): where the responder finds the initiator's second message behind its padding. */
export function syncHash(secret: Uint8Array, sha1: Sha1): Uint8Array {
  return hash(sha1, 'req1', [secret]);
}

/** HASH('req2', SKEY): the name of a torrent for those who know it already. */
export function torrentHash(infoHash: Uint8Array, sha1: Sha1): Uint8Array {
  return hash(sha1, 'req2', [infoHash]);
}

/** HASH('req3', S): what the torrent's hash is hidden with. */
export function maskHash(secret: Uint8Array, sha1: Sha1): Uint8Array {
  return hash(sha1, 'req3', [secret]);
}

/** The cipher of the direction from the initiator to the responder (keyA), or the other one (keyB). */
export function cipher(
  name: 'keyA' | 'keyB',
  [secret, infoHash]: readonly [Uint8Array, Uint8Array],
  sha1: Sha1,
): Rc4 {
  return new Rc4(hash(sha1, name, [secret, infoHash]));
}

function hash(sha1: Sha1, label: string, parts: readonly Uint8Array[]): Uint8Array {
  return sha1(concatBytes([latin1Encode(label), ...parts]));
}
