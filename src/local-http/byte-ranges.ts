// HTTP byte ranges (RFC 9110 section 14): from a Range header and a length to the runs of bytes to send.
// Law: runs are inside the content, not empty, and never overlap, so one request sends no byte twice.

/** One run of bytes, `end` not included. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

export type RangeRequest =
  /** No usable Range header: send everything with 200. */
  | { readonly kind: 'whole' }
  /** Send these runs with 206. */
  | { readonly kind: 'partial'; readonly ranges: readonly ByteRange[] }
  /** Nothing of what was asked for exists: 416. */
  | { readonly kind: 'unsatisfiable' };

/** More runs than this in one header have no honest use; the header is then ignored, as RFC 9110 14.2 allows. */
const MAX_RANGES = 64;

const SPEC = /^(\d*)-(\d*)$/;

/** Reads a Range header against content of `length` bytes. Malformed headers and unknown units count as absent. */
export function parseRangeHeader(header: string | undefined, length: number): RangeRequest {
  const specs = header === undefined ? undefined : splitSpecs(header);
  if (specs === undefined) return { kind: 'whole' };
  const ranges: ByteRange[] = [];
  for (const spec of specs) {
    const range = parseSpec(spec, length);
    if (range === 'malformed') return { kind: 'whole' };
    if (range !== 'unsatisfiable') ranges.push(range);
  }
  return ranges.length === 0
    ? { kind: 'unsatisfiable' }
    : { kind: 'partial', ranges: withoutOverlap(ranges) };
}

/** `bytes 0-99/1000`, the value of Content-Range. */
export function formatContentRange(range: ByteRange, length: number): string {
  return `bytes ${String(range.start)}-${String(range.end - 1)}/${String(length)}`;
}

function splitSpecs(header: string): string[] | undefined {
  const match = /^bytes=(.*)$/i.exec(header.trim());
  if (match === null) return undefined;
  const specs = (match[1] ?? '')
    .split(',')
    .map((spec) => spec.trim())
    .filter((spec) => spec !== '');
  return specs.length === 0 || specs.length > MAX_RANGES ? undefined : specs;
}

function parseSpec(spec: string, length: number): ByteRange | 'malformed' | 'unsatisfiable' {
  const match = SPEC.exec(spec);
  if (match === null) return 'malformed';
  const [first, last] = [match[1] ?? '', match[2] ?? ''];
  if (first === '' && last === '') return 'malformed';
  if (first === '') {
    const count = Math.min(Number(last), length);
    return count === 0 ? 'unsatisfiable' : { start: length - count, end: length };
  }
  const start = Number(first);
  if (last !== '' && Number(last) < start) return 'malformed';
  if (start >= length) return 'unsatisfiable';
  return { start, end: last === '' ? length : Math.min(Number(last) + 1, length) };
}

/** The ranges as asked for; ascending and merged only if some overlap. */
function withoutOverlap(ranges: readonly ByteRange[]): readonly ByteRange[] {
  const merged: ByteRange[] = [];
  for (const range of [...ranges].sort((a, b) => a.start - b.start)) {
    const previous = merged.at(-1);
    if (previous === undefined || range.start >= previous.end) merged.push(range);
    else merged[merged.length - 1] = { start: previous.start, end: Math.max(previous.end, range.end) };
  }
  return merged.length === ranges.length ? ranges : merged;
}
