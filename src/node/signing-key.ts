// The publisher's signing key (Ed25519), made on first use and kept in a file that only its owner can read.
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { mkdir, open, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { SystemError } from '../core/errors.ts';
import { toFileError } from './file-error.ts';
import { errnoOf } from './os-error.ts';

export interface SigningKey {
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  /** 64 bytes. */
  readonly sign: (message: Uint8Array) => Uint8Array;
}

/** Bytes of the fixed head of an Ed25519 public key in DER (RFC 8410). */
const DER_HEAD_BYTES = 12;

/** Rejects with SystemError KEY_UNREADABLE or FILE_*. */
export async function loadSigningKey(path: string): Promise<SigningKey> {
  const pem = (await readKey(path)) ?? (await makeKey(path));
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch (cause) {
    throw unreadable(path, cause);
  }
  if (key.asymmetricKeyType !== 'ed25519') throw unreadable(path);
  const der = createPublicKey(key).export({ format: 'der', type: 'spki' });
  return {
    publicKey: new Uint8Array(der.subarray(DER_HEAD_BYTES)),
    sign: (message) => new Uint8Array(sign(null, message, key)),
  };
}

async function readKey(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw toFileError(error, path);
  }
}

/** Of several processes that start at once the first makes it, and the others take that. */
async function makeKey(path: string): Promise<string> {
  const { privateKey } = generateKeyPairSync('ed25519');
  const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
  try {
    await mkdir(dirname(path), { recursive: true });
    const file = await open(path, 'wx', 0o600);
    try {
      await file.writeFile(pem);
      await file.sync();
    } finally {
      await file.close();
    }
    return pem;
  } catch (error) {
    const others = errnoOf(error) === 'EEXIST' ? await readKey(path) : undefined;
    if (others !== undefined) return others;
    throw toFileError(error, path);
  }
}

function unreadable(path: string, cause?: unknown): SystemError {
  return new SystemError('KEY_UNREADABLE', `${path} is no Ed25519 key in PEM form`, { cause });
}
