// HTTP through fetch. The browser follows redirects itself and enforces CORS, which is reported as unreachable.
import { SystemError } from '../core/errors.ts';
import type { HttpPort, HttpRequest } from '../ports/http.ts';

const READ_BYTES = 256 * 1024;

export const webHttp: HttpPort = {
  request: async (request) => {
    const stop = new AbortController();
    const abort = (): void => {
      stop.abort();
    };
    request.signal.addEventListener('abort', abort, { once: true });
    const timer = setTimeout(abort, request.timeoutMs);
    try {
      const response = await fetch(request.url, {
        headers: request.headers ?? {},
        signal: stop.signal,
        credentials: 'omit',
        redirect: request.maxRedirects > 0 ? 'follow' : 'error',
      });
      return {
        status: response.status,
        headers: Object.fromEntries(response.headers),
        url: response.url,
        body: readBody(response, request, stop),
      };
    } catch (cause) {
      throw failure(request, cause);
    } finally {
      clearTimeout(timer);
    }
  },
};

async function* readBody(
  { body }: Response,
  request: HttpRequest,
  stop: AbortController,
): AsyncGenerator<Uint8Array> {
  if (body === null) return;
  const read = request.passing === true ? reuseOneBuffer(body) : readChunks(body);
  try {
    for (;;) {
      const timer = setTimeout(() => {
        stop.abort();
      }, request.timeoutMs);
      const chunk = await read().finally(() => {
        clearTimeout(timer);
      });
      if (chunk === undefined) return;
      yield chunk;
    }
  } catch (cause) {
    throw failure(request, cause);
  } finally {
    // Leaving early closes the connection instead of draining it.
    stop.abort();
  }
}

type Read = () => Promise<Uint8Array | undefined>;

function readChunks(body: ReadableStream<Uint8Array>): Read {
  const reader = body.getReader();
  return async () => (await reader.read()).value;
}

/** What is read over and over into fresh memory is garbage of the size of the download. */
function reuseOneBuffer(body: ReadableStream<Uint8Array>): Read {
  let reader: ReadableStreamBYOBReader;
  try {
    reader = body.getReader({ mode: 'byob' });
  } catch {
    // Not every browser gives bodies as streams of bytes.
    return readChunks(body);
  }
  let buffer = new ArrayBuffer(READ_BYTES);
  return async () => {
    const { done, value } = await reader.read(new Uint8Array(buffer));
    if (done) return undefined;
    buffer = value.buffer;
    return value;
  };
}

function failure(request: HttpRequest, cause: unknown): SystemError {
  const code = request.signal.aborted ? 'HTTP_ABORTED' : 'HTTP_UNREACHABLE';
  const isForeign = URL.canParse(request.url) && new URL(request.url).origin !== globalThis.location.origin;
  const hint = isForeign ? ' (or the server does not let other sites read it: CORS)' : '';
  return new SystemError(code, `no answer from ${request.url}${hint}`, { cause });
}
