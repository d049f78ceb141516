// Connections through a proxy: where it is, the opening talk, and the transport for peers. Names are looked up by the
// proxy; nothing is asked of the local DNS but the proxy's own name.
import { connect, type Socket } from 'node:net';
import { UsageError, SystemError } from '../core/errors.ts';
import type { ProxyHandshake, ProxyLogin, ProxyTarget } from '../core/proxy/handshake.ts';
import { createHttpConnect } from '../core/proxy/http-connect.ts';
import { createSocks5 } from '../core/proxy/socks5.ts';
import type { Transport } from '../ports/transport.ts';
import { toSystemError, type CodeTable } from './os-error.ts';
import { plainBytes } from './plain-bytes.ts';
import { heldStream } from './tcp.ts';

export interface Proxy {
  readonly kind: 'socks5' | 'http';
  readonly host: string;
  readonly port: number;
  readonly login: ProxyLogin | undefined;
}

export interface ProxyDial {
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

const PROXY_CODES: CodeTable = { other: 'PROXY_UNREACHABLE', codes: { ETIMEDOUT: 'PROXY_TIMEOUT' } };
const DEFAULT_PORTS = { socks5: 1080, http: 8080 } as const;

/**
 * `socks5://user:password@host:1080` (`socks5h` is the same: names always go to the proxy), `http://host:8080`.
 * Throws UsageError PROXY_BAD_URL, which does not repeat the password.
 */
export function parseProxy(text: string): Proxy {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const scheme = url?.protocol.slice(0, -1);
  const kind = scheme === 'socks5' || scheme === 'socks5h' ? 'socks5' : scheme;
  const isBare = url !== undefined && ['', '/'].includes(url.pathname) && url.search + url.hash === '';
  if (!isBare || url.hostname === '' || (kind !== 'socks5' && kind !== 'http')) {
    const expected = 'socks5://[user:password@]host:port or http://[user:password@]host:port';
    throw new UsageError('PROXY_BAD_URL', `a proxy is named like ${expected}`, { expected });
  }
  const [user, password] = [decodeURIComponent(url.username), decodeURIComponent(url.password)];
  const givenPort = kind === 'http' && url.port === '' && /:80(\/|$)/.test(text) ? 80 : Number(url.port);
  return {
    kind,
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: givenPort === 0 ? DEFAULT_PORTS[kind] : givenPort,
    login: user === '' ? undefined : { user, password },
  };
}

/** The value of a Proxy-Authorization header. */
export function proxyAuthorization({ login }: Proxy): string | undefined {
  if (login === undefined) return undefined;
  return `Basic ${Buffer.from(`${login.user}:${login.password}`).toString('base64')}`;
}

/** A socket whose other end is the target. Rejects with SystemError PROXY_* or DIAL_ABORTED. */
export function connectThrough(proxy: Proxy, target: ProxyTarget, dial: ProxyDial): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const talk = createTalk(proxy, target);
    const socket = connect({ host: proxy.host, port: proxy.port, noDelay: true });
    const settle = (): void => {
      clearTimeout(timer);
      dial.signal?.removeEventListener('abort', onAbort);
      socket.off('data', onData).off('error', onError).off('end', onEnd);
    };
    const stop = (error: Error): void => {
      settle();
      socket.on('error', () => undefined);
      socket.destroy();
      reject(error);
    };
    const onAbort = (): void => {
      stop(new SystemError('DIAL_ABORTED', 'the dial was given up'));
    };
    const onError = (error: Error): void => {
      stop(toSystemError(error, PROXY_CODES, `no connection to the proxy ${proxy.host}`));
    };
    const onEnd = (): void => {
      stop(new SystemError('PROXY_REFUSED', 'the proxy hung up'));
    };
    const onData = (chunk: Uint8Array): void => {
      try {
        const step = talk.receive(plainBytes(chunk));
        if (step.kind === 'send') socket.write(step.bytes);
        if (step.kind !== 'done') return;
        settle();
        socket.pause();
        if (step.rest.length > 0) socket.unshift(step.rest);
        resolve(socket);
      } catch (error) {
        stop(toSystemError(error, PROXY_CODES, 'the proxy'));
      }
    };
    const timer = setTimeout(() => {
      stop(new SystemError('PROXY_TIMEOUT', `no answer in ${String(dial.timeoutMs)} ms`));
    }, dial.timeoutMs);
    dial.signal?.addEventListener('abort', onAbort);
    if (dial.signal?.aborted === true) {
      onAbort();
      return;
    }
    socket.on('data', onData).once('error', onError).once('end', onEnd);
    socket.once('connect', () => socket.write(talk.open()));
  });
}

/** Peers over TCP through a proxy. It takes no connections: nobody can reach us around the proxy. */
export function createProxyTransport(proxy: Proxy): Transport {
  return {
    kind: 'tcp',
    listen: () => Promise.resolve({ port: 0, close: () => Promise.resolve() }),
    dial: async (address, options) => {
      const target = { host: address.ip, port: address.port };
      return heldStream(await connectThrough(proxy, target, options), address);
    },
  };
}

function createTalk(proxy: Proxy, target: ProxyTarget): ProxyHandshake {
  return proxy.kind === 'socks5'
    ? createSocks5(target, proxy.login)
    : createHttpConnect(target, proxyAuthorization(proxy));
}
