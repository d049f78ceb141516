import { describe, expect, it } from 'vitest';
import { toInfoHash, toPeerId } from '../ids.ts';
import type { AnnounceRequest } from './model.ts';
import { encodeUdpAnnounce, parseUdpReply, parseUrlData } from './udp-codec.ts';

const REQUEST: AnnounceRequest = {
  infoHash: toInfoHash(new Uint8Array(20).fill(1)),
  peerId: toPeerId(new Uint8Array(20).fill(2)),
  ...{ port: 6881, uploaded: 1, downloaded: 2, left: 3, event: 'none', numWant: undefined, key: 4 },
};

describe('the options of an announce over UDP (BEP 41)', () => {
  it.each([0, 1, 254, 255, 256, 510, 600])('carry a target of %d bytes', (length) => {
    const target = '/'.padEnd(length, 'abc').slice(0, length);
    const envelope = { connectionId: new Uint8Array(8), transactionId: 1 };
    const packet = encodeUdpAnnounce(envelope, REQUEST, target);
    expect(packet).toHaveLength(98 + length + 2 * Math.ceil(length / 255));
    expect(parseUrlData(packet.subarray(98))).toBe(target);
  });

  it('end at a zero, skip ones and what they do not know, and must be whole', () => {
    expect(parseUrlData(Uint8Array.of(1, 2, 1, 0x61, 9, 2, 7, 7, 1, 2, 1, 0x62, 0, 2, 1, 0x63))).toBe('ab');
    for (const cut of [[2], [2, 1], [9, 3, 0, 0]]) {
      expect(() => parseUrlData(Uint8Array.from(cut))).toThrow(
        expect.objectContaining({ code: 'UDP_TRACKER_BAD_PACKET' }) as Error,
      );
    }
  });
});

describe('the answer to an announce over UDP', () => {
  it('is refused below 20 bytes, and has whole peers alone', () => {
    const packet = new Uint8Array(33);
    packet.set([0, 0, 0, 1]);
    packet.set([9, 9, 9, 9, 1, 2], 20);
    packet.set([8, 8, 8, 8, 1, 2], 26);
    for (const length of [7, 8, 19]) {
      expect(() => parseUdpReply(packet.subarray(0, length), 4)).toThrow(
        expect.objectContaining({ code: 'UDP_TRACKER_BAD_PACKET' }) as Error,
      );
    }
    const peers = [20, 25, 26, 33].map((length) => {
      const reply = parseUdpReply(packet.subarray(0, length), 4);
      return reply.kind === 'announce' ? reply.peers.length : -1;
    });
    expect(peers).toEqual([0, 0, 1, 2]);
  });
});
