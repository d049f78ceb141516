// One published file over HTTP (RFC 9110): whole, ranges, several ranges, conditions, HEAD.
// Memory for a request is one chunk: the next is read only when the client has taken the last.
import { randomBytes } from 'node:crypto';
import { lookup } from 'mrmime';
import { SystemError } from '../core/errors.ts';
import { formatContentRange, parseRangeHeader, type ByteRange } from '../local-http/byte-ranges.ts';
import { attachment } from './content-disposition.ts';
import { openSource, type ContentSource, type HashedFile } from './content-source.ts';

export interface ServedFile extends HashedFile {
  readonly name: string;
  /** Strong entity tag, quotes included. */
  readonly etag: string;
}

/** What to send one after the other: bytes at hand, or a run of the file. */
type BodyPart = Uint8Array | ByteRange;

const CHUNK_BYTES = 256 * 1024;

/** What happens while a file is sent. */
export interface SendEvents {
  /** Bytes of content were read for the client. */
  onRead(bytes: number): void;
  /** The file is not what was hashed: refused, or found out half way. */
  onTrouble(reason: 'missing' | 'changed'): void;
  /** Ends the connection, as half an answer cannot be taken back; it may throw to fail the body instead. */
  cut(error: SystemError): void;
}

/** Answers a GET or HEAD for the file. Never rejects for reasons on disk: those are 404 and 503. */
export async function respondWithFile(
  file: ServedFile,
  request: Request,
  events: SendEvents,
): Promise<Response> {
  const headers = baseHeaders(file);
  const condition = checkConditions(file, request.headers);
  if (condition !== undefined) return new Response(null, { status: condition, headers });
  const range = parseRangeHeader(rangeHeader(file, request.headers), file.length);
  if (range.kind === 'unsatisfiable') {
    headers.set('content-range', `bytes */${String(file.length)}`);
    return new Response(null, { status: 416, headers });
  }
  const whole: ByteRange = { start: 0, end: file.length };
  const parts = range.kind === 'whole' ? [whole] : describeRanges(file, range.ranges, headers);
  headers.set('content-length', String(parts.reduce((sum, part) => sum + partLength(part), 0)));
  const source = await openSource(file);
  if (typeof source === 'string') {
    events.onTrouble(source);
    return refusal(source);
  }
  const status = range.kind === 'whole' ? 200 : 206;
  if (request.method === 'HEAD') {
    await source.close();
    return new Response(null, { status, headers });
  }
  return new Response(streamParts({ source, parts, events }), { status, headers });
}

function baseHeaders(file: ServedFile): Headers {
  return new Headers({
    'accept-ranges': 'bytes',
    'content-type': lookup(file.name) ?? 'application/octet-stream',
    'content-disposition': attachment(file.name),
    etag: file.etag,
    'last-modified': new Date(file.modifiedMs).toUTCString(),
    'cache-control': 'no-cache',
  });
}

/** 412 or 304 where a condition of the request (RFC 9110 section 13) ends it early. */
function checkConditions(file: ServedFile, headers: Headers): 304 | 412 | undefined {
  const ifMatch = headers.get('if-match');
  if (ifMatch !== null && !listsTag(ifMatch, file.etag)) return 412;
  const ifNoneMatch = headers.get('if-none-match');
  if (ifNoneMatch !== null && listsTag(ifNoneMatch.replaceAll('W/"', '"'), file.etag)) return 304;
  return undefined;
}

function listsTag(list: string, etag: string): boolean {
  return list.trim() === '*' || list.split(',').some((tag) => tag.trim() === etag);
}

/** The Range header, unless If-Range says that the client holds a part of something else. */
function rangeHeader(file: ServedFile, headers: Headers): string | undefined {
  const ifRange = headers.get('if-range');
  const same =
    ifRange === null || ifRange === file.etag || ifRange === new Date(file.modifiedMs).toUTCString();
  return same ? (headers.get('range') ?? undefined) : undefined;
}

/** Sets the headers of a 206 and lists its body. */
function describeRanges(file: ServedFile, ranges: readonly ByteRange[], headers: Headers): BodyPart[] {
  const [only] = ranges;
  if (ranges.length === 1 && only !== undefined) {
    headers.set('content-range', formatContentRange(only, file.length));
    return [only];
  }
  const boundary = randomBytes(16).toString('hex');
  const type = headers.get('content-type') ?? 'application/octet-stream';
  headers.set('content-type', `multipart/byteranges; boundary=${boundary}`);
  const encoder = new TextEncoder();
  const parts: BodyPart[] = [];
  for (const range of ranges) {
    const head = `\r\n--${boundary}\r\nContent-Type: ${type}\r\nContent-Range: ${formatContentRange(range, file.length)}\r\n\r\n`;
    parts.push(encoder.encode(head), range);
  }
  parts.push(encoder.encode(`\r\n--${boundary}--\r\n`));
  return parts;
}

function partLength(part: BodyPart): number {
  return part instanceof Uint8Array ? part.length : part.end - part.start;
}

function refusal(reason: 'missing' | 'changed'): Response {
  return reason === 'missing'
    ? new Response('This file is no longer on the publisher’s disk.\n', { status: 404 })
    : new Response('This file has changed since it was published.\n', { status: 503 });
}

interface Body {
  readonly source: ContentSource;
  readonly parts: readonly BodyPart[];
  readonly events: SendEvents;
}

/** Sends the parts in order; owns the source and closes it at the end, on an error and on cancel. */
function streamParts({ source, parts, events }: Body): ReadableStream<Uint8Array> {
  const chunks = splitParts(parts);
  const next = async (): Promise<Uint8Array | undefined> => {
    const { value: part } = chunks.next();
    if (part === undefined || part instanceof Uint8Array) return part;
    const chunk = await source.read(part);
    events.onRead(chunk.length);
    return chunk;
  };
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        let chunk: Uint8Array | undefined;
        try {
          chunk = await next();
        } catch (cause) {
          await source.close();
          events.onTrouble('changed');
          events.cut(new SystemError('CONTENT_UNREADABLE', 'a published file could not be read', { cause }));
        }
        if (chunk !== undefined) {
          controller.enqueue(chunk);
        } else {
          await source.close();
          controller.close();
        }
      },
      cancel: () => source.close(),
    },
    { highWaterMark: 0 },
  );
}

/** The same parts with runs of the file cut into chunks. */
function* splitParts(parts: readonly BodyPart[]): Generator<BodyPart, undefined> {
  for (const part of parts) {
    if (part instanceof Uint8Array) {
      yield part;
    } else {
      for (let at = part.start; at < part.end; at += CHUNK_BYTES) {
        yield { start: at, end: Math.min(at + CHUNK_BYTES, part.end) };
      }
    }
  }
}
