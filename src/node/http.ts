// HTTP as a client over node:http and node:https. A small pool of idle connections serves web seeds, which ask one
// server for many ranges. Redirects are followed by our own rules: never from https to http, and never from a public
// address into a private network, or a hostile tracker could make us speak to the user's router.
import {
  Agent as HttpAgent,
  request as httpRequest,
  type ClientRequest,
  type IncomingMessage,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest, type RequestOptions } from 'node:https';
import { lookup } from 'node:dns';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import ipaddr from 'ipaddr.js';
import { ProtocolError, SystemError } from '../core/errors.ts';
import type { HttpPort, HttpRequest, HttpResponse } from '../ports/http.ts';
import { isPublic, mayBeLocal } from './local-rule.ts';
import { errnoOf, HTTP_CODES, toSystemError } from './os-error.ts';
import type { Proxy } from './proxy.ts';
import { createProxyAgents, viaHttpProxy, type HttpAgents, type PlainRequest } from './proxy-agents.ts';
import { plainBytes } from './plain-bytes.ts';

const POOL = { keepAlive: true, maxFreeSockets: 4, timeout: 15_000 };

export interface HttpOptions {
  readonly userAgent: string;
  /** Everything goes through it. */
  readonly proxy?: Proxy | undefined;
}

/** HTTP(S) as an HttpPort. Idle connections do not keep the process alive. */
export function createHttpPort(options: HttpOptions): HttpPort {
  const { proxy } = options;
  const createAgents = (): HttpAgents =>
    proxy === undefined
      ? { http: new HttpAgent(POOL), https: new HttpsAgent(POOL) }
      : createProxyAgents(proxy, POOL);
  // Two pools: an idle connection that was opened to a private address must not carry what may not go there.
  const [agents, publicAgents] = [createAgents(), createAgents()];
  return {
    request: async (request) => {
      let url = parseUrl(request.url);
      const { local = 'any' } = request;
      let wasPublic = false;
      for (let hop = 0; ; hop++) {
        const publicOnly = wasPublic || !mayBeLocal(local, url);
        const call: Call = {
          ...{ ...request, url, publicOnly, userAgent: options.userAgent, proxy },
          agents: publicOnly ? publicAgents : agents,
        };
        const response = await sendWithRetry(call);
        const next = redirectTarget(response, url);
        if (next === undefined) return toResponse(response, call);
        response.resume();
        if (hop >= request.maxRedirects) {
          throw new ProtocolError('HTTP_TOO_MANY_REDIRECTS', `more than ${String(hop)} redirects`);
        }
        wasPublic ||= isPublic(response.socket.remoteAddress ?? '');
        url = next;
      }
    },
  };
}

interface Call extends Omit<HttpRequest, 'url'> {
  readonly url: URL;
  /** Refuse addresses that are not of the public internet. */
  readonly publicOnly: boolean;
  readonly userAgent: string;
  readonly agents: HttpAgents;
  readonly proxy: Proxy | undefined;
}

function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new ProtocolError('HTTP_BAD_URL', `not an http(s) URL: ${text.slice(0, 200)}`);
  }
  return url;
}

/** A pooled connection may have been closed by the server just as we used it: then, and only then, once more. */
async function sendWithRetry(call: Call): Promise<IncomingMessage> {
  try {
    return await send(call);
  } catch (error) {
    if (error instanceof SystemError && error.code === 'HTTP_STALE_CONNECTION') return await send(call);
    throw error;
  }
}

function send(call: Call): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const { url, signal, timeoutMs } = call;
    if (call.publicOnly && ipaddr.isValid(bareHost(url)) && !isPublic(bareHost(url))) {
      reject(intoPrivate(url.host));
      return;
    }
    const options: PlainRequest = {
      method: call.post === undefined ? 'GET' : 'POST',
      agent: url.protocol === 'https:' ? call.agents.https : call.agents.http,
      headers: {
        'user-agent': call.userAgent,
        'accept-encoding': 'identity',
        ...lengthOf(call.post),
        ...call.headers,
      },
      signal,
      ...(call.publicOnly ? { lookup: publicLookup } : {}),
    };
    const request = startRequest(url, options, call.proxy);
    const timer = setTimeout(() => {
      request.destroy(new SystemError('HTTP_TIMEOUT', `no answer in ${String(timeoutMs)} ms`));
    }, timeoutMs);
    request.once('response', (response) => {
      clearTimeout(timer);
      resolve(response);
    });
    request.once('error', (error) => {
      clearTimeout(timer);
      if (error instanceof ProtocolError) reject(error);
      else if (signal.aborted) reject(new SystemError('HTTP_ABORTED', 'the request was given up'));
      else if (request.reusedSocket && errnoOf(error) === 'ECONNRESET') {
        reject(new SystemError('HTTP_STALE_CONNECTION', 'the server closed an idle connection'));
      } else reject(toHttpError(error));
    });
    request.end(call.post);
  });
}

/** A proxy that speaks HTTP is asked for plain pages by their whole URL; many of them open ways for https alone. */
function startRequest(url: URL, options: PlainRequest, proxy: Proxy | undefined): ClientRequest {
  if (url.protocol === 'https:') return httpsRequest(url, options);
  return proxy?.kind === 'http' ? httpRequest(viaHttpProxy(url, options, proxy)) : httpRequest(url, options);
}

/** Without a length the body would come in chunks, which small devices do not take. */
function lengthOf(post: Uint8Array | undefined): Record<string, string> {
  return post === undefined ? {} : { 'content-length': String(post.length) };
}

/** Errors of node's own parser are the server's fault, the rest is the network's. */
function toHttpError(error: Error): Error {
  if (errnoOf(error)?.startsWith('HPE_') === true) {
    return new ProtocolError('HTTP_BAD_ANSWER', 'the server does not speak HTTP', { cause: error });
  }
  return toSystemError(error, HTTP_CODES, 'the request failed');
}

function redirectTarget(response: IncomingMessage, from: URL): URL | undefined {
  const { location } = response.headers;
  if (![301, 302, 303, 307, 308].includes(response.statusCode ?? 0) || location === undefined)
    return undefined;
  if (!URL.canParse(location, from.href))
    throw new ProtocolError('HTTP_BAD_REDIRECT', 'the redirect is no URL');
  const target = new URL(location, from);
  const downgrade = from.protocol === 'https:' && target.protocol !== 'https:';
  if (downgrade || (target.protocol !== 'http:' && target.protocol !== 'https:')) {
    throw new ProtocolError('HTTP_BAD_REDIRECT', `redirect from ${from.protocol} to ${target.protocol}`);
  }
  return target;
}

function toResponse(response: IncomingMessage, call: Call): HttpResponse {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(response.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  response.setTimeout(call.timeoutMs, () => {
    response.destroy(new SystemError('HTTP_TIMEOUT', 'the answer stopped half way'));
  });
  return { status: response.statusCode ?? 0, headers, url: call.url.href, body: readBody(response, call) };
}

async function* readBody(response: IncomingMessage, call: Call): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of decoded(response)) {
      if (chunk instanceof Uint8Array) yield plainBytes(chunk);
    }
  } catch (error) {
    if (error instanceof SystemError) throw error;
    if (call.signal.aborted) throw new SystemError('HTTP_ABORTED', 'the request was given up');
    if (errnoOf(error)?.startsWith('Z_') === true) {
      throw new ProtocolError('HTTP_BAD_ENCODING', 'the body is not what its encoding says', {
        cause: error,
      });
    }
    throw toSystemError(error, HTTP_CODES, 'the answer broke off');
  }
}

/** We ask for no encoding; some trackers compress all the same. */
function decoded(response: IncomingMessage): AsyncIterable<unknown> {
  const encoding = response.headers['content-encoding'];
  const decoder =
    encoding === 'gzip' || encoding === 'x-gzip'
      ? createGunzip()
      : encoding === 'deflate'
        ? createInflate()
        : encoding === 'br'
          ? createBrotliDecompress()
          : undefined;
  if (decoder === undefined) return response;
  response.once('error', (error) => decoder.destroy(error));
  decoder.once('close', () => response.destroy());
  return response.pipe(decoder);
}

function intoPrivate(host: string): ProtocolError {
  return new ProtocolError(
    'HTTP_PRIVATE_ADDRESS',
    `${host} is in a private network: strangers may ask there for plain files and announces alone`,
  );
}

const publicLookup: NonNullable<RequestOptions['lookup']> = (host, options, done) => {
  lookup(host, { ...options, all: true }, (error, addresses) => {
    const allowed = error === null ? addresses.filter((entry) => isPublic(entry.address)) : [];
    const first = allowed[0];
    if (error !== null) done(error, '');
    else if (first === undefined) {
      done(intoPrivate(host), '');
    } else if (options.all === true) done(null, allowed);
    else done(null, first.address, first.family);
  });
};

function bareHost(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '');
}
