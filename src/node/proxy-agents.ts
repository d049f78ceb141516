// Pools of HTTP connections that go through a proxy.
import { Agent, type AgentOptions } from 'node:http';
import type { RequestOptions } from 'node:https';
import { PassThrough, type Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { parseIp } from '../core/address.ts';
import { connectThrough, proxyAuthorization, type Proxy } from './proxy.ts';

/** Time to the open way; the time to an answer is the request's own. */
const TIMEOUT_MS = 30_000;

type Done = (error: Error | null, stream: Duplex) => void;

/** A pool of connections for each scheme. */
export interface HttpAgents {
  readonly http: Agent;
  readonly https: Agent;
}

/** Plain HTTP over an HTTP proxy needs no way of its own: see `viaHttpProxy`. */
export function createProxyAgents(proxy: Proxy, pool: AgentOptions): HttpAgents {
  const http = proxy.kind === 'http' ? new Agent(pool) : new ProxyAgent(proxy, false, pool);
  return { http, https: new ProxyAgent(proxy, true, pool) };
}

export interface PlainRequest extends RequestOptions {
  readonly headers: Readonly<Record<string, string>>;
}

/** The request for a plain page in the form that proxies take: the whole URL as its path. */
export function viaHttpProxy(url: URL, options: PlainRequest, proxy: Proxy): RequestOptions {
  const authorization = proxyAuthorization(proxy);
  const own = authorization === undefined ? {} : { 'proxy-authorization': authorization };
  return {
    ...options,
    host: proxy.host,
    port: proxy.port,
    path: url.href.slice(0, url.href.length - url.hash.length),
    headers: { ...options.headers, ...own, host: url.host },
  };
}

class ProxyAgent extends Agent {
  readonly #proxy: Proxy;
  readonly #isSecure: boolean;
  /** What node:https compares with the scheme of a request. */
  readonly protocol: string;
  readonly defaultPort: number;

  constructor(proxy: Proxy, isSecure: boolean, pool: AgentOptions) {
    super(pool);
    this.#proxy = proxy;
    this.#isSecure = isSecure;
    this.protocol = isSecure ? 'https:' : 'http:';
    this.defaultPort = isSecure ? 443 : 80;
  }

  override createConnection(options: RequestOptions, done?: Done): undefined {
    const host = (options.host ?? '').replace(/^\[|\]$/g, '');
    const dial = { timeoutMs: TIMEOUT_MS, signal: undefined };
    connectThrough(this.#proxy, { host, port: Number(options.port) }, dial).then(
      (socket) => {
        const servername = parseIp(host) === undefined ? host : '';
        if (!this.#isSecure) socket.resume();
        done?.(null, this.#isSecure ? connectTls({ socket, servername }) : socket);
      },
      (error: unknown) => {
        // Beside an error, the second value means nothing.
        if (error instanceof Error) done?.(error, new PassThrough());
      },
    );
    return undefined;
  }
}
