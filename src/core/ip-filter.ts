// Lists of addresses to stay away from, in the forms that are passed around: `first - last`, with a level as in DAT
// files or with a name in front as in P2P files, and CIDR. Ranges are kept sorted and merged: a look-up is a binary search.
import { parseIp } from './address.ts';

/** Both ends belong to the range; 4 or 16 bytes each. */
interface IpRange {
  readonly first: Uint8Array;
  readonly last: Uint8Array;
}

/** DAT files: ranges of this level and above are allowed. */
const ALLOWED_LEVEL = 127;

export class IpFilter {
  readonly #v4: readonly IpRange[];
  readonly #v6: readonly IpRange[];

  private constructor(ranges: readonly IpRange[]) {
    this.#v4 = merge(ranges.filter(({ first }) => first.length === 4));
    this.#v6 = merge(ranges.filter(({ first }) => first.length === 16));
  }

  /** Reads lines; those that are no range, such as comments, are counted and skipped. */
  static parse(text: string): {
    readonly filter: IpFilter;
    readonly ranges: number;
    readonly skipped: number;
  } {
    const ranges: IpRange[] = [];
    let skipped = 0;
    for (const line of text.split('\n')) {
      const entry = parseLine(line.trim());
      if (entry === 'nothing') continue;
      if (entry === 'nonsense') skipped++;
      else ranges.push(entry);
    }
    return { filter: new IpFilter(ranges), ranges: ranges.length, skipped };
  }

  /** False for a text that is no address. */
  has(ip: string): boolean {
    const address = parseIp(ip);
    if (address === undefined) return false;
    const ranges = address.length === 4 ? this.#v4 : this.#v6;
    let low = 0;
    let high = ranges.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const range = ranges[middle];
      if (range !== undefined && compare(range.last, address) < 0) low = middle + 1;
      else high = middle;
    }
    const range = ranges[low];
    return range !== undefined && compare(range.first, address) <= 0;
  }
}

function parseLine(line: string): IpRange | 'nothing' | 'nonsense' {
  if (line === '' || line.startsWith('#') || line.startsWith('//') || line.startsWith(';')) return 'nothing';
  const [range = '', level] = line.split(',').map((part) => part.trim());
  if (level !== undefined && Number(level) >= ALLOWED_LEVEL) return 'nothing';
  if (range.includes('/')) return parseCidr(range) ?? 'nonsense';
  return parseRange(range) ?? 'nonsense';
}

function parseCidr(text: string): IpRange | undefined {
  const [ip = '', size = ''] = text.split('/');
  const first = parseIp(ip);
  if (first === undefined || !/^\d{1,3}$/.test(size) || Number(size) > first.length * 8) return undefined;
  const last = first.slice();
  for (let bit = Number(size); bit < first.length * 8; bit++) {
    const mask = 0x80 >>> (bit % 8);
    const at = bit >>> 3;
    first[at] = (first[at] ?? 0) & ~mask;
    last[at] = (last[at] ?? 0) | mask;
  }
  return { first, last };
}

/** `a - b`, with or without a name and a colon in front; DAT files pad numbers with zeros. One address is a range. */
function parseRange(text: string): IpRange | undefined {
  const parts = text.split('-').map((part) => part.trim());
  const last = parseLenient(parts.at(-1) ?? '');
  if (last === undefined) return undefined;
  if (parts.length === 1) return { first: last, last };
  const before = parts.at(-2) ?? '';
  const first = parseLenient(before) ?? parseLenient(before.slice(before.lastIndexOf(':') + 1));
  if (first?.length !== last.length || compare(first, last) > 0) return undefined;
  return { first, last };
}

function parseLenient(text: string): Uint8Array | undefined {
  return (
    parseIp(text) ??
    parseIp(
      text
        .split('.')
        .map((part) => part.replace(/^0+(?=\d)/, ''))
        .join('.'),
    )
  );
}

function merge(ranges: readonly IpRange[]): readonly IpRange[] {
  const sorted = [...ranges].sort((a, b) => compare(a.first, b.first));
  const merged: IpRange[] = [];
  for (const range of sorted) {
    const before = merged.at(-1);
    if (before === undefined || compare(range.first, before.last) > 0) merged.push(range);
    else if (compare(range.last, before.last) > 0)
      merged[merged.length - 1] = { ...before, last: range.last };
  }
  return merged;
}

function compare(a: Uint8Array, b: Uint8Array): number {
  for (const [i, byte] of a.entries()) if (byte !== b[i]) return byte - (b[i] ?? 0);
  return 0;
}
