// Typed access to decoded dictionaries. A member that is absent and one of the wrong type look the same: undefined.
import { utf8Decode } from '../bytes/bytes.ts';
import { isDict } from './dict.ts';
import type { BencodeDict, BencodeValue } from './dict.ts';

export function dictOf(value: BencodeValue | undefined): BencodeDict | undefined {
  return isDict(value) ? value : undefined;
}

export function getDict(dict: BencodeDict, key: string): BencodeDict | undefined {
  return dictOf(dict.get(key));
}

export function getList(dict: BencodeDict, key: string): BencodeValue[] | undefined {
  const value = dict.get(key);
  return Array.isArray(value) ? value : undefined;
}

export function getBytes(dict: BencodeDict, key: string): Uint8Array | undefined {
  const value = dict.get(key);
  return value instanceof Uint8Array ? value : undefined;
}

/** A string as UTF-8 text; bytes that are no UTF-8 become U+FFFD. */
export function getText(dict: BencodeDict, key: string): string | undefined {
  return textOf(dict.get(key));
}

export function textOf(value: BencodeValue | undefined): string | undefined {
  return value instanceof Uint8Array ? utf8Decode(value) : undefined;
}

/** An integer that is safe as a number. */
export function getInt(dict: BencodeDict, key: string): number | undefined {
  const value = dict.get(key);
  return typeof value === 'number' ? value : undefined;
}
