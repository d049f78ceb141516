import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes, fromHex, latin1Decode, latin1Encode, toHex } from '../bytes/bytes.ts';
import { SystemError } from '../errors.ts';
import type { ProxyHandshake } from './handshake.ts';
import { createHttpConnect } from './http-connect.ts';
import { createSocks5 } from './socks5.ts';

const TARGET = { host: 'seed.example', port: 6881 };
const LOGIN = { user: 'me', password: 'pass' };

/** Feeds an answer byte by byte; what was sent meanwhile, and the rest once it is done. */
function feed(talk: ProxyHandshake, answer: Uint8Array): { sent: string[]; rest: string | undefined } {
  const sent = [toHex(talk.open())];
  let rest: Uint8Array | undefined;
  for (const byte of answer) {
    if (rest !== undefined) {
      rest = concatBytes([rest, Uint8Array.of(byte)]);
      continue;
    }
    const step = talk.receive(Uint8Array.of(byte));
    if (step.kind === 'send') sent.push(toHex(step.bytes));
    if (step.kind === 'done') rest = step.rest;
  }
  return { sent, rest: rest === undefined ? undefined : toHex(rest) };
}

function codeOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof SystemError) return error.code;
    throw error;
  }
  return 'none';
}

const NAME = `050100030c${toHex(latin1Encode('seed.example'))}1ae1`;

describe('SOCKS5', () => {
  it('asks for a host name without login (RFC 1928)', () => {
    const { sent, rest } = feed(createSocks5(TARGET, undefined), fromHex('0500050000010000000000000102'));
    expect(sent).toEqual(['050100', NAME]);
    expect(rest).toBe('0102');
  });

  it('logs in where the proxy wants it (RFC 1929)', () => {
    const answer = fromHex('05020100050000030261620000' + '00');
    const { sent, rest } = feed(createSocks5(TARGET, LOGIN), answer);
    expect(sent).toEqual(['05020002', '01026d650470617373', NAME]);
    expect(rest).toBe('00');
  });

  it('asks for addresses of both families', () => {
    const v4 = feed(createSocks5({ host: '192.0.2.1', port: 80 }, undefined), fromHex('0500'));
    const v6 = feed(createSocks5({ host: '2001:db8::1', port: 80 }, undefined), fromHex('0500'));
    expect(v4.sent[1]).toBe('05010001c00002010050');
    expect(v6.sent[1]).toBe('0501000420010db80000000000000000000000010050');
  });

  it.each([
    { answer: '0402', code: 'PROXY_BAD_ANSWER' },
    { answer: '05ff', code: 'PROXY_LOGIN' },
    { answer: '0502', code: 'PROXY_LOGIN' },
    { answer: '05000505000100000000', code: 'PROXY_REFUSED' },
    { answer: '050005000009000000', code: 'PROXY_BAD_ANSWER' },
  ])('ends with $code after $answer', ({ answer, code }) => {
    expect(codeOf(() => feed(createSocks5(TARGET, undefined), fromHex(answer)))).toBe(code);
  });

  it('refuses names that do not fit', () => {
    expect(codeOf(() => createSocks5({ host: 'x'.repeat(256), port: 1 }, undefined))).toBe(
      'PROXY_BAD_TARGET',
    );
  });
});

describe('HTTP CONNECT', () => {
  it('asks for the way and keeps what the target sends at once', () => {
    const talk = createHttpConnect({ host: '2001:db8::1', port: 80 }, 'Basic eDp5');
    const request = latin1Decode(talk.open());
    expect(request).toMatch(/^CONNECT \[2001:db8::1\]:80 HTTP\/1\.1\r\n/);
    expect(request).toContain('Proxy-Authorization: Basic eDp5\r\n');
    const step = talk.receive(latin1Encode('HTTP/1.0 200 OK\r\nA: b\r\n\r\nhello'));
    expect(step).toEqual({ kind: 'done', rest: latin1Encode('hello') });
  });

  it.each([
    { answer: 'HTTP/1.1 407 Who\r\n\r\n', code: 'PROXY_LOGIN' },
    { answer: 'HTTP/1.1 403 No\r\n\r\n', code: 'PROXY_REFUSED' },
    { answer: 'SSH-2.0', code: 'PROXY_BAD_ANSWER' },
    { answer: `HTTP/1.1 200 OK\r\n${'a'.repeat(20_000)}`, code: 'PROXY_BAD_ANSWER' },
  ])('ends with $code', ({ answer, code }) => {
    expect(codeOf(() => createHttpConnect(TARGET, undefined).receive(latin1Encode(answer)))).toBe(code);
  });
});

it('whatever a proxy sends, the talk ends in a result or a SystemError', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 5 }),
      fc.boolean(),
      (chunks, socks) => {
        const talk = socks ? createSocks5(TARGET, LOGIN) : createHttpConnect(TARGET, undefined);
        codeOf(() => {
          for (const chunk of chunks) talk.receive(chunk);
        });
      },
    ),
  );
});
