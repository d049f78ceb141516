// The answering half of a DHT node: one query in, one datagram out. It never sends more than a bounded answer to the
// address that asked, and each address has a budget of queries, so that the node is no reflector.
import type { PeerAddress } from '../address.ts';
import { encodeCompactPeer } from '../address.ts';
import { fromHex, concatBytes, latin1Decode } from '../bytes/bytes.ts';
import { getBytes, getInt, getList } from '../bencode/fields.ts';
import type { Encodable } from '../bencode/encode.ts';
import type { BencodeDict } from '../bencode/decode.ts';
import type { Millis } from '../time.ts';
import { DhtItemStore, type DhtItem, type ItemDeps } from './items.ts';
import {
  encodeCompactNodes,
  encodeError,
  encodeResponse,
  KRPC_ERRORS,
  type DhtNode,
  type KrpcMessage,
} from './krpc.ts';
import { DhtPeerStore } from './peer-store.ts';
import { K } from './routing-table.ts';
import { WriteTokens } from './tokens.ts';

type Query = Extract<KrpcMessage, { kind: 'query' }>;
type Values = Record<string, Encodable | undefined>;

/** Queries an address may send in a burst and then each second. */
const BURST = 100;
const PER_SECOND = 20;
/** Bytes of answers to all askers together, in a burst and then each second: forged senders make no reflector of us. */
const ALL_BURST_BYTES = 1024 * 1024;
const ALL_BYTES_PER_SECOND = 64 * 1024;
/** Addresses whose budget is remembered. */
const MAX_BUDGETS = 10_000;
const MAX_VALUES = 50;
const MAX_SAMPLES = 20;
const SAMPLE_INTERVAL_SECONDS = 60;

export interface ResponderDeps extends ItemDeps {
  readonly random: () => number;
  readonly randomBytes: (length: number) => Uint8Array;
  readonly ownId: () => Uint8Array;
  readonly closest: (target: Uint8Array, family: 4 | 6) => readonly DhtNode[];
}

interface Asker {
  readonly from: PeerAddress;
  readonly now: Millis;
}

export class Responder {
  readonly #deps: ResponderDeps;
  readonly #tokens: WriteTokens;
  readonly #items: DhtItemStore;
  readonly #budgets = new Map<string, { left: number; at: Millis }>();
  readonly #all: { left: number; at: Millis };
  readonly peers: DhtPeerStore = new DhtPeerStore();

  constructor(deps: ResponderDeps, now: Millis) {
    this.#deps = deps;
    this.#tokens = new WriteTokens(deps.sha1, deps.randomBytes, now);
    this.#items = new DhtItemStore(deps);
    this.#all = { left: ALL_BURST_BYTES, at: now };
  }

  /** The datagram to answer with, or undefined when the asker or all of them together are over their budget. */
  answer(query: Query, asker: Asker): Uint8Array | undefined {
    if (!this.#spend(asker)) return undefined;
    const answer = this.#answer(query, asker);
    const all = this.#all;
    all.left = Math.min(ALL_BURST_BYTES, all.left + ((asker.now - all.at) / 1000) * ALL_BYTES_PER_SECOND);
    all.at = asker.now;
    if (all.left < answer.length) return undefined;
    all.left -= answer.length;
    return answer;
  }

  #answer(query: Query, asker: Asker): Uint8Array {
    switch (query.method) {
      case 'ping':
        return this.#reply(query, asker, {});
      case 'find_node':
        return this.#withTarget(query, asker, () => ({}));
      case 'get_peers':
        return this.#withTarget(query, asker, (hash) => this.#getPeers(query, hash, asker));
      case 'announce_peer':
        return this.#announce(query, asker);
      case 'get':
        return this.#withTarget(query, asker, (target) => this.#getItem(query, target, asker));
      case 'put':
        return this.#put(query, asker);
      case 'sample_infohashes':
        return this.#withTarget(query, asker, () => this.#sample());
      default:
        // BEP 5 forward compatibility: an unknown query with a target is answered as find_node.
        return targetOf(query.args) === undefined
          ? encodeError(query.transaction, KRPC_ERRORS.unknownMethod, 'unknown method')
          : this.#withTarget(query, asker, () => ({}));
    }
  }

  /** One that we keep for others. */
  item(target: Uint8Array): DhtItem | undefined {
    return this.#items.get(target);
  }

  expire(now: Millis): void {
    this.peers.expire(now);
    this.#items.expire(now);
  }

  #withTarget(query: Query, asker: Asker, values: (target: Uint8Array) => Values): Uint8Array {
    const target = targetOf(query.args);
    if (target?.length !== 20) {
      return encodeError(query.transaction, KRPC_ERRORS.protocol, 'a target must have 20 bytes');
    }
    return this.#reply(query, asker, { ...this.#nodes(query.args, target, asker), ...values(target) });
  }

  /** BEP 32: the families asked for by `want`, else the one that the packet came by. */
  #nodes(args: BencodeDict, target: Uint8Array, asker: Asker): Values {
    const want = (getList(args, 'want') ?? []).flatMap((w) =>
      w instanceof Uint8Array ? [latin1Decode(w)] : [],
    );
    const own = asker.from.ip.includes(':') ? 'n6' : 'n4';
    const wants = (name: string): boolean => (want.length === 0 ? own === name : want.includes(name));
    return {
      nodes: wants('n4') ? encodeCompactNodes(this.#deps.closest(target, 4).slice(0, K)) : undefined,
      nodes6: wants('n6') ? encodeCompactNodes(this.#deps.closest(target, 6).slice(0, K)) : undefined,
    };
  }

  #getPeers(query: Query, infoHash: Uint8Array, asker: Asker): Values {
    const scrape =
      getInt(query.args, 'scrape') === 1 ? this.peers.scrape(infoHash, this.#deps.sha1) : undefined;
    const values = this.peers.select(infoHash, {
      // BEP 33: filters take half a packet, so fewer values go with them.
      count: scrape === undefined ? MAX_VALUES : 10,
      family: asker.from.ip.includes(':') ? 6 : 4,
      noSeeds: getInt(query.args, 'noseed') === 1,
      random: this.#deps.random(),
    });
    return {
      token: this.#tokens.issue(asker.from, asker.now),
      values: values.length === 0 ? undefined : values.map(encodeCompactPeer),
      BFsd: scrape?.seeds,
      BFpe: scrape?.peers,
    };
  }

  #announce(query: Query, asker: Asker): Uint8Array {
    const infoHash = getBytes(query.args, 'info_hash');
    const implied = getInt(query.args, 'implied_port') === 1;
    const port = implied ? asker.from.port : getInt(query.args, 'port');
    if (infoHash?.length !== 20 || port === undefined || port < 1 || port > 65535) {
      return encodeError(query.transaction, KRPC_ERRORS.protocol, 'announce_peer needs info_hash and port');
    }
    if (!this.#hasToken(query, asker))
      return encodeError(query.transaction, KRPC_ERRORS.protocol, 'bad token');
    const seed = getInt(query.args, 'seed') === 1;
    this.peers.announce(infoHash, { ip: asker.from.ip, port }, { seed, now: asker.now });
    return this.#reply(query, asker, {});
  }

  #getItem(query: Query, target: Uint8Array, asker: Asker): Values {
    const token = this.#tokens.issue(asker.from, asker.now);
    const item = this.#items.get(target);
    if (item === undefined) return { token };
    const parts = item.mutable;
    if (parts === undefined) return { token, v: item.value };
    const known = getInt(query.args, 'seq');
    if (known !== undefined && parts.sequence <= known) return { token, seq: parts.sequence };
    return { token, k: parts.key, seq: parts.sequence, sig: parts.signature, v: item.value };
  }

  #put(query: Query, asker: Asker): Uint8Array {
    if (!this.#hasToken(query, asker))
      return encodeError(query.transaction, KRPC_ERRORS.protocol, 'bad token');
    const item = itemFrom(query.args, getBytes(query.args, 'salt') ?? new Uint8Array(0));
    if (item === undefined) return encodeError(query.transaction, KRPC_ERRORS.protocol, 'put needs v');
    const code = this.#items.put(item, { cas: getInt(query.args, 'cas'), now: asker.now });
    return code === 0 ? this.#reply(query, asker, {}) : encodeError(query.transaction, code, 'not stored');
  }

  #sample(): Values {
    const hashes = this.peers.sample(MAX_SAMPLES, this.#deps.random());
    return {
      interval: SAMPLE_INTERVAL_SECONDS,
      num: this.peers.size,
      samples: concatBytes(hashes.map(fromHex)),
    };
  }

  #hasToken(query: Query, asker: Asker): boolean {
    const token = getBytes(query.args, 'token');
    return token !== undefined && this.#tokens.isValid(token, asker.from, asker.now);
  }

  #reply(query: Query, asker: Asker, values: Values): Uint8Array {
    return encodeResponse(query.transaction, { id: this.#deps.ownId(), ...values }, asker.from);
  }

  #spend(asker: Asker): boolean {
    const budget = this.#budgets.get(asker.from.ip) ?? { left: BURST, at: asker.now };
    budget.left = Math.min(BURST, budget.left + ((asker.now - budget.at) / 1000) * PER_SECOND);
    budget.at = asker.now;
    this.#budgets.delete(asker.from.ip);
    this.#budgets.set(asker.from.ip, budget);
    const oldest = this.#budgets.keys().next();
    if (this.#budgets.size > MAX_BUDGETS && oldest.done !== true) this.#budgets.delete(oldest.value);
    if (budget.left < 1) return false;
    budget.left--;
    return true;
  }
}

/** The item in a `put` query or a `get` answer; undefined when there is none. */
export function itemFrom(dict: BencodeDict, salt: Uint8Array): DhtItem | undefined {
  const value = dict.get('v');
  if (value === undefined) return undefined;
  const key = getBytes(dict, 'k');
  const signature = getBytes(dict, 'sig');
  const sequence = getInt(dict, 'seq');
  if (key === undefined || signature === undefined || sequence === undefined)
    return { value, mutable: undefined };
  return { value, mutable: { key: key.slice(), salt: salt.slice(), sequence, signature: signature.slice() } };
}

function targetOf(args: BencodeDict): Uint8Array | undefined {
  return getBytes(args, 'info_hash') ?? getBytes(args, 'target');
}
