// A DHT node (BEP 5, 32, 33, 42, 43, 44, 51) as a machine: handle(input, now), poll() effects until undefined, call
// again with `tick` when nextTimeout() is due. One id for both address families, a routing table for each.
import type { PeerAddress } from '../address.ts';
import type { Encodable } from '../bencode/encode.ts';
import { getBytes, getList } from '../bencode/fields.ts';
import type { BencodeDict } from '../bencode/decode.ts';
import { equalBytes } from '../bytes/bytes.ts';
import { assertNever } from '../invariant.ts';
import { earliest, type Millis } from '../time.ts';
import { ProtocolError } from '../errors.ts';
import { ExternalAddress } from './external-address.ts';
import type { DhtEffect, DhtInput } from './inputs.ts';
import { checkItem, itemTarget, type DhtItem, type ItemDeps } from './items.ts';
import {
  encodeQuery,
  KRPC_ERRORS,
  parseCompactAddress,
  parseCompactNodes,
  parseKrpc,
  type DhtNode,
  type KrpcMessage,
} from './krpc.ts';
import { compareDistance, isSecureNodeId, NODE_ID_LENGTH, secureNodeId } from './node-id.ts';
import { itemFrom, Responder } from './responder.ts';
import { K, RoutingTable } from './routing-table.ts';
import {
  createSearch,
  goalQuery,
  goalTarget,
  isNewer,
  lookupKeyOf,
  storeQuery,
  type Goal,
  type Search,
} from './searches.ts';
import { Transactions, type PendingQuery } from './transactions.ts';

export interface DhtOptions {
  /** 20 bytes to go on with an earlier identity; random without. */
  readonly nodeId?: Uint8Array | undefined;
  /** BEP 43: ask, but answer nobody. */
  readonly readOnly?: boolean | undefined;
}

export interface DhtDeps extends ItemDeps {
  readonly random: () => number;
  readonly randomBytes: (length: number) => Uint8Array;
}

export interface DhtSnapshot {
  readonly nodeId: Uint8Array;
  readonly nodes: number;
  readonly nodesV6: number;
  readonly searches: number;
  readonly swarmsStored: number;
}

/** Undefined context: a ping or a store that belongs to no search step. */
interface Context {
  readonly search: Search | undefined;
  readonly purpose: 'step' | 'store' | 'ping';
}

const HOUSEKEEPING_MS = 60_000;
/** Bootstrap addresses whose answer starts a search for our own id. */
const MAX_PINGS_PER_ROUND = 8;
const MAX_SEARCHES = 256;

export class Dht {
  readonly #deps: DhtDeps;
  readonly #readOnly: boolean;
  readonly #effects: DhtEffect[] = [];
  readonly #transactions: Transactions<Context>;
  readonly #responder: Responder;
  readonly #searches = new Set<Search>();
  readonly #external = new ExternalAddress();
  #id: Uint8Array;
  #tables: { readonly v4: RoutingTable; readonly v6: RoutingTable };
  #housekeepingAt: Millis;
  #bootstrapped = false;

  constructor(options: DhtOptions, deps: DhtDeps, now: Millis) {
    this.#deps = deps;
    this.#readOnly = options.readOnly ?? false;
    this.#id = options.nodeId?.slice() ?? deps.randomBytes(NODE_ID_LENGTH);
    this.#tables = { v4: new RoutingTable(this.#id, now), v6: new RoutingTable(this.#id, now) };
    this.#transactions = new Transactions(deps.random);
    this.#housekeepingAt = now + HOUSEKEEPING_MS;
    this.#responder = new Responder(
      { ...deps, ownId: () => this.#id, closest: (target, family) => this.#table(family).closest(target) },
      now,
    );
  }

  handle(input: DhtInput, now: Millis): void {
    switch (input.kind) {
      case 'packet':
        this.#receive(input, now);
        break;
      case 'bootstrap':
        for (const address of input.addresses) this.#askAddress(address, now);
        break;
      case 'restore':
        for (const node of input.nodes) this.#tableOf(node.address).hear(node, now);
        this.#start({ kind: 'refresh' }, this.#id, now);
        break;
      case 'find-peers':
      case 'get-item':
      case 'put-item':
      case 'sample':
        this.#start(input, goalTarget(input, this.#deps.sha1), now);
        break;
      case 'tick':
        break;
      default:
        assertNever(input);
    }
    this.#expire(now);
  }

  poll(): DhtEffect | undefined {
    return this.#effects.shift();
  }

  nextTimeout(): Millis {
    return earliest(this.#transactions.nextTimeout(), this.#housekeepingAt) ?? this.#housekeepingAt;
  }

  snapshot(): DhtSnapshot {
    return {
      nodeId: this.#id,
      nodes: this.#tables.v4.size,
      nodesV6: this.#tables.v6.size,
      searches: this.#searches.size,
      swarmsStored: this.#responder.peers.size,
    };
  }

  /** Good nodes of both families, to be given to `restore` by the next run. */
  nodes(): DhtNode[] {
    return [...this.#tables.v4.nodes(), ...this.#tables.v6.nodes()];
  }

  #receive(input: Extract<DhtInput, { kind: 'packet' }>, now: Millis): void {
    const message = tryParse(input.data);
    if (message === undefined) return;
    if (message.kind === 'query') {
      this.#answer(message, input.from, now);
      return;
    }
    const query = this.#transactions.settle(message.transaction, input.from);
    if (query === undefined) return;
    if (message.kind === 'error') {
      this.#refused(query, now, message.code);
      return;
    }
    this.#observe(input.from, message.observed, now);
    const node: DhtNode = { id: message.id, address: input.from };
    this.#tableOf(input.from).confirm(node, now);
    this.#answered(query, { node, values: message.values }, now);
  }

  #answer(query: Extract<KrpcMessage, { kind: 'query' }>, from: PeerAddress, now: Millis): void {
    if (this.#readOnly) return;
    const data = this.#responder.answer(query, { from, now });
    if (data === undefined) return;
    this.#effects.push({ kind: 'send', data, to: from });
    if (!query.readOnly) this.#tableOf(from).hear({ id: query.id, address: from }, now);
  }

  #answered(query: PendingQuery<Context>, answer: Answer, now: Millis): void {
    const { search, purpose } = query.context;
    if (purpose === 'ping') this.#bootstrap(answer, now);
    if (search === undefined || !this.#searches.has(search)) return;
    if (purpose === 'store') {
      search.stored++;
      search.storing--;
    } else {
      const token = getBytes(answer.values, 'token');
      const trusted = isSecureNodeId(answer.node.id, answer.node.address.ip);
      // BEP 42: nothing is stored on a node whose id does not fit its address.
      search.lookup.answered(query.nodeId ?? answer.node.id, trusted ? token : undefined);
      search.lookup.add(nodesIn(answer.values).filter(({ id }) => !equalBytes(id, this.#id)));
      this.#harvest(search, answer.values);
    }
    this.#advance(search, now);
  }

  /** The first answer to a bootstrap address starts the search for our own id, which fills the table. */
  #bootstrap(answer: Answer, now: Millis): void {
    for (const node of nodesIn(answer.values)) this.#tableOf(node.address).hear(node, now);
    if (this.#bootstrapped) return;
    this.#bootstrapped = true;
    this.#start({ kind: 'refresh' }, this.#id, now);
  }

  #harvest(search: Search, values: BencodeDict): void {
    const { goal } = search;
    if (goal.kind === 'find-peers') {
      const peers = (getList(values, 'values') ?? []).slice(0, MAX_VALUES_TAKEN).flatMap((value) => {
        const address = value instanceof Uint8Array ? parseCompactAddress(value) : undefined;
        return address === undefined ? [] : [address];
      });
      if (peers.length > 0) this.#effects.push({ kind: 'peers', lookup: goal.lookup, peers });
    } else if (goal.kind === 'get-item') {
      this.#offer(search, goal, itemFrom(values, goal.salt));
    } else if (goal.kind === 'sample') {
      const samples = getBytes(values, 'samples') ?? new Uint8Array(0);
      const infoHashes: Uint8Array[] = [];
      for (let at = 0; at + 20 <= samples.length; at += 20) infoHashes.push(samples.slice(at, at + 20));
      if (infoHashes.length > 0) this.#effects.push({ kind: 'samples', lookup: goal.lookup, infoHashes });
    }
  }

  /** What we keep ourselves, or another says that it keeps. */
  #offer(search: Search, goal: Extract<Goal, { kind: 'get-item' }>, item: DhtItem | undefined): void {
    if (item === undefined || !isNewer(item, search.item)) return;
    // BEP 44: the reader checks target and signature itself.
    if (compareDistance(goal.target, itemTarget(item, this.#deps.sha1), goal.target) !== 0) return;
    if (checkItem(item, this.#deps.verify) !== 0) return;
    search.item = item;
    this.#effects.push({ kind: 'item', lookup: goal.lookup, item });
  }

  /** An error, or no answer (without a code). */
  #refused(query: PendingQuery<Context>, now: Millis, code?: number): void {
    const { search, purpose } = query.context;
    if (search === undefined || !this.#searches.has(search)) return;
    if (purpose === 'store') {
      search.storing--;
      if (code === KRPC_ERRORS.casMismatch || code === KRPC_ERRORS.oldSequence) search.outdated++;
    } else if (query.nodeId !== undefined) search.lookup.failed(query.nodeId);
    this.#advance(search, now);
  }

  #start(goal: Goal, target: Uint8Array, now: Millis): void {
    if (this.#searches.size >= MAX_SEARCHES) {
      const key = lookupKeyOf(goal);
      if (key !== undefined)
        this.#effects.push({ kind: 'lookup-done', lookup: key, answered: 0, stored: 0, outdated: 0 });
      return;
    }
    const start = [...this.#tables.v4.closest(target, 2 * K), ...this.#tables.v6.closest(target, 2 * K)];
    const search = createSearch(goal, target, start);
    this.#searches.add(search);
    if (goal.kind === 'get-item') this.#offer(search, goal, this.#responder.item(goal.target));
    this.#advance(search, now);
  }

  #advance(search: Search, now: Millis): void {
    if (search.phase === 'searching') {
      for (let node = search.lookup.next(); node !== undefined; node = search.lookup.next()) {
        this.#query(
          { to: node.address, nodeId: node.id, context: { search, purpose: 'step' } },
          goalQuery(search),
          now,
        );
      }
      if (!search.lookup.isDone) return;
      search.phase = 'storing';
      this.#store(search, now);
    }
    if (search.storing > 0) return;
    this.#searches.delete(search);
    const lookup = lookupKeyOf(search.goal);
    if (lookup === undefined) return;
    const answered = search.lookup.closest().length;
    const { stored, outdated } = search;
    this.#effects.push({ kind: 'lookup-done', lookup, answered, stored, outdated });
  }

  #store(search: Search, now: Millis): void {
    for (const { node, token } of search.lookup.closest()) {
      const query = token === undefined ? undefined : storeQuery(search.goal, token);
      if (query === undefined) continue;
      search.storing++;
      this.#query({ to: node.address, nodeId: node.id, context: { search, purpose: 'store' } }, query, now);
    }
  }

  #askAddress(to: PeerAddress, now: Millis): void {
    const context: Context = { search: undefined, purpose: 'ping' };
    this.#query({ to, nodeId: undefined, context }, { method: 'find_node', args: { target: this.#id } }, now);
  }

  #query(query: PendingQuery<Context>, what: KrpcQuery, now: Millis): void {
    const transaction = this.#transactions.open(query, now);
    const args = { id: this.#id, ...what.args, ...(isLookup(what.method) ? { want: ['n4', 'n6'] } : {}) };
    const data = encodeQuery({ transaction, method: what.method, args, readOnly: this.#readOnly });
    this.#effects.push({ kind: 'send', data, to: query.to });
  }

  #observe(voter: PeerAddress, seen: PeerAddress | undefined, now: Millis): void {
    const agreed = seen === undefined ? undefined : this.#external.vote(voter, seen);
    if (agreed === undefined) return;
    this.#effects.push({ kind: 'external-address', address: agreed });
    if (isSecureNodeId(this.#id, agreed.ip)) return;
    const known = this.nodes();
    this.#id = secureNodeId(agreed.ip, this.#deps.randomBytes(NODE_ID_LENGTH));
    this.#tables = { v4: new RoutingTable(this.#id, now), v6: new RoutingTable(this.#id, now) };
    for (const node of known) this.#tableOf(node.address).hear(node, now);
    this.#start({ kind: 'refresh' }, this.#id, now);
  }

  #expire(now: Millis): void {
    for (const query of this.#transactions.expire(now)) {
      if (query.nodeId !== undefined) this.#tableOf(query.to).fail(query.nodeId);
      this.#refused(query, now);
    }
    if (now < this.#housekeepingAt) return;
    this.#housekeepingAt = now + HOUSEKEEPING_MS;
    this.#responder.expire(now);
    for (const table of [this.#tables.v4, this.#tables.v6]) {
      for (const node of table.questionable(now).slice(0, MAX_PINGS_PER_ROUND)) {
        const context: Context = { search: undefined, purpose: 'ping' };
        this.#query({ to: node.address, nodeId: node.id, context }, { method: 'ping', args: {} }, now);
      }
      const stale = table.staleTarget(now, this.#deps.randomBytes(NODE_ID_LENGTH));
      if (stale !== undefined) this.#start({ kind: 'refresh' }, stale, now);
    }
  }

  #tableOf(address: PeerAddress): RoutingTable {
    return this.#table(address.ip.includes(':') ? 6 : 4);
  }

  #table(family: 4 | 6): RoutingTable {
    return family === 4 ? this.#tables.v4 : this.#tables.v6;
  }
}

interface KrpcQuery {
  readonly method: string;
  readonly args: Record<string, Encodable | undefined>;
}

interface Answer {
  readonly node: DhtNode;
  readonly values: BencodeDict;
}

/** Peers taken from one answer; a datagram cannot honestly hold more. */
const MAX_VALUES_TAKEN = 200;

function nodesIn(values: BencodeDict): DhtNode[] {
  const v4 = getBytes(values, 'nodes');
  const v6 = getBytes(values, 'nodes6');
  return [...(v4 ? parseCompactNodes(v4, 4) : []), ...(v6 ? parseCompactNodes(v6, 6) : [])];
}

function isLookup(method: string): boolean {
  return method === 'find_node' || method.startsWith('get') || method === 'sample_infohashes';
}

/** The packet is copied first: its buffer is the driver's again once handle() returns. */
function tryParse(packet: Uint8Array): KrpcMessage | undefined {
  try {
    return parseKrpc(packet.slice());
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}
