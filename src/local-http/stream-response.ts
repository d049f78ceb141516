// One file of a torrent over HTTP while it downloads: whole, or one range (RFC 9110 section 14), for media players.
// Law: what a stranger has put into a file never acts as a page of this server: it gets no script and no origin.
import { lookup } from 'mrmime';
import type { FileStreams } from '../engine/file-streams.ts';
import { formatContentRange, parseRangeHeader } from './byte-ranges.ts';

export interface StreamedFile {
  readonly streams: FileStreams;
  readonly index: number;
  readonly name: string;
  readonly length: number;
}

export function respondWithStream(file: StreamedFile, request: Request): Response {
  const headers = new Headers({
    'accept-ranges': 'bytes',
    'content-type': lookup(file.name) ?? 'application/octet-stream',
    'content-disposition': 'inline',
    'content-security-policy': "sandbox; default-src 'none'; media-src 'self'; frame-ancestors 'none'",
    'cache-control': 'no-store',
  });
  const asked = parseRangeHeader(request.headers.get('range') ?? undefined, file.length);
  if (asked.kind === 'unsatisfiable') {
    headers.set('content-range', `bytes */${String(file.length)}`);
    return new Response(null, { status: 416, headers });
  }
  // No player asks for several ranges at once; the whole file is a right answer to that.
  const only = asked.kind === 'partial' && asked.ranges.length === 1 ? asked.ranges[0] : undefined;
  const { start, end } = only ?? { start: 0, end: file.length };
  headers.set('content-length', String(end - start));
  if (only !== undefined) headers.set('content-range', formatContentRange(only, file.length));
  const status = only === undefined ? 200 : 206;
  const isHead = request.method === 'HEAD';
  return new Response(isHead ? null : body(file, { start, end }), { status, headers });
}

function body(
  { streams, index }: StreamedFile,
  range: { readonly start: number; readonly end: number },
): ReadableStream<Uint8Array> {
  const abort = new AbortController();
  const chunks = streams.open(index, { ...range, signal: abort.signal });
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        const { value } = await chunks.next();
        if (value === undefined) controller.close();
        else controller.enqueue(value);
      },
      cancel: async () => {
        abort.abort(new Error('the player has gone'));
        await chunks.return();
      },
    },
    { highWaterMark: 0 },
  );
}
