// Who may announce, as the settings say: holders of signed tokens, users with passkeys, either, or anybody.
import { UsageError } from '../../core/errors.ts';
import { AnyAccess, TokenAccess } from '../../core/tracker/access/token-access.ts';
import type { AccessControl } from '../../core/tracker/policy.ts';
import type { Millis } from '../../core/time.ts';
import type { Database } from '../../ports/database.ts';
import type { Log } from '../../ports/log.ts';
import type { TrackerSettings } from '../options.ts';
import { readTokenSigner, watchRevoked, type RevokedTokens } from './token-keys.ts';
import { UserAccess } from './user-access.ts';
import { UserBook } from './user-book.ts';

/** Clients in swarms whose totals are remembered: about 200 MB at most. */
const MAX_SESSIONS = 1_000_000;
const MAX_SESSIONS_PER_USER = 2000;

export interface OpenedAccess {
  /** Undefined lets anybody pass. */
  readonly control: AccessControl | undefined;
  reload(): Promise<void>;
  close(): Promise<void>;
}

/** Rejects with SystemError FILE_*, DATABASE_* or UsageError TOKEN_SECRET_INVALID, USERS_PACKAGE_MISSING. */
export async function openAccess(
  settings: Pick<TrackerSettings, 'tokenSecret' | 'users' | 'maxUserRate'>,
  deps: { readonly now: () => Millis; readonly log: Log },
): Promise<OpenedAccess> {
  const controls: AccessControl[] = [];
  let revoked: RevokedTokens | undefined;
  let users: UserAccess | undefined;
  let database: Database | undefined;
  if (settings.tokenSecret !== undefined) {
    const signer = await readTokenSigner(settings.tokenSecret);
    const list = await watchRevoked(settings.tokenSecret, deps.log);
    revoked = list;
    const isRevoked = (id: string): boolean => list.isRevoked(id);
    controls.push(new TokenAccess({ signer, isRevoked, unixSeconds: () => Date.now() / 1000 }));
  }
  if (settings.users !== undefined) {
    database = await openUsers(settings.users);
    const limits = {
      maxBytesPerSecond: settings.maxUserRate,
      maxSessions: MAX_SESSIONS,
      maxSessionsPerUser: MAX_SESSIONS_PER_USER,
    };
    users = new UserAccess(limits, { ...deps, book: new UserBook(database) });
    controls.push(users);
  }
  const [only] = controls;
  return {
    control: controls.length > 1 ? new AnyAccess(controls) : only,
    reload: async () => {
      await revoked?.reload();
      await users?.flush();
    },
    close: async () => {
      revoked?.close();
      await users?.close();
      await database?.close();
    },
  };
}

/** The database of users; its package is loaded only here. */
export async function openUsers(path: string): Promise<Database> {
  const { openLmdbDatabase } = await import('../../node/lmdb-database.ts').catch((cause: unknown) => {
    throw new UsageError(
      'USERS_PACKAGE_MISSING',
      'a database of users needs the package `lmdb`: npm install lmdb',
      {
        cause,
      },
    );
  });
  return openLmdbDatabase(path);
}
