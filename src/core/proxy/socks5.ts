// SOCKS5 as a client: CONNECT (RFC 1928), with user name and password where the proxy wants them (RFC 1929).
import { parseIp } from '../address.ts';
import { concatBytes, utf8Encode } from '../bytes/bytes.ts';
import { ByteWriter } from '../bytes/writer.ts';
import { SystemError } from '../errors.ts';
import type { ProxyHandshake, ProxyLogin, ProxyStep, ProxyTarget } from './handshake.ts';

const VERSION = 5;
const LOGIN_VERSION = 1;
const METHODS = { none: 0, login: 2 } as const;
const CONNECT = 1;
const ADDRESS = { ipv4: 1, name: 3, ipv6: 4 } as const;
/** Lengths are bytes on the wire. */
const MAX_TEXT = 255;

/** RFC 1928, section 6. */
const REFUSALS: Readonly<Record<number, string>> = {
  1: 'it failed',
  2: 'its rules do not allow the connection',
  3: 'the network cannot be reached',
  4: 'the host cannot be reached',
  5: 'the connection was refused',
  6: 'there was no answer in time',
  7: 'it does not connect for others',
  8: 'it does not know this kind of address',
};

/** Throws SystemError PROXY_BAD_TARGET for a name or login that the protocol cannot carry. */
export function createSocks5(target: ProxyTarget, login: ProxyLogin | undefined): ProxyHandshake {
  return new Socks5(target, login);
}

class Socks5 implements ProxyHandshake {
  readonly #request: Uint8Array;
  readonly #login: Uint8Array | undefined;
  #phase: 'method' | 'login' | 'reply' = 'method';
  #held: Uint8Array = new Uint8Array(0);

  constructor(target: ProxyTarget, login: ProxyLogin | undefined) {
    this.#request = encodeRequest(target);
    this.#login = login === undefined ? undefined : encodeLogin(login);
  }

  open(): Uint8Array {
    const methods = this.#login === undefined ? [METHODS.none] : [METHODS.none, METHODS.login];
    return Uint8Array.of(VERSION, methods.length, ...methods);
  }

  receive(bytes: Uint8Array): ProxyStep {
    this.#held = concatBytes([this.#held, bytes]);
    if (this.#phase === 'reply') return this.#reply();
    if (this.#held.length < 2) return { kind: 'more' };
    const [version = 0, value = 0] = this.#held;
    this.#held = this.#held.slice(2);
    return this.#phase === 'method' ? this.#chosen(version, value) : this.#loggedIn(value);
  }

  #chosen(version: number, method: number): ProxyStep {
    if (version !== VERSION) throw new SystemError('PROXY_BAD_ANSWER', 'the proxy does not speak SOCKS5');
    if (method === METHODS.login && this.#login !== undefined) {
      this.#phase = 'login';
      return { kind: 'send', bytes: this.#login };
    }
    if (method !== METHODS.none) {
      const wants = this.#login === undefined ? 'wants user name and password' : 'takes none of our logins';
      throw new SystemError('PROXY_LOGIN', `the SOCKS5 proxy ${wants}`);
    }
    return this.#ask();
  }

  #loggedIn(status: number): ProxyStep {
    if (status !== 0) throw new SystemError('PROXY_LOGIN', 'the SOCKS5 proxy refused user name and password');
    return this.#ask();
  }

  #ask(): ProxyStep {
    this.#phase = 'reply';
    return { kind: 'send', bytes: this.#request };
  }

  #reply(): ProxyStep {
    const [version = VERSION, status = 0, , kind = 0, first = 0] = this.#held;
    if (version !== VERSION) throw new SystemError('PROXY_BAD_ANSWER', 'the proxy does not speak SOCKS5');
    if (this.#held.length < 5) return { kind: 'more' };
    if (status !== 0) {
      const why = REFUSALS[status] ?? `it answered ${String(status)}`;
      throw new SystemError('PROXY_REFUSED', `the SOCKS5 proxy did not connect: ${why}`);
    }
    const length = 4 + boundLength(kind, first) + 2;
    if (this.#held.length < length) return { kind: 'more' };
    return { kind: 'done', rest: this.#held.slice(length) };
  }
}

function boundLength(kind: number, first: number): number {
  if (kind === ADDRESS.ipv4) return 4;
  if (kind === ADDRESS.ipv6) return 16;
  if (kind === ADDRESS.name) return 1 + first;
  throw new SystemError('PROXY_BAD_ANSWER', 'the SOCKS5 proxy answered with an unknown kind of address');
}

function encodeRequest({ host, port }: ProxyTarget): Uint8Array {
  const writer = new ByteWriter(32).u8(VERSION).u8(CONNECT).u8(0);
  const ip = parseIp(host);
  if (ip === undefined) writer.u8(ADDRESS.name).bytes(counted(host, 'the host name'));
  else writer.u8(ip.length === 4 ? ADDRESS.ipv4 : ADDRESS.ipv6).bytes(ip);
  return writer.u16(port).finish();
}

function encodeLogin({ user, password }: ProxyLogin): Uint8Array {
  const parts = [counted(user, 'the user name'), counted(password, 'the password')];
  return concatBytes([Uint8Array.of(LOGIN_VERSION), ...parts]);
}

function counted(text: string, what: string): Uint8Array {
  const bytes = utf8Encode(text);
  if (bytes.length === 0 || bytes.length > MAX_TEXT) {
    throw new SystemError('PROXY_BAD_TARGET', `${what} must have 1 to ${String(MAX_TEXT)} bytes for SOCKS5`);
  }
  return concatBytes([Uint8Array.of(bytes.length), bytes]);
}
