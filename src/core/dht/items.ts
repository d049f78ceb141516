// Items of arbitrary data (BEP 44): immutable ones named by their SHA-1, mutable ones by key and salt, signed with
// ed25519. The same checks serve the storing node and the reader.
import { encodeBencode } from '../bencode/encode.ts';
import { concatBytes, toHex, utf8Encode } from '../bytes/bytes.ts';
import type { BencodeValue } from '../bencode/decode.ts';
import type { Digests } from '../digests.ts';
import { LIMITS } from '../limits.ts';
import type { Millis } from '../time.ts';
import { KRPC_ERRORS } from './krpc.ts';

const ITEM_LIFE_MS = 2 * 60 * 60_000;
/** Of a value, bencoded, and of a salt (BEP 44). */
export const MAX_VALUE_BYTES = 1000;
export const MAX_SALT_BYTES = 64;

/** Checks an ed25519 signature; provided by the adapter. */
export type VerifySignature = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean;

export interface MutableParts {
  readonly key: Uint8Array;
  readonly salt: Uint8Array;
  readonly sequence: number;
  readonly signature: Uint8Array;
}

export interface DhtItem {
  readonly value: BencodeValue;
  readonly mutable: MutableParts | undefined;
}

export interface ItemDeps {
  readonly sha1: Digests['sha1'];
  readonly verify: VerifySignature;
}

/** Where an item lives: SHA-1 of the value, or of key and salt. */
export function itemTarget(item: DhtItem, sha1: Digests['sha1']): Uint8Array {
  if (item.mutable === undefined) return sha1(encodeBencode(item.value));
  return sha1(concatBytes([item.mutable.key, item.mutable.salt]));
}

/** The bytes that the signature of a mutable item covers (BEP 44). */
export function signedBytes(value: BencodeValue, salt: Uint8Array, sequence: number): Uint8Array {
  const prefix = salt.length === 0 ? [] : [utf8Encode('4:salt'), encodeBencode(salt)];
  return concatBytes([...prefix, utf8Encode(`3:seqi${String(sequence)}e1:v`), encodeBencode(value)]);
}

/** 0 when the item may be stored or believed, else the KRPC error code to answer with. */
export function checkItem(item: DhtItem, verify: VerifySignature): number {
  if (encodeBencode(item.value).length > MAX_VALUE_BYTES) return KRPC_ERRORS.valueTooBig;
  const parts = item.mutable;
  if (parts === undefined) return 0;
  if (parts.salt.length > MAX_SALT_BYTES) return KRPC_ERRORS.saltTooBig;
  if (parts.key.length !== 32 || parts.signature.length !== 64) return KRPC_ERRORS.badSignature;
  if (!Number.isSafeInteger(parts.sequence) || parts.sequence < 0) return KRPC_ERRORS.protocol;
  const message = signedBytes(item.value, parts.salt, parts.sequence);
  return verify(parts.key, message, parts.signature) ? 0 : KRPC_ERRORS.badSignature;
}

export class DhtItemStore {
  readonly #items = new Map<string, { readonly item: DhtItem; readonly at: Millis }>();
  readonly #deps: ItemDeps;

  constructor(deps: ItemDeps) {
    this.#deps = deps;
  }

  /** Stores a checked item; returns 0 or the KRPC error code. `cas` is the sequence number expected (BEP 44). */
  put(item: DhtItem, options: { readonly cas: number | undefined; readonly now: Millis }): number {
    const wrong = checkItem(item, this.#deps.verify);
    if (wrong !== 0) return wrong;
    const target = toHex(itemTarget(item, this.#deps.sha1));
    const known = this.#items.get(target)?.item;
    if (known?.mutable !== undefined && item.mutable !== undefined) {
      if (options.cas !== undefined && options.cas !== known.mutable.sequence) return KRPC_ERRORS.casMismatch;
      if (item.mutable.sequence < known.mutable.sequence) return KRPC_ERRORS.oldSequence;
      const same = toHex(encodeBencode(known.value)) === toHex(encodeBencode(item.value));
      if (item.mutable.sequence === known.mutable.sequence && !same) return KRPC_ERRORS.oldSequence;
    }
    this.#items.delete(target);
    this.#items.set(target, { item, at: options.now });
    const oldest = this.#items.keys().next();
    if (this.#items.size > LIMITS.dhtItems.value && oldest.done !== true) this.#items.delete(oldest.value);
    return 0;
  }

  get(target: Uint8Array): DhtItem | undefined {
    return this.#items.get(toHex(target))?.item;
  }

  expire(now: Millis): void {
    for (const [key, stored] of this.#items) {
      if (now - stored.at < ITEM_LIFE_MS) return;
      this.#items.delete(key);
    }
  }
}
