// The daemon's one secret: made at the first start, kept in a file that its owner alone can read.
// Law: it is compared in constant time, and what a browser keeps or a player's URL carries is derived from it, not it.
import { createHmac, createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { chmod, mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { UsageError } from '../core/errors.ts';
import { writeFileAtomic } from '../node/atomic-write.ts';
import { DISK_CODES, errnoOf, toSystemError } from '../node/os-error.ts';

const TOKEN_BYTES = 24;
const LEAST_LENGTH = 16;

export class Token {
  readonly value: string;

  constructor(value: string) {
    this.value = value;
  }

  /** Rejects with UsageError TOKEN_TOO_SHORT for a file that was tampered with, SystemError DISK_*, FILE_*. */
  static async load(path: string): Promise<Token> {
    try {
      const value = (await readFile(path, 'utf8')).trim();
      if (value.length >= LEAST_LENGTH) return new Token(value);
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw toSystemError(error, DISK_CODES, path);
      return Token.#create(path);
    }
    throw new UsageError('TOKEN_TOO_SHORT', `${path} holds less than a token; remove it to get a new one`);
  }

  static async #create(path: string): Promise<Token> {
    const value = randomBytes(TOKEN_BYTES).toString('base64url');
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeFileAtomic(path, new TextEncoder().encode(`${value}\n`), { overwrite: true });
    await chmod(path, 0o600);
    return new Token(value);
  }

  matches(given: string): boolean {
    return equal(given, this.value);
  }

  /** A word that stands for the token in one place only, such as a cookie or the URL of one file. */
  derive(purpose: string): string {
    return createHmac('sha256', this.value).update(purpose).digest('base64url');
  }

  matchesDerived(given: string, purpose: string): boolean {
    return equal(given, this.derive(purpose));
  }
}

/** Equal digests in place of equal texts: neither length nor place of a difference shows in the time it takes. */
function equal(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
