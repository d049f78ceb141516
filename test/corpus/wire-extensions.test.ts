// Vectors of the extension BEPs: extended handshakes of real clients, allowed fast sets, peer priorities.
import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { fromHex, latin1Encode } from '../../src/core/bytes/bytes.ts';
import { toInfoHash } from '../../src/core/ids.ts';
import { parseMessage } from '../../src/core/wire/decode.ts';
import { parseExtendedHandshake } from '../../src/core/wire/extended.ts';
import { allowedFastSet } from '../../src/core/wire/fast-set.ts';
import { parseHandshake } from '../../src/core/wire/handshake.ts';
import { peerPriority } from '../../src/core/wire/priority.ts';
import { describeCorpus, readCorpus, readCorpusJson } from '../support/corpus.ts';

const sha1 = (data: Uint8Array): Uint8Array => new Uint8Array(createHash('sha1').update(data).digest());

interface HandshakeVectors {
  readonly real_samples: readonly {
    readonly client: string;
    readonly handshake_hex?: string;
    readonly messages?: readonly string[];
    readonly ext_handshake_payload_latin1: string | null;
  }[];
  readonly negative: readonly { readonly payload_latin1: string }[];
}

describeCorpus('extended handshakes', () => {
  const vectors = readCorpusJson('wire/bep10_handshakes.json') as HandshakeVectors;

  it('of qBittorrent 4.2.5: extensions, fast and DHT are on', () => {
    const handshake = parseHandshake(fromHex(vectors.real_samples[0]?.handshake_hex ?? ''));
    expect(handshake.capabilities).toEqual({ extended: true, fast: true, dht: true, v2: false });
  });

  it('of qBittorrent 4.4: every field', () => {
    const frame = parseMessage(fromHex(vectors.real_samples[1]?.messages?.[0] ?? ''));
    const payload = frame.kind === 'extended' ? frame.payload : new Uint8Array(0);
    expect(parseMessage(readCorpus('wire/files/rqbit-extended-handshake.bin'))).toEqual(frame);
    expect(parseExtendedHandshake(payload)).toEqual({
      extensions: { lt_donthave: 7, upload_only: 3, ut_holepunch: 4, ut_metadata: 2, ut_pex: 1 },
      client: 'qBittorrent/4.4.0alpha1',
      metadataSize: 138_876,
      requestQueue: 500,
      uploadOnly: true,
      yourIp: '127.0.0.1',
    });
  });

  it('of uTorrent 1.8.4: addresses and port', () => {
    const payload = latin1Encode(vectors.real_samples[2]?.ext_handshake_payload_latin1 ?? '');
    expect(parseExtendedHandshake(payload)).toMatchObject({
      client: 'uuTorrent 1.8.4',
      port: 16_033,
      requestQueue: 255,
      metadataSize: 15_408,
      ipv4: '88.88.88.88',
      yourIp: '88.88.88.88',
      ipv6: '5858:5858:5858:5858:5858:5858:5858:5858',
    });
  });

  it('with negative numbers say nothing by them', () => {
    for (const { payload_latin1: text } of vectors.negative) {
      const handshake = parseExtendedHandshake(latin1Encode(text));
      expect(handshake).toEqual({ extensions: { ut_metadata: 1 }, client: 'buggy-peer', uploadOnly: false });
    }
  });
});

describeCorpus('allowed fast sets', () => {
  const { cases } = readCorpusJson('wire/bep6_allowed_fast.json') as {
    readonly cases: readonly {
      readonly k: number;
      readonly num_pieces: number;
      readonly infohash: string;
      readonly ip: string;
      readonly expected: readonly number[];
    }[];
  };
  const setOf = (ip: string, pieceCount: number, size: number): readonly number[] =>
    allowedFastSet({ infoHash: toInfoHash(new Uint8Array(20).fill(0xaa)), pieceCount }, ip, { sha1, size });

  it.each(cases)('$k of $num_pieces pieces', ({ k, num_pieces: pieceCount, infohash, ip, expected }) => {
    const torrent = { infoHash: toInfoHash(fromHex(infohash)), pieceCount };
    expect(allowedFastSet(torrent, ip, { sha1, size: k })).toEqual(expected);
  });

  it('are the same for a whole /24, distinct and in range', () => {
    const set = setOf('80.4.4.1', 100, 50);
    expect(setOf('80.4.4.254', 100, 50)).toEqual(set);
    expect(new Set(set).size).toBe(50);
    expect(set.every((piece) => piece >= 0 && piece < 100)).toBe(true);
  });

  it('are empty for IPv6, for no pieces and for size 0', () => {
    expect([setOf('::1', 100, 10), setOf('1.2.3.4', 0, 10), setOf('1.2.3.4', 100, 0)]).toEqual([[], [], []]);
  });
});

describeCorpus('peer priorities', () => {
  const { cases } = readCorpusJson('wire/bep40_peer_priority.json') as {
    readonly cases: readonly {
      readonly a: string;
      readonly a_port: number;
      readonly b: string;
      readonly b_port: number;
      readonly priority_hex: string;
    }[];
  };

  it.each(cases)('$a to $b', ({ a, a_port: portA, b, b_port: portB, priority_hex: hex }) => {
    const [first, second] = [
      { ip: a, port: portA },
      { ip: b, port: portB },
    ];
    expect(peerPriority(first, second)).toBe(Number.parseInt(hex, 16));
    expect(peerPriority(second, first)).toBe(Number.parseInt(hex, 16));
  });
});
