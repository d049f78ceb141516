// The operator's desk: looks at what is published once a second, hears each announce, keeps books and history.
// Law: it only watches. Whatever fails here (a full disk at worst) is logged, and publishing goes on.
import { formatAddress, formatIp } from '../../core/address.ts';
import { toHex, utf8Encode } from '../../core/bytes/bytes.ts';
import type { AnnounceQuery } from '../../core/tracker/announce-query.ts';
import type { AccessControl } from '../../core/tracker/policy.ts';
import { nodeDigests } from '../../node/digests.ts';
import type { Log } from '../../ports/log.ts';
import type { StateStore } from '../../ports/storage.ts';
import type { PublishedItem } from '../item.ts';
import { addAccounts, decodeBooks, encodeBooks, NOTHING, type Account } from './books.ts';
import { History } from './history.ts';
import { Readers } from './readers.ts';

/** One thing that is published, and what is served of it: the newest version first. */
export interface WatchedItem {
  /** Its name in the API. */
  readonly key: string;
  /** Text of unknown origin. */
  readonly title: string;
  readonly page: string;
  readonly isPrivate: boolean;
  readonly versions: readonly PublishedItem[];
}

/** An item's numbers at one moment. Rates are bytes a second. */
export interface ItemNumbers {
  readonly connected: number;
  readonly seeders: number;
  readonly leechers: number;
  readonly toPeers: number;
  readonly directly: number;
}

export interface DeskOptions {
  /** Books of different publications in one store are kept apart by this. */
  readonly name: string;
  readonly store: StateStore;
  readonly items: () => readonly WatchedItem[];
  readonly log: Log;
}

interface Seen {
  readonly uploaded: number;
  readonly directly: number;
}

const LOOK_MS = 1000;
const SAVE_MS = 60_000;

export class OperatorDesk {
  readonly history: History = new History();
  /** Every announce that our tracker lets pass is heard here. */
  readonly announces: AccessControl;
  readonly #readers = new Readers();
  readonly #accounts = new Map<string, Account>();
  readonly #seen = new WeakMap<PublishedItem, Seen>();
  /** What `Readers` had counted of each item at the last look. */
  readonly #told = new Map<string, Pick<Account, 'delivered' | 'finished'>>();
  readonly #byHash = new Map<string, { readonly key: string; readonly length: number }>();
  #numbers: ReadonlyMap<string, ItemNumbers> = new Map();
  #total: Account = NOTHING;
  #since = Math.floor(Date.now() / 1000);
  #options: DeskOptions | undefined;
  #timer: NodeJS.Timeout | undefined;
  #savedAt = performance.now();

  constructor() {
    this.announces = {
      check: () => undefined,
      account: (query) => {
        this.#hear(query);
      },
    };
  }

  /** Opens the books and begins to look. */
  async open(options: DeskOptions): Promise<void> {
    this.#options = options;
    await this.#restore(options);
    this.look();
    this.#timer = setInterval(() => {
      this.look();
      if (performance.now() - this.#savedAt >= SAVE_MS) void this.#save();
    }, LOOK_MS);
    this.#timer.unref();
  }

  /** Seconds since 1970 at which the books were opened. */
  get since(): number {
    return this.#since;
  }

  get items(): readonly WatchedItem[] {
    return this.#options?.items() ?? [];
  }

  /** All items, those that are not published any more included. */
  get total(): Account {
    return this.#total;
  }

  account(key: string): Account {
    return this.#accounts.get(key) ?? NOTHING;
  }

  /** As of the last look. */
  numbers(key: string): ItemNumbers {
    return this.#numbers.get(key) ?? IDLE;
  }

  /** Sums of all items. */
  totalNumbers(): ItemNumbers {
    return [...this.#numbers.values()].reduce(addNumbers, IDLE);
  }

  /** Takes everything into the books; the last look is to come before items are closed. */
  look(): void {
    const numbers = new Map<string, ItemNumbers>();
    this.#byHash.clear();
    for (const item of this.items) numbers.set(item.key, this.#lookAt(item));
    this.#numbers = numbers;
    const now = this.totalNumbers();
    const { delivered, toPeers, directly } = this.#total;
    this.history.add({ ...now, delivered, paid: toPeers + directly }, Date.now() / 1000);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    if (this.#options === undefined) return;
    this.look();
    await this.#save();
    this.#options = undefined;
  }

  #lookAt(item: WatchedItem): ItemNumbers {
    let sum = IDLE;
    for (const version of item.versions) {
      const status = version.status();
      for (const hash of version.hashes) {
        this.#byHash.set(hash, { key: item.key, length: status.length });
      }
      const now: Seen = {
        uploaded: status.uploaded,
        directly: version.direct.sent,
      };
      const before = this.#seen.get(version) ?? { ...now, directly: 0 };
      this.#seen.set(version, now);
      if (status.connected > 0) this.#meet(item.key, version);
      const directRate = this.#serve(item.key, version);
      this.#enter(item.key, {
        ...this.#newlyTold(item.key),
        toPeers: Math.max(0, now.uploaded - before.uploaded),
        directly: now.directly - before.directly,
      });
      const { connected, seeders, leechers, uploadRate } = status;
      sum = addNumbers(sum, { connected, seeders, leechers, toPeers: uploadRate, directly: directRate });
    }
    return sum;
  }

  /** What peers have, as they say on the wire. */
  #meet(key: string, { torrent, metainfo: { length } }: PublishedItem): void {
    for (const peer of torrent.peers()) {
      const sighting = { item: key, length, peerId: peer.id, listens: peer.listens, ip: ipOf(peer.address) };
      const wire = { had: peer.progress * length, sent: peer.uploaded };
      this.#readers.see({ ...sighting, wire }, performance.now());
    }
  }

  /** Whole files that went to people who are no peers; answers the rate of all that goes over HTTP. */
  #serve(key: string, { direct }: PublishedItem): number {
    const now = performance.now();
    for (const { address, bytes } of direct.takeWhole()) {
      if (!this.#readers.isReading(key, address, now)) this.#enter(key, { ...NOTHING, delivered: bytes });
    }
    return direct.visitors().reduce((total, { rate }) => total + rate, 0);
  }

  #newlyTold(key: string): Pick<Account, 'delivered' | 'finished'> {
    const now = { delivered: this.#readers.gained(key), finished: this.#readers.finished(key) };
    const before = this.#told.get(key) ?? NOTHING;
    this.#told.set(key, now);
    return { delivered: now.delivered - before.delivered, finished: now.finished - before.finished };
  }

  #enter(key: string, entry: Account): void {
    if (entry.delivered + entry.toPeers + entry.directly + entry.finished === 0) return;
    this.#accounts.set(key, addAccounts(this.account(key), entry));
    this.#total = addAccounts(this.#total, entry);
  }

  /** What peers tell the tracker. */
  #hear(query: AnnounceQuery): void {
    const item = this.#byHash.get(toHex(query.infoHash));
    if (item === undefined) return;
    const ip = formatIp(query.address);
    const sighting = {
      ...{ item: item.key, length: item.length, ip, peerId: toHex(query.peerId) },
      listens: query.port === 0 ? '' : formatAddress({ ip, port: query.port }),
    };
    const { downloaded, event, seed } = query;
    const told = { downloaded, seed, finished: event === 'completed' };
    this.#readers.see({ ...sighting, told }, performance.now());
  }

  async #restore({ name, store, log }: DeskOptions): Promise<void> {
    const bytes = await store.load(keyOf(name));
    if (bytes === undefined) return;
    const books = decodeBooks(bytes);
    if (books === undefined) {
      log.warn('the operator’s books could not be read and begin anew', { name });
      return;
    }
    this.#since = books.since;
    for (const [key, account] of Object.entries(books.accounts)) {
      this.#accounts.set(key, account);
      this.#total = addAccounts(this.#total, account);
    }
    this.history.restore(books.history);
  }

  async #save(): Promise<void> {
    if (this.#options === undefined) return;
    const { name, store, log } = this.#options;
    this.#savedAt = performance.now();
    const books = {
      since: this.#since,
      accounts: Object.fromEntries(this.#accounts),
      history: this.history.save(),
    };
    try {
      await store.save(keyOf(name), encodeBooks(books));
    } catch (error) {
      log.error('the operator’s books could not be written', { reason: String(error) });
    }
  }
}

const IDLE: ItemNumbers = { connected: 0, seeders: 0, leechers: 0, toPeers: 0, directly: 0 };

function addNumbers(a: ItemNumbers, b: ItemNumbers): ItemNumbers {
  return {
    connected: a.connected + b.connected,
    seeders: a.seeders + b.seeders,
    leechers: a.leechers + b.leechers,
    toPeers: a.toPeers + b.toPeers,
    directly: a.directly + b.directly,
  };
}

function keyOf(name: string): string {
  return toHex(nodeDigests.sha256(utf8Encode(`operator ${name}`))).slice(0, 40);
}

/** Of `ip:port` or `[ip]:port`. */
function ipOf(address: string): string {
  return address.replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
}
