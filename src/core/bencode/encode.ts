// bencode, values to bytes (BEP 3). Always canonical: keys sorted bytewise, one way to write each value.
import { latin1Decode, latin1Encode, utf8Encode } from '../bytes/bytes.ts';
import { ByteWriter } from '../bytes/writer.ts';
import { UsageError } from '../errors.ts';

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

const COLON = 0x3a;
const DICT = 0x64;
const END = 0x65;
const INTEGER = 0x69;
const LIST = 0x6c;

/**
 * Writes a value; throws UsageError for a number that is no safe integer and for a Map key that is not bytes.
 * @example encodeBencode({ length: 1, name: 'a.txt' }) // d6:lengthi1e4:name5:a.txte
 */
export function encodeBencode(value: Encodable): Uint8Array {
  const writer = new ByteWriter(256);
  write(writer, value);
  return writer.finish();
}

function write(writer: ByteWriter, value: Encodable): void {
  if (value instanceof Uint8Array) {
    writeBytes(writer, value);
  } else if (typeof value === 'string') {
    writeBytes(writer, utf8Encode(value));
  } else if (typeof value === 'number' || typeof value === 'bigint') {
    writeInteger(writer, value);
  } else if (isList(value)) {
    writer.u8(LIST);
    for (const item of value) write(writer, item);
    writer.u8(END);
  } else {
    writeDict(writer, isMap(value) ? [...value] : textMembers(value));
  }
}

function writeBytes(writer: ByteWriter, bytes: Uint8Array): void {
  writer.ascii(String(bytes.length)).u8(COLON).bytes(bytes);
}

function writeInteger(writer: ByteWriter, value: number | bigint): void {
  if (typeof value === 'number' && !Number.isSafeInteger(value)) {
    throw new UsageError('BENCODE_NOT_INTEGER', `bencode has no form for ${String(value)}`);
  }
  writer.u8(INTEGER).ascii(String(value)).u8(END);
}

function writeDict(writer: ByteWriter, members: [string, Encodable | undefined][]): void {
  members.sort(([a], [b]) => (a < b ? -1 : 1));
  writer.u8(DICT);
  for (const [key, member] of members) {
    if (member === undefined) continue;
    writeBytes(writer, latin1Encode(key));
    write(writer, member);
  }
  writer.u8(END);
}

/** The members with their keys as bytes. */
function textMembers(object: EncodableObject): [string, Encodable | undefined][] {
  return Object.entries(object).map(([key, member]) => [latin1Decode(utf8Encode(key)), member]);
}

function isList(value: Encodable): value is readonly Encodable[] {
  return Array.isArray(value);
}

function isMap(value: Encodable): value is ReadonlyMap<string, Encodable | undefined> {
  return value instanceof Map;
}
