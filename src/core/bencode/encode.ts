// bencode, values to bytes (BEP 3). Always canonical: keys sorted bytewise, one way to write each value.
import { latin1Decode, utf8Encode } from '../bytes/bytes.ts';
import { UsageError } from '../errors.ts';
import { isDict, isSorted } from './dict.ts';
import { Output } from './output.ts';

/**
 * What can be written. A string is text and goes out as UTF-8, as do the keys of a plain object. The keys of a Map are
 * bytes, one character each, as `decodeBencode` gives them. Members that are `undefined` are left out.
 */
export type Encodable =
  | number
  | bigint
  | string
  | Uint8Array
  | readonly Encodable[]
  | ReadonlyMap<string, Encodable | undefined>
  | EncodableObject;

export interface EncodableObject {
  readonly [key: string]: Encodable | undefined;
}

const DICT = 0x64;
const END = 0x65;
const INTEGER = 0x69;
const LIST = 0x6c;

/**
 * Writes a value; throws UsageError for a number that is no safe integer and for a Map key that is not bytes.
 * @example encodeBencode({ length: 1, name: 'a.txt' }) // d6:lengthi1e4:name5:a.txte
 */
export function encodeBencode(value: Encodable): Uint8Array {
  const output = new Output();
  write(output, value);
  return output.finish();
}

function write(output: Output, value: Encodable): void {
  if (typeof value === 'number' || typeof value === 'bigint') {
    writeInteger(output, value);
  } else if (typeof value === 'string') {
    output.string(utf8Encode(value));
  } else if (value instanceof Uint8Array) {
    output.string(value);
  } else if (isList(value)) {
    output.u8(LIST);
    for (const item of value) write(output, item);
    output.u8(END);
  } else {
    output.u8(DICT);
    if (isSorted(value)) value.forEach((member, key) => writeMember(output, key, member));
    else for (const [key, member] of sortedMembers(value)) writeMember(output, key, member);
    output.u8(END);
  }
}

function writeMember(output: Output, key: string, member: Encodable | undefined): void {
  if (member === undefined) return;
  output.key(key);
  write(output, member);
}

function writeInteger(output: Output, value: number | bigint): void {
  if (typeof value === 'number' && !Number.isSafeInteger(value)) {
    throw new UsageError('BENCODE_NOT_INTEGER', `bencode has no form for ${String(value)}`);
  }
  output.u8(INTEGER).decimal(value).u8(END);
}

/** The members in the order of their keys as bytes. */
function sortedMembers(
  dict: ReadonlyMap<string, Encodable | undefined> | EncodableObject,
): [string, Encodable | undefined][] {
  const members = isMap(dict) ? [...dict] : textMembers(dict);
  return members.sort(([a], [b]) => (a < b ? -1 : 1));
}

/** The members with their keys as bytes. */
function textMembers(object: EncodableObject): [string, Encodable | undefined][] {
  const members: [string, Encodable | undefined][] = [];
  for (const key of Object.keys(object)) members.push([bytesOfKey(key), object[key]]);
  return members;
}

/** One character for each byte. Nearly all keys are ASCII, and are that already. */
function bytesOfKey(key: string): string {
  for (let i = 0; i < key.length; i++) if (key.charCodeAt(i) > 0x7f) return latin1Decode(utf8Encode(key));
  return key;
}

function isList(value: Encodable): value is readonly Encodable[] {
  return Array.isArray(value);
}

function isMap(
  value: ReadonlyMap<string, Encodable | undefined> | EncodableObject,
): value is ReadonlyMap<string, Encodable | undefined> {
  return isDict(value);
}
