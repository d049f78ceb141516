import { describe, expect, it } from 'vitest';
import { ProtocolError } from '../errors.ts';
import { toInfoHash, toPeerId } from '../ids.ts';
import { encodeHandshake, isHandshakePrefix, parseHandshake, parseHandshakeStart } from './handshake.ts';
import type { Capabilities } from './messages.ts';

const ids = {
  infoHash: toInfoHash(Uint8Array.from({ length: 20 }, (_, i) => i)),
  peerId: toPeerId(Uint8Array.from({ length: 20 }, (_, i) => 100 + i)),
};
const none: Capabilities = { extended: false, fast: false, dht: false, v2: false };

describe('handshake', () => {
  it('sets each capability in the reserved bit of its BEP', () => {
    const bits: [keyof Capabilities, number, number][] = [
      ['extended', 25, 0x10],
      ['dht', 27, 0x01],
      ['fast', 27, 0x04],
      ['v2', 27, 0x10],
    ];
    for (const [name, at, mask] of bits) {
      const bytes = encodeHandshake({ ...ids, capabilities: { ...none, [name]: true } });
      expect([...bytes.subarray(20, 28)].reduce((sum, byte) => sum + byte)).toBe(mask);
      expect(bytes[at]).toBe(mask);
      expect(parseHandshake(bytes)).toEqual({ ...ids, capabilities: { ...none, [name]: true } });
    }
  });

  it('is refused at every truncation, with no other error', () => {
    const bytes = encodeHandshake({ ...ids, capabilities: none });
    for (let length = 0; length < 68; length++) {
      expect(() => parseHandshake(bytes.subarray(0, length))).toThrow(ProtocolError);
    }
    for (const length of [47, 67, 69]) {
      const cut = new Uint8Array(length);
      cut.set(bytes.subarray(0, length));
      expect(() => parseHandshake(cut)).toThrow(
        expect.objectContaining({ code: 'WIRE_BAD_HANDSHAKE', expected: 68, received: length }),
      );
    }
  });

  it('begins to be readable with the info hash', () => {
    const bytes = encodeHandshake({ ...ids, capabilities: none });
    expect(parseHandshakeStart(bytes.subarray(0, 48)).infoHash).toEqual(ids.infoHash);
    expect(() => parseHandshakeStart(bytes.subarray(0, 47))).toThrow(ProtocolError);
  });

  it('is told from another protocol by any of its first bytes', () => {
    const bytes = encodeHandshake({ ...ids, capabilities: none });
    expect(isHandshakePrefix(bytes.subarray(0, 7))).toBe(true);
    for (let at = 0; at < 20; at++) {
      const other = bytes.slice();
      other[at] = 0x7f;
      expect(isHandshakePrefix(other)).toBe(false);
    }
  });
});
