// The server's side of HTTP requests (BEP 3, 7, 21, 23, 48): reads `/announce?…` and `/scrape?…` from the bytes of the
// request line in place. Nothing is copied but what the answer needs; unknown parameters are skipped.
import { parseIp } from '../address.ts';
import type { AnnounceQuery } from './announce-query.ts';
import { REFUSALS, type Refusal } from './refusal.ts';

const AMPERSAND = 0x26;
const EQUALS = 0x3d;
const PERCENT = 0x25;
const QUESTION = 0x3f;

/** What HTTP says beyond the neutral query. */
export class HttpForm {
  /** False asks for a list of dictionaries instead of compact peers (BEP 23). */
  compact = true;
}

/** A slice of a request buffer. */
export interface Span {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/** Info hashes of a scrape, one behind the other. */
export class HashList {
  readonly bytes: Uint8Array;
  count = 0;

  constructor(max: number) {
    this.bytes = new Uint8Array(20 * max);
  }
}

/** Reads the target of an announce (path and query) into `query`; answers why it is refused, if it is. */
export function parseAnnounceTarget(target: Span, query: AnnounceQuery, form: HttpForm): Refusal | undefined {
  const { bytes, end } = target;
  query.reset();
  form.compact = true;
  let seen = 0;
  let at = pathEnd(target);
  query.credential = credentialInPath(target, at);
  while (at < end) {
    const keyStart = at + 1;
    const keyEnd = indexOf(bytes, keyStart, end);
    let valueEnd = keyEnd;
    while (valueEnd < end && bytes[valueEnd] !== AMPERSAND) valueEnd++;
    const valueStart = bytes[keyEnd] === EQUALS ? keyEnd + 1 : keyEnd;
    const key: Span = { bytes, start: keyStart, end: keyEnd };
    const found = readParameter(key, { bytes, start: valueStart, end: valueEnd }, { query, form });
    if (typeof found === 'number') seen |= found;
    else return found;
    at = valueEnd;
  }
  if ((seen & HAS_HASH) === 0) return REFUSALS['bad-info-hash'];
  if ((seen & HAS_PEER_ID) === 0) return REFUSALS['bad-peer-id'];
  return undefined;
}

/** Reads the target of a scrape; answers why it is refused, if it is. */
export function parseScrapeTarget(target: Span, hashes: HashList): Refusal | undefined {
  const { bytes, end } = target;
  hashes.count = 0;
  let at = pathEnd(target);
  while (at < end) {
    const keyStart = at + 1;
    const keyEnd = indexOf(bytes, keyStart, end);
    at = keyEnd;
    while (at < end && bytes[at] !== AMPERSAND) at++;
    if (!isKey({ bytes, start: keyStart, end: keyEnd }, 'info_hash')) continue;
    if ((hashes.count + 1) * 20 > hashes.bytes.length) return REFUSALS['too-many-hashes'];
    const room = hashes.bytes.subarray(hashes.count * 20, hashes.count * 20 + 20);
    if (!decode20({ bytes, start: keyEnd + 1, end: at }, room)) return REFUSALS['bad-info-hash'];
    hashes.count++;
  }
  return hashes.count === 0 ? REFUSALS['no-full-scrape'] : undefined;
}

const HAS_HASH = 1;
const HAS_PEER_ID = 2;

interface Into {
  readonly query: AnnounceQuery;
  readonly form: HttpForm;
}

function readParameter(name: Span, value: Span, { query, form }: Into): number | Refusal {
  switch (name.end - name.start) {
    case 9:
      if (!isKey(name, 'info_hash')) return 0;
      return decode20(value, query.infoHash) ? HAS_HASH : REFUSALS['bad-info-hash'];
    case 7:
      if (isKey(name, 'peer_id')) {
        return decode20(value, query.peerId) ? HAS_PEER_ID : REFUSALS['bad-peer-id'];
      }
      if (isKey(name, 'numwant')) query.asked = readNumber(value);
      else if (isKey(name, 'compact')) form.compact = readNumber(value) !== 0;
      return 0;
    case 4:
      if (isKey(name, 'port')) query.port = readNumber(value);
      else if (isKey(name, 'left')) query.seed = readNumber(value) === 0;
      return 0;
    case 5:
      if (isKey(name, 'event')) readEvent(value, query);
      else if (isKey(name, 'token')) query.credential = readText(value);
      return 0;
    case 8:
      if (isKey(name, 'uploaded')) query.uploaded = Math.max(0, readNumber(value));
      return 0;
    case 10:
      if (isKey(name, 'downloaded')) query.downloaded = Math.max(0, readNumber(value));
      return 0;
    case 2:
      if (isKey(name, 'ip')) readIp(value, query);
      return 0;
    default:
      return 0;
  }
}

function readEvent(value: Span, query: AnnounceQuery): void {
  switch (value.end - value.start) {
    case 6:
      if (isKey(value, 'paused')) query.event = 'paused';
      break;
    case 7:
      if (isKey(value, 'started')) query.event = 'started';
      else if (isKey(value, 'stopped')) query.event = 'stopped';
      break;
    case 9:
      if (isKey(value, 'completed')) query.event = 'completed';
      break;
  }
}

function readIp(value: Span, query: AnnounceQuery): void {
  const ip = parseIp(readText(value));
  if (ip === undefined) return;
  query.claimedFamily = ip.length === 4 ? 4 : 6;
  query.claimedIp.set(ip);
}

/** Decimal digits alone; -1 for anything else. Beyond 2^53 the value loses precision, which no use of it minds. */
function readNumber(value: Span): number {
  if (value.start >= value.end || value.end - value.start > 20) return -1;
  let number = 0;
  for (let at = value.start; at < value.end; at++) {
    const digit = (value.bytes[at] ?? 0) - 0x30;
    if (digit < 0 || digit > 9) return -1;
    number = number * 10 + digit;
  }
  return number;
}

/** Short text values; a broken escape stays as it is. */
function readText(value: Span): string {
  let text = '';
  for (let at = value.start; at < value.end && at - value.start < 512; at++) {
    const byte = value.bytes[at] ?? 0;
    const escaped = byte === PERCENT ? hexAt(value, at + 1) : -1;
    text += String.fromCharCode(escaped < 0 ? byte : escaped);
    if (escaped >= 0) at += 2;
  }
  return text;
}

/** Percent-decoded bytes; true only if they are exactly 20 and every escape is whole. */
function decode20(value: Span, out: Uint8Array): boolean {
  const { bytes, end } = value;
  let to = 0;
  for (let at = value.start; at < end; at++) {
    let byte = bytes[at] ?? 0;
    if (byte === PERCENT) {
      byte = hexAt(value, at + 1);
      if (byte < 0) return false;
      at += 2;
    }
    if (to === 20) return false;
    out[to++] = byte;
  }
  return to === 20;
}

/** The byte of two hex digits, or -1. */
function hexAt(value: Span, at: number): number {
  if (at + 1 >= value.end) return -1;
  const high = HEX[value.bytes[at] ?? 0] ?? -1;
  const low = HEX[value.bytes[at + 1] ?? 0] ?? -1;
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

const HEX: Int8Array = Int8Array.from({ length: 256 }, (_, code) => {
  const digit = '0123456789abcdef'.indexOf(String.fromCharCode(code).toLowerCase());
  return digit;
});

function isKey(span: Span, name: string): boolean {
  if (span.end - span.start !== name.length) return false;
  for (let i = 0; i < name.length; i++) if (span.bytes[span.start + i] !== name.charCodeAt(i)) return false;
  return true;
}

/** End of a key: the next `=` or `&`. */
function indexOf(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && bytes[at] !== EQUALS && bytes[at] !== AMPERSAND) at++;
  return at;
}

function pathEnd(target: Span): number {
  let at = target.start;
  while (at < target.end && target.bytes[at] !== QUESTION) at++;
  return at;
}

/** What follows `/announce/` in the path. */
function credentialInPath(target: Span, end: number): string {
  const start = target.start + '/announce/'.length;
  return start < end ? readText({ bytes: target.bytes, start, end }) : '';
}
