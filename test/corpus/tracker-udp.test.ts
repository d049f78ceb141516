// UDP tracker vectors: packets of BEP 15 and 41, real captures, and a replay of opentracker's traffic.
import { expect, it } from 'vitest';
import { encodeCompactPeer, formatAddress, parseCompactPeers, parseIp } from '../../src/core/address.ts';
import { fromHex, toHex } from '../../src/core/bytes/bytes.ts';
import { ProtocolError } from '../../src/core/errors.ts';
import { toInfoHash, toPeerId } from '../../src/core/ids.ts';
import { isGlobalUnicast } from '../../src/core/tracker/address-range.ts';
import {
  encodeUdpAnnounce,
  encodeUdpConnect,
  encodeUdpScrape,
  parseUdpReply,
  parseUrlData,
} from '../../src/core/tracker/udp-codec.ts';
import { udpRetryMs } from '../../src/core/tracker/udp-exchange.ts';
import { describeCorpus, readCorpus, readCorpusJson } from '../support/corpus.ts';

interface UdpCorpus {
  packets: { name: string; hex?: string; file?: string; fields?: Record<string, unknown> }[];
  bep41_url_options: {
    cases: { option_bytes_hex: string; params: Record<string, string> | null; malformed: boolean }[];
  };
  retry_seconds: { first: number[] };
}

describeCorpus('UDP tracker corpus', () => {
  const corpus = readCorpusJson('wire/bep15_udp_tracker.json') as UdpCorpus;
  const packet = (start: string): { bytes: Uint8Array; fields: Record<string, unknown> } => {
    const found = corpus.packets.find(({ name }) => name.startsWith(start));
    const bytes = found?.hex === undefined ? readCorpus(`wire/${found?.file ?? ''}`) : fromHex(found.hex);
    return { bytes, fields: found?.fields ?? {} };
  };
  const envelope = { connectionId: fromHex('0102030405060708'), transactionId: 0xcafebabe };

  it('writes the requests byte for byte', () => {
    expect(toHex(encodeUdpConnect(0xcafebabe))).toBe(toHex(packet('connect request').bytes));
    const { bytes } = packet('announce request');
    const announce = encodeUdpAnnounce(
      envelope,
      {
        infoHash: toInfoHash(bytes.slice(16, 36)),
        peerId: toPeerId(bytes.slice(36, 56)),
        uploaded: 1,
        downloaded: 2,
        left: 100,
        event: 'started',
        key: 0xcafe,
        numWant: 20,
        port: 80,
      },
      '',
    );
    expect(toHex(announce)).toBe(toHex(bytes));
    const hashes = [0x61, 0x62].map((byte) => toInfoHash(new Uint8Array(20).fill(byte)));
    expect(toHex(encodeUdpScrape(envelope, hashes))).toBe(toHex(packet('scrape request').bytes));
  });

  it.each([
    ['announce response IPv4', 4],
    ['announce response IPv6', 6],
  ] as const)('reads the %s', (name, family) => {
    const { bytes, fields } = packet(name);
    const reply = parseUdpReply(bytes, family);
    if (reply.kind !== 'announce') throw new Error('no announce');
    expect([reply.intervalSeconds, reply.leechers, reply.seeders]).toEqual([3600, 10, 20]);
    expect(reply.peers.map(({ ip, port }) => [ip, port])).toEqual(fields['peers']);
  });

  it('reads a real announce response of 200 peers', () => {
    const { bytes, fields } = packet('real announce');
    const reply = parseUdpReply(bytes, 4);
    if (reply.kind !== 'announce') throw new Error('no announce');
    expect(reply).toMatchObject({ transactionId: fields['transaction_id'], seeders: 3341, leechers: 257 });
    expect(reply.peers).toHaveLength(200);
    expect(reply.peers.slice(0, 3).map(({ ip, port }) => [ip, port])).toEqual(fields['first']);
  });

  it('reads scrape and error responses', () => {
    expect(parseUdpReply(packet('scrape response').bytes, 4)).toMatchObject({
      counts: [
        { seeders: 1, downloads: 2, leechers: 3 },
        { seeders: 4, downloads: 5, leechers: 6 },
      ],
    });
    expect(parseUdpReply(packet('error response').bytes, 4)).toMatchObject({
      kind: 'error',
      message: 'Failed',
    });
  });

  it.each(corpus.bep41_url_options.cases)('reads the options $option_bytes_hex', (vector) => {
    const read = (): string => parseUrlData(fromHex(vector.option_bytes_hex));
    if (vector.malformed) {
      expect(read).toThrow(ProtocolError);
    } else {
      const query = read().split('?')[1] ?? '';
      expect(Object.fromEntries(new URLSearchParams(query))).toEqual(vector.params);
    }
  });

  it('retries as BEP 15 says', () => {
    expect(corpus.retry_seconds.first.map((_, n) => udpRetryMs(n) / 1000)).toEqual(
      corpus.retry_seconds.first,
    );
  });
});

interface PeerCorpus {
  cases: { hex: string; peer?: string; peers?: string[] }[];
  global_unicast: { cases: [string, number][] };
}

describeCorpus('compact peers corpus', () => {
  const corpus = readCorpusJson('wire/compact_peers.json') as PeerCorpus;

  it.each(corpus.cases)('reads and writes $hex', ({ hex, peer, peers }) => {
    const parsed = parseCompactPeers(fromHex(hex), hex.length === 36 ? 6 : 4);
    expect(parsed.map(formatAddress)).toEqual(peers ?? [peer]);
    expect(parsed.map((each) => toHex(encodeCompactPeer(each))).join('')).toBe(hex);
  });

  it.each(corpus.global_unicast.cases)('%s is reachable from everywhere: %i', (text, expected) => {
    const ip = parseIp(text);
    expect(ip !== undefined && isGlobalUnicast(ip)).toBe(expected === 1);
  });
});

interface Exchange {
  http_request?: string;
  response_latin1?: string;
  udp?: string;
  request_hex?: string;
  response_hex?: string | null;
}

describeCorpus('opentracker capture', () => {
  const { exchanges } = readCorpusJson('wire/capture_opentracker.json') as { exchanges: Exchange[] };

  it('reads every UDP reply of a stock tracker', () => {
    const kinds = exchanges
      .filter(({ udp, response_hex: hex }) => udp !== undefined && typeof hex === 'string')
      .map(({ response_hex: hex }) => parseUdpReply(fromHex(hex ?? ''), 4).kind);
    expect(kinds).toEqual(['connect', 'announce', 'scrape', 'error']);
  });
});
