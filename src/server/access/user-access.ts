// Access by passkey, and accounts of what each user transferred. Checks and sums are in memory; sums go to the database
// every second as a whole, so a killed tracker loses the last second and never counts twice.
import type { AnnounceQuery } from '../../core/tracker/announce-query.ts';
import {
  TransferAccounts,
  type Transfer,
  type TransferAccountsOptions,
} from '../../core/tracker/access/transfer-accounts.ts';
import type { AccessControl } from '../../core/tracker/policy.ts';
import { REFUSALS, type Refusal } from '../../core/tracker/refusal.ts';
import type { Millis } from '../../core/time.ts';
import type { Log } from '../../ports/log.ts';
import { hashPasskey, type User, type UserBook } from './user-book.ts';

const FLUSH_MS = 1000;
/** Clients that come back after more than this have lost their last interval's credit. */
const SESSION_LIFE_MS: Millis = 4 * 3600 * 1000;

export interface UserAccessDeps {
  readonly book: UserBook;
  readonly now: () => Millis;
  readonly log: Log;
}

export class UserAccess implements AccessControl {
  readonly #deps: UserAccessDeps;
  readonly #accounts: TransferAccounts;
  #users: ReadonlyMap<string, User> = new Map();
  #version = -1;
  /** Not written yet, by name. */
  #unwritten = new Map<string, Transfer>();
  readonly #timer: NodeJS.Timeout;
  #writing: Promise<void> = Promise.resolve();

  /** Throws SystemError DATABASE_* or ProtocolError USER_DAMAGED. */
  constructor(options: TransferAccountsOptions, deps: UserAccessDeps) {
    this.#deps = deps;
    this.#accounts = new TransferAccounts(options);
    this.#load();
    this.#timer = setInterval(() => void this.flush(), FLUSH_MS).unref();
  }

  check(query: AnnounceQuery): Refusal | undefined {
    const user = this.#userOf(query);
    if (user === undefined) return REFUSALS['bad-token'];
    return user.locked ? REFUSALS['revoked-token'] : undefined;
  }

  account(query: AnnounceQuery, alone: boolean, now: Millis): void {
    const user = this.#userOf(query);
    if (user === undefined) return;
    const { uploaded, downloaded } = this.#accounts.credit(user.name, { query, alone }, now);
    if (uploaded === 0 && downloaded === 0) return;
    const before = this.#unwritten.get(user.name);
    this.#unwritten.set(user.name, {
      uploaded: (before?.uploaded ?? 0) + uploaded,
      downloaded: (before?.downloaded ?? 0) + downloaded,
    });
  }

  /** Writes what is due and takes over who was added or locked. */
  async flush(): Promise<void> {
    const before = this.#writing;
    this.#writing = (async () => {
      await before;
      const due = this.#unwritten;
      this.#unwritten = new Map();
      try {
        if (due.size > 0) await this.#deps.book.credit(due);
        this.#load();
      } catch (error) {
        this.#keep(due);
        this.#deps.log.error('accounts of users not written', {
          reason: error instanceof Error ? error.message : '',
        });
      }
      this.#accounts.expire(this.#deps.now() - SESSION_LIFE_MS);
    })();
    await this.#writing;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.flush();
  }

  /** By the hash of what they show: the time says nothing about how much of a passkey was right. */
  #userOf(query: AnnounceQuery): User | undefined {
    return query.credential === '' ? undefined : this.#users.get(hashPasskey(query.credential));
  }

  #load(): void {
    const version = this.#deps.book.version();
    if (version === this.#version) return;
    this.#users = new Map(this.#deps.book.list().map((user) => [user.keyHash, user]));
    this.#version = version;
    this.#deps.log.info('users read', { users: this.#users.size });
  }

  /** Sums that could not be written wait for the next time. */
  #keep(due: ReadonlyMap<string, Transfer>): void {
    for (const [name, { uploaded, downloaded }] of due) {
      const since = this.#unwritten.get(name);
      this.#unwritten.set(name, {
        uploaded: uploaded + (since?.uploaded ?? 0),
        downloaded: downloaded + (since?.downloaded ?? 0),
      });
    }
  }
}
