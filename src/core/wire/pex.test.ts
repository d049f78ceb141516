import { describe, expect, it } from 'vitest';
import { encodeBencode } from '../bencode/encode.ts';
import { latin1Encode } from '../bytes/bytes.ts';
import { ProtocolError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { PEX_FLAGS, encodePex, parsePex } from './pex.ts';

describe('peer exchange', () => {
  it('is read back as it was written, both families', () => {
    const message = {
      added: [
        { address: { ip: '1.2.3.4', port: 5 }, flags: PEX_FLAGS.utp | PEX_FLAGS.reachable },
        { address: { ip: '::1', port: 6 }, flags: PEX_FLAGS.uploadOnly },
      ],
      dropped: [
        { ip: '5.6.7.8', port: 9 },
        { ip: '2001:db8::1', port: 10 },
      ],
    };
    expect(parsePex(encodePex(message))).toEqual(message);
  });

  it('keeps flags with their peer when one with port 0 is left out', () => {
    const payload = encodeBencode({
      added: Uint8Array.of(1, 1, 1, 1, 0, 0, 2, 2, 2, 2, 0, 80),
      'added.f': Uint8Array.of(1, 2),
    });
    expect(parsePex(payload).added).toEqual([{ address: { ip: '2.2.2.2', port: 80 }, flags: 2 }]);
  });

  it('takes a message without flags', () => {
    expect(parsePex(encodeBencode({ added: Uint8Array.of(1, 1, 1, 1, 0, 1) })).added[0]?.flags).toBe(0);
  });

  it('takes no more peers than the limit', () => {
    const added = new Uint8Array(6 * (LIMITS.pexPeers.value + 50)).fill(1);
    expect(parsePex(encodeBencode({ added })).added).toHaveLength(LIMITS.pexPeers.value);
  });

  it('is refused when cut anywhere', () => {
    const payload = encodePex({ added: [{ address: { ip: '1.2.3.4', port: 5 }, flags: 0 }], dropped: [] });
    for (let length = 0; length < payload.length; length++) {
      expect(() => parsePex(payload.subarray(0, length))).toThrow(ProtocolError);
    }
    expect(() => parsePex(encodeBencode({ added: new Uint8Array(7) }))).toThrow(ProtocolError);
  });

  it('takes keys that are out of order, and refuses what is no dictionary or no whole number of peers', () => {
    expect(parsePex(latin1Encode('d5:added0:1:ai1e7:added.f0:e'))).toEqual({ added: [], dropped: [] });
    const bad = [latin1Encode('le'), encodeBencode({ added: new Uint8Array(7) })];
    for (const payload of [...bad, encodeBencode({ dropped6: new Uint8Array(17) })]) {
      expect(() => parsePex(payload)).toThrow(expect.objectContaining({ code: 'WIRE_BAD_PEX' }));
    }
  });

  it('counts peers by the size of their addresses', () => {
    const six = encodeBencode({ added6: new Uint8Array(36).fill(1) });
    expect(parsePex(six).added).toHaveLength(2);
  });
});
