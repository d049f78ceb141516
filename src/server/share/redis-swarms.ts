// Swarms in Redis: for each a sorted set of its peers, ranked by when they were last heard of, and one that holds its
// count of downloads. Ranks only grow (ZADD GT), so any number of trackers may write in any order, and again. Everything
// expires: a swarm that nobody announces is gone after the lifetime of a peer.
import { concatBytes, latin1Encode } from '../../core/bytes/bytes.ts';
import { InvariantError, SystemError } from '../../core/errors.ts';
import {
  fromRank,
  rankAt,
  rankOf,
  SHARED_COMPLETED,
  type SharedPeer,
} from '../../core/tracker/share/shared-peer.ts';
import type { SwarmRecord } from '../../core/tracker/share/swarm-record.ts';
import type { Millis } from '../../core/time.ts';
import type { RedisConnection } from './redis-connection.ts';

/** Counts of downloads outlive the peers, as they do in memory. */
const DOWNLOADS_KEPT_MS: Millis = 24 * 3600 * 1000;
/** Old members of a set are looked for in one of so many writes to it. */
const TRIM_EVERY = 16;
const SCAN_COUNT = 500;
/** The only member of a set that holds a count. */
const COUNT_MEMBER = 'downloads';

export class RedisSwarms {
  readonly #redis: RedisConnection;
  readonly #prefix: string;
  readonly #lifetimeMs: Millis;
  #writes = 0;

  constructor(redis: RedisConnection, options: { readonly prefix: string; readonly lifetimeMs: Millis }) {
    this.#redis = redis;
    this.#prefix = options.prefix;
    this.#lifetimeMs = Math.ceil(options.lifetimeMs);
  }

  /** Its clock, ms. */
  async time(): Promise<Millis> {
    const reply = await this.#redis.send(['TIME']);
    const [seconds, micros] = Array.isArray(reply) ? reply.map(toNumber) : [];
    if (seconds === undefined || micros === undefined) throw unexpected('TIME');
    return seconds * 1000 + micros / 1000;
  }

  /** Writes words of many swarms in one go. `downloadsOf`: finished downloads of a swarm, as this machine counts. */
  async write(peers: readonly SharedPeer[], downloadsOf: (infoHash: Uint8Array) => number): Promise<void> {
    const swarms = new Map<string, SharedPeer[]>();
    for (const peer of peers) {
      const key = latin1Key(peer.infoHash);
      const known = swarms.get(key);
      if (known === undefined) swarms.set(key, [peer]);
      else known.push(peer);
    }
    await this.#all(
      [...swarms.values()].flatMap((members) => {
        const { infoHash, flags } = completedOf(members);
        const counted = (flags & SHARED_COMPLETED) === 0 ? 0 : downloadsOf(infoHash);
        return [...this.#writeSwarm(members), ...this.#writeDownloads(infoHash, counted)];
      }),
    );
  }

  /** Writes whole swarms. */
  async restore(records: readonly SwarmRecord[]): Promise<void> {
    await this.#all(
      records.flatMap(({ infoHash, downloads, peers }) => [
        ...this.#writeSwarm(peers),
        ...this.#writeDownloads(infoHash, downloads),
      ]),
    );
  }

  /** Tells all that follow. */
  async publish(batch: Uint8Array): Promise<void> {
    await this.#redis.send(['PUBLISH', this.channel, batch]);
  }

  get channel(): string {
    return `${this.#prefix}feed`;
  }

  /** Every swarm, some at a time; those that said goodbye among their peers. */
  async *read(sharedNow: Millis): AsyncGenerator<SwarmRecord[], void> {
    let cursor = '0';
    do {
      const reply = await this.#redis.send([
        'SCAN',
        cursor,
        'MATCH',
        `${escapeGlob(this.#prefix)}s:*`,
        'COUNT',
        String(SCAN_COUNT),
      ]);
      if (!Array.isArray(reply) || !Array.isArray(reply[1])) throw unexpected('SCAN');
      cursor = toText(reply[0]);
      const hashes = reply[1].flatMap((key: unknown) => (key instanceof Uint8Array ? [key.slice(-20)] : []));
      yield await this.#readAll(hashes, sharedNow);
    } while (cursor !== '0');
  }

  async #readAll(hashes: readonly Uint8Array[], sharedNow: Millis): Promise<SwarmRecord[]> {
    const oldest = String(rankAt(sharedNow - this.#lifetimeMs));
    const replies = await this.#all(
      hashes.flatMap((infoHash): Command[] => [
        ['ZRANGE', this.#key('s', infoHash), oldest, '+inf', 'BYSCORE', 'WITHSCORES'],
        ['ZSCORE', this.#key('d', infoHash), COUNT_MEMBER],
      ]),
    );
    return hashes.map((infoHash, i) => ({
      infoHash,
      peers: membersOf(infoHash, replies[2 * i]),
      downloads: toNumber(replies[2 * i + 1]),
    }));
  }

  #writeSwarm(peers: readonly SharedPeer[]): Command[] {
    const [first] = peers;
    if (first === undefined) return [];
    const key = this.#key('s', first.infoHash);
    const members = peers.flatMap((peer) => [String(rankOf(peer)), peer.place]);
    const commands: Command[] = [
      ['ZADD', key, 'GT', ...members],
      ['PEXPIRE', key, String(this.#lifetimeMs)],
    ];
    if (this.#writes++ % TRIM_EVERY === 0) {
      commands.push(['ZREMRANGEBYSCORE', key, '-inf', String(rankAt(first.at - this.#lifetimeMs))]);
    }
    return commands;
  }

  #writeDownloads(infoHash: Uint8Array, downloads: number): Command[] {
    if (downloads === 0) return [];
    const key = this.#key('d', infoHash);
    return [
      ['ZADD', key, 'GT', String(downloads), COUNT_MEMBER],
      ['PEXPIRE', key, String(DOWNLOADS_KEPT_MS)],
    ];
  }

  #key(kind: 's' | 'd', infoHash: Uint8Array): Uint8Array {
    return concatBytes([latin1Encode(`${this.#prefix}${kind}:`), infoHash]);
  }

  /** Sent in one piece; the first error counts. */
  #all(commands: readonly Command[]): Promise<unknown[]> {
    return Promise.all(commands.map((command) => this.#redis.send(command)));
  }
}

type Command = readonly (string | Uint8Array)[];

function membersOf(infoHash: Uint8Array, reply: unknown): SharedPeer[] {
  if (!Array.isArray(reply)) throw unexpected('ZRANGE');
  const peers: SharedPeer[] = [];
  for (let i = 0; i + 1 < reply.length; i += 2) {
    const place: unknown = reply[i];
    const word = fromRank(toNumber(reply[i + 1]));
    // Somebody else's data under our prefix is left alone.
    if (!(place instanceof Uint8Array) || (place.length !== 6 && place.length !== 18) || word === undefined)
      continue;
    peers.push({ infoHash, place, ...word });
  }
  return peers;
}

/** One that tells of a finished download, or any. `members` is not empty. */
function completedOf(members: readonly SharedPeer[]): SharedPeer {
  const [first] = members;
  const found = members.find(({ flags }) => (flags & SHARED_COMPLETED) !== 0) ?? first;
  if (found === undefined) throw new InvariantError('a swarm without words');
  return found;
}

function latin1Key(infoHash: Uint8Array): string {
  return String.fromCharCode(...infoHash);
}

function toText(value: unknown): string {
  return value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : String(value);
}

/** Zero for what is not there. */
function toNumber(value: unknown): number {
  return value === null || value === undefined ? 0 : Number(toText(value));
}

function escapeGlob(text: string): string {
  return text.replace(/[\\*?[\]^-]/g, '\\$&');
}

function unexpected(command: string): SystemError {
  return new SystemError('STORE_BAD_REPLY', `Redis answered ${command} in a way that it should not`);
}
