// What users really transferred, out of what their clients say. A client tells its own totals since it started; credit is
// what they grew by between two announces of the same client in the same swarm, and no more than
//   - a line could carry in that time: nobody uploads faster than the operator believes,
//   - makes sense: who is alone in a swarm sends nothing to anybody.
// The first announce of a client (and `started`) is a beginning and worth nothing, so starting again and again is, too.
import { latin1Decode } from '../../bytes/bytes.ts';
import type { Millis } from '../../time.ts';
import type { AnnounceQuery } from '../announce-query.ts';

export interface Transfer {
  readonly uploaded: number;
  readonly downloaded: number;
}

export interface TransferAccountsOptions {
  /** Believed of one client in one swarm, each way. */
  readonly maxBytesPerSecond: number;
  /** Clients in swarms that are remembered; the one not heard of for longest goes first. */
  readonly maxSessions: number;
  /** Of one user: nobody pushes out the others. */
  readonly maxSessionsPerUser: number;
}

interface Session {
  readonly user: string;
  uploaded: number;
  downloaded: number;
  at: Millis;
}

export const NO_TRANSFER: Transfer = { uploaded: 0, downloaded: 0 };

export class TransferAccounts {
  readonly #options: TransferAccountsOptions;
  /** Oldest first. */
  readonly #sessions = new Map<string, Session>();
  readonly #perUser = new Map<string, number>();

  constructor(options: TransferAccountsOptions) {
    this.#options = options;
  }

  get sessions(): number {
    return this.#sessions.size;
  }

  /** What an announce is worth. `alone`: nobody else is in the swarm. */
  credit(
    user: string,
    announce: { readonly query: AnnounceQuery; readonly alone: boolean },
    now: Millis,
  ): Transfer {
    const { query, alone } = announce;
    const key = user + latin1Decode(query.infoHash) + latin1Decode(query.peerId);
    const before = this.#sessions.get(key);
    if (query.event === 'stopped') this.#forget(key);
    else this.#remember(key, { user, uploaded: query.uploaded, downloaded: query.downloaded, at: now });
    if (before === undefined || query.event === 'started') return NO_TRANSFER;
    const uploaded = query.uploaded - before.uploaded;
    const downloaded = query.downloaded - before.downloaded;
    // Totals that shrink are those of a client that has started anew.
    if (uploaded < 0 || downloaded < 0) return NO_TRANSFER;
    const most = Math.floor((Math.max(0, now - before.at) / 1000) * this.#options.maxBytesPerSecond);
    return { uploaded: alone ? 0 : Math.min(uploaded, most), downloaded: Math.min(downloaded, most) };
  }

  #remember(key: string, session: Session): void {
    const { user } = session;
    const known = this.#sessions.delete(key);
    if (!known) {
      const held = this.#perUser.get(user) ?? 0;
      if (held >= this.#options.maxSessionsPerUser) return;
      this.#perUser.set(user, held + 1);
    }
    this.#sessions.set(key, session);
    const [oldest] = this.#sessions.size > this.#options.maxSessions ? this.#sessions.keys() : [];
    if (oldest !== undefined) this.#forget(oldest);
  }

  /** Sessions that have not been heard of since; call it now and then. */
  expire(before: Millis): void {
    for (const [key, { at }] of this.#sessions) {
      if (at >= before) break;
      this.#forget(key);
    }
  }

  #forget(key: string): void {
    const session = this.#sessions.get(key);
    if (session === undefined) return;
    this.#sessions.delete(key);
    const left = (this.#perUser.get(session.user) ?? 1) - 1;
    if (left === 0) this.#perUser.delete(session.user);
    else this.#perUser.set(session.user, left);
  }
}
