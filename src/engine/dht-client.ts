// What a program asks of the DHT beside peers: small items that anybody may store (BEP 44), and samples of the info
// hashes that nodes know (BEP 51).
import { decodeBencode, type BencodeValue } from '../core/bencode/decode.ts';
import { encodeBencode, type Encodable } from '../core/bencode/encode.ts';
import { concatBytes } from '../core/bytes/bytes.ts';
import { itemTarget, MAX_SALT_BYTES, MAX_VALUE_BYTES, signedBytes, type DhtItem } from '../core/dht/items.ts';
import { NODE_ID_LENGTH } from '../core/dht/node-id.ts';
import { SystemError, UsageError } from '../core/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { Digests } from '../ports/hasher.ts';
import type { Random } from '../ports/random.ts';
import type { DhtQuestion, LookupEnd } from './dht-driver.ts';
import type { SessionDht } from './dht-node.ts';

/** An Ed25519 key: 32 bytes, and signatures of 64. */
export interface ItemSigner {
  readonly publicKey: Uint8Array;
  readonly sign: (message: Uint8Array) => Uint8Array;
}

export interface MutableItem {
  readonly value: BencodeValue;
  /** Grows with each change. */
  readonly sequence: number;
  readonly signature: Uint8Array;
}

export interface MutableName {
  /** Tells the items of one key apart; at most 64 bytes. None by default. */
  readonly salt?: Uint8Array | undefined;
}

export interface PutMutableOptions extends MutableName {
  /** Default: one more than the item that is there has, or 1; then nothing newer is overwritten. */
  readonly sequence?: number | undefined;
}

export interface StoredItem {
  /** 20 bytes: where the item lives, and the name of an immutable one. */
  readonly target: Uint8Array;
  /** Of a mutable item. */
  readonly sequence: number | undefined;
  /** Nodes that took it, at most 8; 0 where all refused. Nodes forget it after two hours. */
  readonly stored: number;
}

export interface DhtSamples {
  /** 20 bytes each, without repetitions. */
  readonly infoHashes: readonly Uint8Array[];
  /** Nodes near the target that answered. */
  readonly nodes: number;
}

/** A DHT node to read and write items with. Every method rejects with SystemError DHT_UNREACHABLE where no node answers, DHT_CLOSED. */
export interface Dht {
  /** UDP port. */
  readonly port: number;
  /** Nodes in its routing tables. */
  nodes(): { readonly v4: number; readonly v6: number };
  /** The value whose bencoding has this SHA-1 (20 bytes), checked; undefined where no node has it (BEP 44). */
  getImmutable(target: Uint8Array): Promise<BencodeValue | undefined>;
  /** The newest item that the key (32 bytes) has signed, checked; undefined where no node has one (BEP 44). */
  getMutable(publicKey: Uint8Array, name?: MutableName): Promise<MutableItem | undefined>;
  /** Stores a value of at most 1000 bytes, bencoded (BEP 44). Rejects with UsageError DHT_VALUE_TOO_BIG. */
  putImmutable(value: Encodable): Promise<StoredItem>;
  /**
   * Signs and stores a value (BEP 44). Rejects with UsageError DHT_VALUE_TOO_BIG, DHT_SALT_TOO_BIG, DHT_SEQUENCE or
   * SystemError DHT_ITEM_NEWER, where somebody with the same key has stored a newer one.
   */
  putMutable(signer: ItemSigner, value: Encodable, options?: PutMutableOptions): Promise<StoredItem>;
  /** Info hashes that the nodes near a target know (BEP 51); a random target by default. */
  sample(target?: Uint8Array): Promise<DhtSamples>;
  close(): Promise<void>;
}

export interface DhtClientDeps {
  readonly node: SessionDht;
  readonly clock: Clock;
  readonly random: Random;
  readonly digests: Digests;
}

export interface DhtClientOptions {
  /** Milliseconds that nodes have to answer at all. */
  readonly patienceMs: number;
}

/** With fewer answers than this the search has not seen its neighbourhood: it is made again, so often. */
const ENOUGH_ANSWERS = 4;
const MAX_TRIES = 2;
const RETRY_FIRST_MS = 100;
const RETRY_LAST_MS = 2_000;
const NO_SALT = new Uint8Array(0);

/** The searches of a `Dht`; its owner opens and closes the node. */
export class DhtClient implements Omit<Dht, 'port' | 'close'> {
  readonly #deps: DhtClientDeps;
  readonly #patienceMs: number;
  #isClosed = false;

  constructor(options: DhtClientOptions, deps: DhtClientDeps) {
    this.#deps = deps;
    this.#patienceMs = options.patienceMs;
  }

  nodes(): { readonly v4: number; readonly v6: number } {
    const { nodes, nodesV6 } = this.#deps.node.snapshot();
    return { v4: nodes, v6: nodesV6 };
  }

  /** Searches under way reject with SystemError DHT_CLOSED within two seconds. */
  close(): void {
    this.#isClosed = true;
  }

  async getImmutable(target: Uint8Array): Promise<BencodeValue | undefined> {
    mustHave(target, NODE_ID_LENGTH, 'a target');
    return (await this.#find(target, NO_SALT))?.value;
  }

  async getMutable(
    publicKey: Uint8Array,
    { salt = NO_SALT }: MutableName = {},
  ): Promise<MutableItem | undefined> {
    mustHave(publicKey, 32, 'a public key');
    mustBeSalt(salt);
    const target = this.#deps.digests.sha1(concatBytes([publicKey, salt]));
    const item = await this.#find(target, salt);
    if (item?.mutable === undefined) return undefined;
    const { sequence, signature } = item.mutable;
    return { value: item.value, sequence, signature };
  }

  async putImmutable(value: Encodable): Promise<StoredItem> {
    const { target, stored } = await this.#put({ value: storable(value), mutable: undefined });
    return { target, stored, sequence: undefined };
  }

  async putMutable(
    signer: ItemSigner,
    value: Encodable,
    options: PutMutableOptions = {},
  ): Promise<StoredItem> {
    const { salt = NO_SALT } = options;
    mustBeSalt(salt);
    const stored = storable(value);
    const key = signer.publicKey;
    const cas = options.sequence === undefined ? (await this.getMutable(key, { salt }))?.sequence : undefined;
    const sequence = options.sequence ?? (cas ?? 0) + 1;
    if (!Number.isSafeInteger(sequence) || sequence < 0)
      throw new UsageError('DHT_SEQUENCE', 'a sequence number is a whole number from 0 on');
    const signature = signer.sign(signedBytes(stored, salt, sequence));
    const end = await this.#put({ value: stored, mutable: { key, salt, sequence, signature } }, cas);
    if (end.stored === 0 && end.outdated > 0)
      throw new SystemError('DHT_ITEM_NEWER', 'a newer item of this key is stored; read it and put again');
    return { target: end.target, stored: end.stored, sequence };
  }

  async sample(target: Uint8Array = this.#deps.random.bytes(NODE_ID_LENGTH)): Promise<DhtSamples> {
    mustHave(target, NODE_ID_LENGTH, 'a target');
    const found = new Map<string, Uint8Array>();
    const onSamples = (infoHashes: readonly Uint8Array[]): void => {
      for (const hash of infoHashes) found.set(hash.join(), hash);
    };
    const { answered } = await this.#ask(
      { goal: { kind: 'sample', target }, onSamples },
      () => found.size > 0,
    );
    return { infoHashes: [...found.values()], nodes: answered };
  }

  /** An immutable item as soon as one node has it; of mutable ones the newest. */
  async #find(target: Uint8Array, salt: Uint8Array): Promise<DhtItem | undefined> {
    let found: DhtItem | undefined;
    let onImmutable: ((item: DhtItem) => void) | undefined;
    const first = new Promise<DhtItem>((resolve) => {
      onImmutable = resolve;
    });
    const onItem = (item: DhtItem): void => {
      found = item;
      if (item.mutable === undefined) onImmutable?.(item);
    };
    const question: DhtQuestion = { goal: { kind: 'get-item', target, salt }, onItem };
    const all = this.#ask(question, () => found !== undefined).then(() => found);
    return Promise.race([first, all]);
  }

  async #put(item: DhtItem, cas?: number): Promise<LookupEnd & { readonly target: Uint8Array }> {
    const target = itemTarget(item, this.#deps.digests.sha1);
    const isSettled = ({ stored, outdated }: LookupEnd): boolean => stored + outdated > 0;
    return { ...(await this.#ask({ goal: { kind: 'put-item', item, cas } }, isSettled)), target };
  }

  /** Again while nobody answers, as right after the start, and a few times while few do. */
  async #ask(question: DhtQuestion, isSettled: (end: LookupEnd) => boolean): Promise<LookupEnd> {
    const { node, clock } = this.#deps;
    const deadline = clock.now() + this.#patienceMs;
    let tries = 0;
    for (let pause = RETRY_FIRST_MS; ; pause = Math.min(2 * pause, RETRY_LAST_MS)) {
      if (this.#isClosed) throw new SystemError('DHT_CLOSED', 'the DHT node was closed');
      const end = await node.ask(question);
      if (end.answered > 0) tries++;
      if (isSettled(end) || end.answered >= ENOUGH_ANSWERS || tries >= MAX_TRIES) return end;
      if (clock.now() + pause > deadline) {
        if (tries > 0) return end;
        throw new SystemError(
          'DHT_UNREACHABLE',
          'no node of the DHT answers; let UDP out of the firewall, or name a node to begin with',
        );
      }
      await new Promise<void>((resolve) => clock.schedule(pause, resolve));
    }
  }
}

/** As it comes back from other nodes. Throws UsageError DHT_VALUE_TOO_BIG. */
function storable(value: Encodable): BencodeValue {
  const bytes = encodeBencode(value);
  if (bytes.length <= MAX_VALUE_BYTES) return decodeBencode(bytes);
  throw new UsageError(
    'DHT_VALUE_TOO_BIG',
    `an item has ${String(MAX_VALUE_BYTES)} bytes at most, and this has ${String(bytes.length)} with its bencoding`,
  );
}

function mustBeSalt(salt: Uint8Array): void {
  if (salt.length > MAX_SALT_BYTES)
    throw new UsageError('DHT_SALT_TOO_BIG', `a salt has ${String(MAX_SALT_BYTES)} bytes at most`);
}

function mustHave(bytes: Uint8Array, length: number, what: string): void {
  if (bytes.length !== length) throw new UsageError('DHT_NAME_LENGTH', `${what} has ${String(length)} bytes`);
}
