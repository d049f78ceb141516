// HTTP proxies: CONNECT opens a way for any protocol (RFC 9110, section 9.3.6).
import { concatBytes, latin1Decode, latin1Encode } from '../bytes/bytes.ts';
import { SystemError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import type { ProxyHandshake, ProxyStep, ProxyTarget } from './handshake.ts';

const END = '\r\n\r\n';

/** `authorization` is the value of a Proxy-Authorization header. */
export function createHttpConnect(target: ProxyTarget, authorization: string | undefined): ProxyHandshake {
  let held: Uint8Array = new Uint8Array(0);
  return {
    open: () => {
      const host = target.host.includes(':') ? `[${target.host}]` : target.host;
      const authority = `${host}:${String(target.port)}`;
      const login = authorization === undefined ? '' : `Proxy-Authorization: ${authorization}\r\n`;
      return latin1Encode(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${login}\r\n`);
    },
    receive: (bytes): ProxyStep => {
      held = concatBytes([held, bytes]);
      const head = latin1Decode(held.subarray(0, LIMITS.proxyAnswerBytes.value));
      const end = head.indexOf(END);
      if (end >= 0) {
        check(head);
        return { kind: 'done', rest: held.slice(end + END.length) };
      }
      if (held.length >= LIMITS.proxyAnswerBytes.value || !'HTTP/1.'.startsWith(head.slice(0, 7))) {
        throw new SystemError('PROXY_BAD_ANSWER', 'the proxy does not speak HTTP');
      }
      return { kind: 'more' };
    },
  };
}

function check(head: string): void {
  const status = /^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1];
  if (status === undefined) throw new SystemError('PROXY_BAD_ANSWER', 'the proxy does not speak HTTP');
  if (status.startsWith('2')) return;
  if (status === '407') throw new SystemError('PROXY_LOGIN', 'the HTTP proxy wants user name and password');
  throw new SystemError('PROXY_REFUSED', `the HTTP proxy did not connect: status ${status}`);
}
