// The one secret of a server that its owner rules: made at the first start, kept in a file that the owner alone reads.
// Law: it is compared in constant time, and what a browser keeps or a player's URL carries is derived from it, not it.
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { toBase64Url } from '../core/bytes/base64url.ts';
import { utf8Encode } from '../core/bytes/bytes.ts';
import { UsageError } from '../core/errors.ts';
import { createHmac, equalInConstantTime } from '../core/token/hmac.ts';
import { writeFileAtomic } from '../node/atomic-write.ts';
import { nodeDigests } from '../node/digests.ts';
import { DISK_CODES, errnoOf, toSystemError } from '../node/os-error.ts';

const TOKEN_BYTES = 24;
const LEAST_LENGTH = 16;
const OF_OTHERS = 0o077;

export class Token {
  readonly value: string;

  constructor(value: string) {
    this.value = value;
  }

  /**
   * The token in a file, which is made if it is not there. Rejects with UsageError TOKEN_TOO_SHORT for a file that holds
   * none, TOKEN_EXPOSED for one that others may read, SystemError DISK_*, FILE_*.
   */
  static async load(path: string): Promise<Token> {
    const value = await readSecret(path);
    if (value === undefined) return Token.#create(path);
    if (value.length >= LEAST_LENGTH) return new Token(value);
    throw new UsageError('TOKEN_TOO_SHORT', `${path} holds less than a token; remove it to get a new one`);
  }

  static async #create(path: string): Promise<Token> {
    const value = toBase64Url(new Uint8Array(randomBytes(TOKEN_BYTES)));
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeFileAtomic(path, utf8Encode(`${value}\n`), { overwrite: true, mode: 0o600 });
    return new Token(value);
  }

  matches(given: string): boolean {
    return equal(given, this.value);
  }

  /** A word that stands for the token in one place only, such as a cookie or the URL of one file. */
  derive(purpose: string): string {
    return toBase64Url(createHmac(utf8Encode(this.value), nodeDigests)(utf8Encode(purpose)));
  }

  matchesDerived(given: string, purpose: string): boolean {
    return equal(given, this.derive(purpose));
  }
}

/** Undefined where there is no such file. */
async function readSecret(path: string): Promise<string | undefined> {
  let mode: number;
  let text: string;
  try {
    ({ mode } = await stat(path));
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw toSystemError(error, DISK_CODES, path);
  }
  // Windows has no such bits: the folder of the user protects the file there.
  if (process.platform !== 'win32' && (mode & OF_OTHERS) !== 0) {
    throw new UsageError('TOKEN_EXPOSED', `others can read ${path}; run chmod 600 on it, or remove it`);
  }
  return text.trim();
}

/** Equal digests in place of equal texts: neither length nor place of a difference shows in the time it takes. */
function equal(a: string, b: string): boolean {
  const [one, other] = [a, b].map((text) => nodeDigests.sha256(utf8Encode(text)));
  return one !== undefined && other !== undefined && equalInConstantTime(one, other);
}
