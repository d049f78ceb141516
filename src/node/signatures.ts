// Ed25519 signatures of mutable DHT items (BEP 44), checked by node:crypto.
import { createPublicKey, verify } from 'node:crypto';
import type { VerifySignature } from '../core/dht/items.ts';

/** The fixed head of an ed25519 public key in DER (RFC 8410); the 32 bytes of the key follow. */
const DER_HEAD = Uint8Array.of(0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00);

export const verifySignature: VerifySignature = (publicKey, message, signature) => {
  const der = Buffer.concat([DER_HEAD, publicKey]);
  const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
  return verify(null, message, key, signature);
};
