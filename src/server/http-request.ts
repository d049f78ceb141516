// Finds one HTTP request in bytes: just enough of RFC 9112 for GET /announce and GET /scrape. Whatever is unusual is
// left to the general server or refused; nothing is guessed.

/** What the tracker needs of a request's head; one object for all requests of a frontend. */
export class RequestHead {
  kind: 'announce' | 'scrape' | 'other' | 'bad' = 'bad';
  /** Target in the buffer: from the slash to the space behind it. */
  targetStart = 0;
  targetEnd = 0;
  /** The connection stays open for another request. */
  keepAlive = false;
  /** Values of X-Forwarded-For and Forwarded, empty without them. */
  forwardedFor = '';
  forwarded = '';
}

const CR = 0x0d;
const LF = 0x0a;
const SPACE = 0x20;
const ANNOUNCE = Buffer.from('GET /announce');
const SCRAPE = Buffer.from('GET /scrape');
const VERSION = Buffer.from(' HTTP/1.');
const CLOSE = Buffer.from('close');

/** Where the empty line behind a head begins, or -1. Looks at every fourth byte: one of them must be of that line. */
export function findHeadEnd(data: Uint8Array, start: number): number {
  let at = start + 3;
  while (at < data.length) {
    const byte = data[at];
    if (byte === LF) {
      if (data[at - 1] === CR && data[at - 2] === LF && data[at - 3] === CR) return at - 3;
      at += 2;
    } else {
      at += byte === CR ? 1 : 4;
    }
  }
  return -1;
}

/** Reads the head that fills `data[start, end)`; the empty line follows at `end`. */
export function readHead(
  data: Buffer,
  range: { readonly start: number; readonly end: number },
  head: RequestHead,
): void {
  const { start, end } = range;
  head.kind = kindOf(data, start);
  if (head.kind === 'other') return;
  head.forwardedFor = '';
  head.forwarded = '';
  let lineEnd = data.indexOf(CR, start);
  if (lineEnd < 0 || lineEnd > end) lineEnd = end;
  head.targetStart = start + 4;
  head.targetEnd = lineEnd - VERSION.length - 1;
  if (
    !startsWith(data, head.targetEnd, VERSION) ||
    data.indexOf(SPACE, head.targetStart) !== head.targetEnd
  ) {
    head.kind = 'bad';
    return;
  }
  // HTTP/1.0 closes; keep-alive was never a part of it.
  head.keepAlive = data[lineEnd - 1] === 0x31;
  readFields(data, { start: lineEnd + 2, end }, head);
}

function kindOf(data: Buffer, start: number): RequestHead['kind'] {
  if (startsWith(data, start, ANNOUNCE) && isPathEnd(data[start + ANNOUNCE.length])) return 'announce';
  if (startsWith(data, start, SCRAPE) && isPathEnd(data[start + SCRAPE.length])) return 'scrape';
  return 'other';
}

/** `?`, `/` or the space behind the target. */
function isPathEnd(byte: number | undefined): boolean {
  return byte === 0x3f || byte === 0x2f || byte === SPACE;
}

function readFields(
  data: Buffer,
  range: { readonly start: number; readonly end: number },
  head: RequestHead,
): void {
  let at = range.start;
  while (at < range.end) {
    let lineEnd = at;
    while (lineEnd < range.end && data[lineEnd] !== CR) lineEnd++;
    if (lineEnd < range.end && data[lineEnd + 1] !== LF) {
      head.kind = 'bad';
      return;
    }
    readField(data, { start: at, end: lineEnd }, head);
    at = lineEnd + 2;
  }
}

function readField(data: Buffer, line: Line, head: RequestHead): void {
  switch ((data[line.start] ?? 0) | 0x20) {
    case 0x63: // c
      if (nameEnd(data, line, 'connection:') > 0) head.keepAlive &&= !isClose(data, line);
      // A body on a GET is no announce but an attempt to smuggle a second request past a proxy.
      else if (!/^0*$/.test(valueOf(data, line, 'content-length:') ?? '')) head.kind = 'bad';
      break;
    case 0x74: // t
      if (valueOf(data, line, 'transfer-encoding:') !== undefined) head.kind = 'bad';
      break;
    case 0x78: // x
      head.forwardedFor = joinValues(head.forwardedFor, valueOf(data, line, 'x-forwarded-for:'));
      break;
    case 0x66: // f
      head.forwarded = joinValues(head.forwarded, valueOf(data, line, 'forwarded:'));
      break;
    case 0x75: // u: WebSocket peers ask for /announce too
      if (valueOf(data, line, 'upgrade:') !== undefined && head.kind !== 'bad') head.kind = 'other';
      break;
    case 0x20: // a folded line (or a tab): out of use since RFC 7230, read differently by different servers
    case 0x29:
      head.kind = 'bad';
      break;
  }
}

function joinValues(before: string, value: string | undefined): string {
  if (value === undefined) return before;
  return before === '' ? value : `${before}, ${value}`;
}

interface Line {
  readonly start: number;
  readonly end: number;
}

/** Where the value begins if the line's name (with its colon, lower case) is this one; 0 if not. */
function nameEnd(data: Buffer, line: Line, name: string): number {
  if (line.end - line.start < name.length) return 0;
  for (let i = 0; i < name.length; i++) {
    const byte = data[line.start + i] ?? 0;
    const lower = byte >= 0x41 && byte <= 0x5a ? byte + 32 : byte;
    if (lower !== name.charCodeAt(i)) return 0;
  }
  return line.start + name.length;
}

/** The trimmed value of a line of this name. */
function valueOf(data: Buffer, line: Line, name: string): string | undefined {
  const start = nameEnd(data, line, name);
  return start === 0 ? undefined : data.toString('latin1', start, line.end).trim();
}

/** Whether a Connection line says no more than `close`: usually without a string for it. */
function isClose(data: Buffer, line: Line): boolean {
  const at = line.start + 'connection: '.length;
  if (line.end - at === CLOSE.length && startsWith(data, at, CLOSE)) return true;
  return valueOf(data, line, 'connection:')?.toLowerCase() === 'close';
}

function startsWith(data: Buffer, at: number, text: Buffer): boolean {
  for (let i = 0; i < text.length; i++) if (data[at + i] !== text[i]) return false;
  return true;
}
