// Keeps this machine's swarms and those in Redis the same. What is heard here is written and told to the others every
// moment, what they tell is replayed here; whenever a connection comes (back), both sides give each other all they have.
// While Redis is away the tracker answers from memory and the journal waits.
import { equalBytes } from '../../core/bytes/bytes.ts';
import { ByteWriter } from '../../core/bytes/writer.ts';
import { ProtocolError } from '../../core/errors.ts';
import { Journal } from '../../core/tracker/share/journal.ts';
import { encodeBatch, parseBatch, SENDER_BYTES, SHARED_GONE } from '../../core/tracker/share/shared-peer.ts';
import { SharedStore } from '../../core/tracker/share/shared-store.ts';
import {
  encodeSwarmRecord,
  parseSwarmRecords,
  type SwarmRecord,
} from '../../core/tracker/share/swarm-record.ts';
import { ByteReader } from '../../core/bytes/reader.ts';
import type { SwarmTable } from '../../core/tracker/swarm-table.ts';
import type { Millis } from '../../core/time.ts';
import { systemRandom } from '../../node/random.ts';
import type { Log } from '../../ports/log.ts';
import { connectRedis, parseRedisUrl, type RedisAddress, type RedisConnection } from './redis-connection.ts';
import { RedisSwarms } from './redis-swarms.ts';
import type { Share, ShareStatistics } from './share.ts';

/** Words wait this long for others, to go together. */
const FLUSH_MS = 100;
/** After a refusal. */
const PAUSE_MS = 1000;
const MAX_BATCH = 5000;
/** Words that wait while Redis is away, about 60 MB. */
const JOURNAL_CAPACITY = 200_000;
/** Swarms of one step of a comparison, between which announces are served. */
const PUSH_BYTES = 64 * 1024;

export interface RedisShareDeps {
  readonly local: SwarmTable;
  readonly lifetimeMs: Millis;
  readonly now: () => Millis;
  readonly log: Log;
}

/** `url`: see parseRedisUrl(). */
export function createRedisShare(url: string, deps: RedisShareDeps): Share {
  return new RedisShare(url, deps);
}

class RedisShare implements Share {
  readonly store: SharedStore;
  readonly #address: RedisAddress;
  readonly #deps: RedisShareDeps;
  readonly #journal: Journal = new Journal(JOURNAL_CAPACITY);
  readonly #sender: Uint8Array = systemRandom.bytes(SENDER_BYTES);
  #writer: RedisConnection | undefined;
  #follower: RedisConnection | undefined;
  #swarms: RedisSwarms | undefined;
  /** What to add to our clock to have the one of Redis. */
  #clockOffset: Millis;
  #state: ShareStatistics['state'] = 'away';
  #since: Millis;
  /** The connection was lost, or there was none: compare everything when it is there. */
  #stale = true;
  #timer: NodeJS.Timeout | undefined;
  #working: Promise<void> = Promise.resolve();
  #closed = false;
  #complaint = '';
  #losses = 0;
  /** Words that were sent and not yet acknowledged. */
  #inFlight = 0;
  #subscribed = false;
  readonly #counters = { sent: 0, received: 0, comparisons: 0 };

  constructor(url: string, deps: RedisShareDeps) {
    this.#address = parseRedisUrl(url);
    this.#deps = deps;
    this.#clockOffset = Date.now() - deps.now();
    this.#since = deps.now();
    this.store = new SharedStore(deps.local, {
      journal: this.#journal,
      toSharedTime: (now) => now + this.#clockOffset,
    });
  }

  async open(): Promise<void> {
    const { log, lifetimeMs } = this.#deps;
    const address = this.#address;
    const onLost = (): void => {
      this.#lose(address.shown);
    };
    const nothing = (): void => undefined;
    this.#writer = await connectRedis(address, { onReady: nothing, onLost }, log);
    this.#swarms = new RedisSwarms(this.#writer, { prefix: address.prefix, lifetimeMs });
    const { channel } = this.#swarms;
    const follower = await connectRedis(address, { onReady: nothing, onLost }, log);
    this.#follower = follower;
    this.#follow(channel);
    this.#later();
  }

  statistics(): ShareStatistics {
    return {
      state: this.#state,
      stateSeconds: Math.floor((this.#deps.now() - this.#since) / 1000),
      waiting: this.#journal.size + this.#inFlight,
      dropped: this.#journal.dropped,
      ...this.#counters,
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#working;
    if (this.#state === 'shared') await this.#step();
    this.#writer?.close();
    this.#follower?.close();
  }

  /** Subscriptions are renewed by the client after each loss. */
  #follow(channel: string): void {
    const follower = this.#follower;
    if (follower === undefined || this.#closed) return;
    follower
      .subscribe(channel, (message) => {
        this.#receive(message);
      })
      .then(
        () => (this.#subscribed = true),
        () =>
          setTimeout(() => {
            this.#follow(channel);
          }, 50).unref(),
      );
  }

  #later(delayMs: Millis = FLUSH_MS): void {
    if (this.#closed) return;
    this.#timer = setTimeout(() => {
      this.#working = this.#step().then((worked) => {
        this.#later(worked ? FLUSH_MS : PAUSE_MS);
      });
    }, delayMs);
    this.#timer.unref();
  }

  /** One round of work; false after a failure, which is a loss of Redis and nothing else. */
  async #step(): Promise<boolean> {
    if (this.#writer?.isReady !== true || this.#follower?.isReady !== true || !this.#subscribed) return true;
    try {
      if (this.#stale) await this.#compare();
      while (this.#journal.size > 0) await this.#flush();
      this.#complaint = '';
      return true;
    } catch (error) {
      this.#complain(error instanceof Error ? error.message : String(error));
      this.#stale = true;
      this.#enter('away');
      return false;
    }
  }

  /** What Redis refuses (a replica, no memory, no rights) is said once, not every second. */
  #complain(reason: string): void {
    if (reason !== this.#complaint) this.#deps.log.warn('the shared store fails', { reason });
    this.#complaint = reason;
  }

  async #flush(): Promise<void> {
    const swarms = this.#swarms;
    if (swarms === undefined) return;
    const batch = this.#journal.take(MAX_BATCH);
    this.#inFlight = batch.length;
    try {
      const downloadsOf = (infoHash: Uint8Array): number => this.store.downloadsOf(infoHash);
      await Promise.all([swarms.write(batch, downloadsOf), swarms.publish(encodeBatch(this.#sender, batch))]);
    } catch (error) {
      this.#journal.putBack(batch);
      throw error;
    } finally {
      this.#inFlight = 0;
    }
    this.#counters.sent += batch.length;
  }

  #receive(message: Uint8Array): void {
    try {
      const { sender, peers } = parseBatch(message);
      if (equalBytes(sender, this.#sender)) return;
      const now = this.#deps.now();
      for (const peer of peers) if (!this.#journal.has(peer)) this.store.replay(peer, now);
      this.#counters.received += peers.length;
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#deps.log.warn('a message of the shared store is not understood', { reason: error.message });
    }
  }

  /** Gives Redis all that is here, then takes all that is there: neither side may have missed anything after that. */
  async #compare(): Promise<void> {
    const { log, now } = this.#deps;
    const swarms = this.#swarms;
    if (swarms === undefined) return;
    this.#enter('comparing');
    const losses = this.#losses;
    this.#stale = false;
    this.#clockOffset = (await swarms.time()) - now();
    await this.#flush();
    await this.#push(swarms);
    for await (const records of swarms.read(this.#sharedNow()))
      for (const record of records) this.#takeIn(record);
    this.#counters.comparisons++;
    // A loss in the middle has said so already, and the next round begins again.
    if (this.#losses > losses) return;
    this.#enter('shared');
    log.info('swarms are shared', { waiting: this.#journal.size });
  }

  async #push(swarms: RedisSwarms): Promise<void> {
    const { local, now } = this.#deps;
    let out = new ByteWriter(PUSH_BYTES);
    for (let number = 0; number <= local.recordCount; number++) {
      const done = number === local.recordCount;
      if (!done) local.readSwarm(number, now(), out);
      if (out.length < PUSH_BYTES && !done) continue;
      await swarms.restore(parseSwarmRecords(out.finish(), this.#sharedNow()));
      out = new ByteWriter(PUSH_BYTES);
    }
  }

  #takeIn(record: SwarmRecord): void {
    const { local, now } = this.#deps;
    const here = record.peers.filter(({ flags }) => (flags & SHARED_GONE) === 0);
    const bytes = encodeSwarmRecord({ ...record, peers: here }, this.#sharedNow());
    if (here.length > 0 || record.downloads > 0) local.restoreSwarm(new ByteReader(bytes), now(), 0);
    for (const peer of record.peers) {
      if ((peer.flags & SHARED_GONE) !== 0 && !this.#journal.has(peer)) this.store.replay(peer, now());
    }
    this.#counters.received += record.peers.length;
  }

  #sharedNow(): Millis {
    return this.#deps.now() + this.#clockOffset;
  }

  #lose(address: string): void {
    if (this.#closed) return;
    this.#losses++;
    this.#stale = true;
    if (this.#state !== 'away')
      this.#deps.log.warn('the shared store is away: answering from memory', { address });
    this.#enter('away');
  }

  #enter(state: ShareStatistics['state']): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#since = this.#deps.now();
  }
}
