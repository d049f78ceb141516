// The secret that signs access tokens, and the tokens that were revoked, as files: `tokens.key` and `tokens.key.revoked`
// beside it. Whoever can read the secret can mint tokens, so it is made readable for its owner alone.
import { randomBytes } from 'node:crypto';
import { watch } from 'node:fs';
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { fromHex, toHex } from '../../core/bytes/bytes.ts';
import { ProtocolError, UsageError } from '../../core/errors.ts';
import { TokenSigner } from '../../core/token/token.ts';
import { nodeDigests } from '../../node/digests.ts';
import { toFileError } from '../../node/file-error.ts';
import { errnoOf } from '../../node/os-error.ts';
import type { Log } from '../../ports/log.ts';

const SECRET_BYTES = 32;
/** Editors and other processes write in bursts. */
const SETTLE_MS = 200;

/** Rejects with SystemError FILE_* or UsageError TOKEN_SECRET_INVALID. */
export async function readTokenSigner(path: string): Promise<TokenSigner> {
  const text = (await readText(path)).trim();
  if (!/^[0-9a-f]{32,}$/i.test(text) || text.length % 2 !== 0) {
    throw new UsageError('TOKEN_SECRET_INVALID', `${path} is no secret: it has at least 32 hex digits`);
  }
  return new TokenSigner(fromHex(text), nodeDigests);
}

/** As readTokenSigner(); makes the file where there is none. */
export async function openTokenSigner(path: string): Promise<TokenSigner> {
  try {
    const secret = `${toHex(new Uint8Array(randomBytes(SECRET_BYTES)))}\n`;
    await writeFile(path, secret, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw toFileError(error, path);
  }
  return readTokenSigner(path);
}

/** Ids of 16 hex digits, one a line, `#` for remarks. Rejects with SystemError FILE_* or ProtocolError. */
export async function readRevoked(secretPath: string): Promise<Set<string>> {
  const path = revokedPath(secretPath);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return new Set();
    throw toFileError(error, path);
  }
  const ids = text.split('\n').map((line) => line.replace(/#.*$/, '').trim().toLowerCase());
  const bad = ids.find((id) => id !== '' && !/^[0-9a-f]{16}$/.test(id));
  if (bad !== undefined) {
    throw new ProtocolError('TOKEN_REVOKED_INVALID', `${path}: not the id of a token: ${bad.slice(0, 40)}`);
  }
  return new Set(ids.filter((id) => id !== ''));
}

/** Adds an id for good. */
export async function revokeToken(secretPath: string, id: string): Promise<void> {
  const path = revokedPath(secretPath);
  try {
    await appendFile(path, `${id}\n`, { mode: 0o600 });
  } catch (error) {
    throw toFileError(error, path);
  }
}

export interface RevokedTokens {
  isRevoked(id: string): boolean;
  /** Reads the file again; failures are logged, and then nothing changes. */
  reload(): Promise<void>;
  close(): void;
}

/** Follows the file of revoked tokens. Rejects where it cannot be read at first. */
export async function watchRevoked(secretPath: string, log: Log): Promise<RevokedTokens> {
  let revoked = await readRevoked(secretPath);
  const reload = async (): Promise<void> => {
    try {
      revoked = await readRevoked(secretPath);
      log.info('revoked tokens read', { tokens: revoked.size });
    } catch (error) {
      log.error('revoked tokens stay as they were', { reason: error instanceof Error ? error.message : '' });
    }
  };
  const name = basename(revokedPath(secretPath));
  let timer: NodeJS.Timeout | undefined;
  // The folder: the file may not be there yet, and editors replace it.
  const watcher = watch(dirname(secretPath), { persistent: false }, (_event, changed) => {
    if (changed !== null && changed !== name) return;
    clearTimeout(timer);
    timer = setTimeout(() => void reload(), SETTLE_MS).unref();
  });
  watcher.on('error', (error) => {
    log.warn('revoked tokens are not watched any more', { reason: error.message });
  });
  return {
    isRevoked: (id) => revoked.has(id),
    reload,
    close: () => {
      clearTimeout(timer);
      watcher.close();
    },
  };
}

function revokedPath(secretPath: string): string {
  return `${secretPath}.revoked`;
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw toFileError(error, path);
  }
}
