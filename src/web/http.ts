// HTTP through fetch. The browser follows redirects itself and enforces CORS, which is reported as unreachable.
import { SystemError } from '../core/errors.ts';
import type { HttpPort, HttpRequest } from '../ports/http.ts';

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
  response: Response,
  request: HttpRequest,
  stop: AbortController,
): AsyncGenerator<Uint8Array> {
  const reader = response.body?.getReader();
  if (reader === undefined) return;
  try {
    for (;;) {
      const timer = setTimeout(() => {
        stop.abort();
      }, request.timeoutMs);
      const { done, value } = await reader.read().finally(() => {
        clearTimeout(timer);
      });
      if (done) return;
      yield value;
    }
  } catch (cause) {
    throw failure(request, cause);
  } finally {
    // Leaving early closes the connection instead of draining it.
    stop.abort();
  }
}

function failure(request: HttpRequest, cause: unknown): SystemError {
  const code = request.signal.aborted ? 'HTTP_ABORTED' : 'HTTP_UNREACHABLE';
  const isForeign = URL.canParse(request.url) && new URL(request.url).origin !== globalThis.location.origin;
  const hint = isForeign ? ' (or the server does not let other sites read it: CORS)' : '';
  return new SystemError(code, `no answer from ${request.url}${hint}`, { cause });
}
