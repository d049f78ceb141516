import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../bytes/bytes.ts';
import { answerBinding, isStun } from './stun.ts';

/** RFC 5769 section 2: the transaction of its sample messages. */
const TRANSACTION = 'b7e7a701bc34d686fa87dfae';
const REQUEST = fromHex(`000100002112a442${TRANSACTION}`);
const IPV6 = fromHex('20010db8123456780011223344556677');

describe('STUN binding', () => {
  it('tells an IPv4 address as the sample of RFC 5769 does', () => {
    const answer = answerBinding(REQUEST, new Uint8Array([192, 0, 2, 1]), 32853);
    expect(toHex(answer ?? new Uint8Array(0))).toBe(`0101000c2112a442${TRANSACTION}002000080001a147e112a643`);
  });

  it('tells an IPv6 address as the sample of RFC 5769 does', () => {
    const answer = answerBinding(REQUEST, IPV6, 32853);
    expect(toHex(answer ?? new Uint8Array(0))).toBe(
      `010100182112a442${TRANSACTION}002000140002a1470113a9faa5d3f179bc25f4b5bed2b9d9`,
    );
  });

  it('answers requests with attributes, and nothing that is no request', () => {
    const ip = new Uint8Array([127, 0, 0, 1]);
    const withAttribute = fromHex(`000100082112a442${TRANSACTION}80220004000000aa`);
    expect(answerBinding(withAttribute, ip, 1)).toBeDefined();
    for (const hex of [`010100002112a442${TRANSACTION}`, `001100002112a442${TRANSACTION}`]) {
      expect(answerBinding(fromHex(hex), ip, 1)).toBeUndefined();
    }
    expect(answerBinding(REQUEST, new Uint8Array(5), 1)).toBeUndefined();
  });

  it('is told from other packets', () => {
    expect(isStun(REQUEST)).toBe(true);
    for (let length = 0; length < REQUEST.length; length++) {
      expect(isStun(REQUEST.subarray(0, length))).toBe(false);
    }
    expect(isStun(fromHex(`000000000000041727101980${'00'.repeat(8)}`))).toBe(false);
    expect(isStun(fromHex(`c00100002112a442${TRANSACTION}`))).toBe(false);
    expect(isStun(fromHex(`000100042112a442${TRANSACTION}`))).toBe(false);
  });
});
