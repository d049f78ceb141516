// Diffie-Hellman over the 768-bit group of message stream encryption. Once for each connection, so plain bigint will do.
import { fromHex, toHex } from '../bytes/bytes.ts';
import { ProtocolError } from '../errors.ts';

/** Bytes of a public key and of the shared secret, big-endian with leading zeros. */
export const KEY_BYTES = 96;
/** Bytes of a private key. */
export const PRIVATE_KEY_BYTES = 20;

const PRIME = BigInt(
  '0xffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22' +
    '514a08798e3404ddef9519b3cd3a431b302b0a6df25f14374fe1356d6d51c245e485b576625e7ec6f44c42e9a63a36210000000000090563',
);
const GENERATOR = 2n;

export function publicKey(privateKey: Uint8Array): Uint8Array {
  return toKey(power(GENERATOR, toNumber(privateKey)));
}

/** The secret S. Throws ProtocolError MSE_BAD_KEY for a public key that would make it guessable. */
export function sharedSecret(privateKey: Uint8Array, theirs: Uint8Array): Uint8Array {
  const y = toNumber(theirs);
  if (y <= 1n || y >= PRIME - 1n) throw new ProtocolError('MSE_BAD_KEY', 'a public key outside of the group');
  return toKey(power(y, toNumber(privateKey)));
}

/** Square and multiply from the highest bit. */
function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (const bit of exponent.toString(2)) {
    result = (result * result) % PRIME;
    if (bit === '1') result = (result * base) % PRIME;
  }
  return result;
}

function toNumber(bytes: Uint8Array): bigint {
  return BigInt(`0x${toHex(bytes)}`);
}

function toKey(value: bigint): Uint8Array {
  return fromHex(value.toString(16).padStart(2 * KEY_BYTES, '0'));
}
