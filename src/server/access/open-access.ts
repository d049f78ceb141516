// Who may announce, as the settings say: holders of signed tokens, users with passkeys, either, or anybody.
import { readFile } from 'node:fs/promises';
import { UsageError } from '../../core/errors.ts';
import { allOf } from '../../core/tracker/access/all-of.ts';
import { AnyAccess, TokenAccess } from '../../core/tracker/access/token-access.ts';
import type { AccessControl } from '../../core/tracker/policy.ts';
import type { Millis } from '../../core/time.ts';
import type { Database } from '../../ports/database.ts';
import type { Log } from '../../ports/log.ts';
import { toFileError } from '../../node/file-error.ts';
import { Bans } from '../admin/bans.ts';
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
  readonly bans: Bans;
  /** Opens the operator's API; undefined where it is off. */
  readonly adminSecret: string | undefined;
  reload(): Promise<void>;
  close(): Promise<void>;
}

type AccessSettings = Pick<TrackerSettings, 'tokenSecret' | 'users' | 'maxUserRate' | 'bans' | 'adminSecret'>;

/** Rejects with SystemError FILE_*, DATABASE_* or UsageError TOKEN_SECRET_INVALID, USERS_PACKAGE_MISSING. */
export async function openAccess(
  settings: AccessSettings,
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
  const bans = await Bans.open(settings.bans);
  const adminSecret = await readAdminSecret(settings.adminSecret);
  // Whoever may ban at any time has the rule in force from the start.
  const banRule = settings.bans === undefined && adminSecret === undefined ? undefined : bans;
  return {
    control: allOf(banRule, controls.length > 1 ? new AnyAccess(controls) : only),
    bans,
    adminSecret,
    reload: async () => {
      await bans.reload();
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

async function readAdminSecret(path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined;
  const secret = await readFile(path, 'utf8').then(
    (text) => text.trim(),
    (error: unknown) => {
      throw toFileError(error, path);
    },
  );
  if (/^\S{16,}$/.test(secret)) return secret;
  throw new UsageError('ADMIN_SECRET_INVALID', `${path} must hold one word of at least 16 characters`);
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
