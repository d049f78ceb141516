// HTTP tracker vectors: replies as clients of other projects expect them, requests as stock clients sent them.
import { expect, it } from 'vitest';
import { formatAddress } from '../../src/core/address.ts';
import { decodeBencode } from '../../src/core/bencode/decode.ts';
import { fromHex, toHex } from '../../src/core/bytes/bytes.ts';
import { ProtocolError } from '../../src/core/errors.ts';
import { AnnounceQuery } from '../../src/core/tracker/announce-query.ts';
import { parseAnnounceReply, parsePeerDict, parseScrapeReply } from '../../src/core/tracker/http-codec.ts';
import {
  HashList,
  HttpForm,
  parseAnnounceTarget,
  parseScrapeTarget,
} from '../../src/core/tracker/http-query.ts';
import { parseTrackerUrl, percentEncode, toScrapeUrl } from '../../src/core/tracker/tracker-url.ts';
import { describeCorpus, readCorpusJson } from '../support/corpus.ts';

interface ReplyVector {
  body_hex: string;
  expect?: unknown;
  error?: string;
  kind?: string;
}
interface HttpCorpus {
  responses: ReplyVector[];
  peer_dicts: { peer_hex: string; ok: boolean }[];
  requests: { request?: string; expect?: unknown; info_hash?: string; encoded?: string }[];
  tracker_urls: { cases: { url: string; valid: boolean }[] };
  announce_to_scrape: { cases: [string, string | null][] };
}

function target(text: string): { bytes: Uint8Array; start: number; end: number } {
  const bytes = Uint8Array.from(text, (char) => char.charCodeAt(0));
  return { bytes, start: 0, end: bytes.length };
}

describeCorpus('HTTP tracker corpus', () => {
  const corpus = readCorpusJson('wire/http_tracker.json') as HttpCorpus;

  it.each(corpus.responses.filter(({ kind }) => kind === undefined))(
    'reads the announce reply $body_hex',
    (vector) => {
      const body = fromHex(vector.body_hex);
      if (typeof vector.expect !== 'object') {
        // A refusal is named by its text; what is no reply at all is a ProtocolError.
        try {
          expect(parseAnnounceReply(body)).toMatchObject({
            kind: 'failure',
            failure: { message: vector.error ?? vector.expect },
          });
        } catch (error) {
          if (!(error instanceof ProtocolError)) throw error;
        }
        return;
      }
      const outcome = parseAnnounceReply(body);
      if (outcome.kind !== 'reply') throw new Error('refused');
      const wanted = vector.expect as Record<string, unknown>;
      const { reply } = outcome;
      const addresses = reply.peers.map(formatAddress);
      const heard: Record<string, unknown> = {
        peers: addresses,
        peers6: addresses,
        interval: reply.intervalSeconds,
        min_interval: reply.minIntervalSeconds,
        warning: reply.warning,
        external_ip: reply.externalIp,
        complete: reply.seeders,
        incomplete: reply.leechers,
        downloaded: reply.downloads,
        peers_hex: wanted['peers_hex'],
      };
      for (const [name, value] of Object.entries(wanted)) expect(heard[name], name).toEqual(value);
    },
  );

  it.each(corpus.responses.filter(({ kind }) => kind === 'scrape'))(
    'reads the scrape reply $body_hex',
    (vector) => {
      const outcome = parseScrapeReply(fromHex(vector.body_hex));
      if (outcome.kind !== 'reply') throw new Error('refused');
      const wanted = Object.entries(vector.expect as Record<string, unknown>);
      const heard = new Map(outcome.entries.map((entry) => [toHex(entry.infoHash), entry]));
      for (const [hash, counts] of wanted) {
        const entry = heard.get(hash);
        const numbers = [entry?.seeders, entry?.leechers, entry?.downloads];
        if (Array.isArray(counts)) expect(numbers).toEqual(counts);
        else expect({ complete: numbers[0], incomplete: numbers[1], downloaded: numbers[2] }).toEqual(counts);
      }
    },
  );

  it.each(corpus.peer_dicts)('a peer entry $peer_hex is taken: $ok', ({ peer_hex, ok }) => {
    const read = (): unknown => parsePeerDict(decodeBencode(fromHex(peer_hex), { canonical: false }));
    if (ok) expect(read).not.toThrow();
    else expect(read).toThrow(ProtocolError);
  });

  it.each(corpus.tracker_urls.cases)('the URL $url is usable: $valid', ({ url, valid }) => {
    expect(parseTrackerUrl(url) !== undefined).toBe(valid);
  });

  it.each(corpus.announce_to_scrape.cases)('%s is scraped at %s', (announce, scrape) => {
    expect(toScrapeUrl(announce) ?? null).toBe(scrape);
  });

  it('reads requests, and refuses broken ones without a crash', () => {
    for (const { request, expect: wanted, info_hash: hash, encoded } of corpus.requests) {
      if (hash !== undefined && encoded !== undefined) {
        const query = new AnnounceQuery();
        parseAnnounceTarget(
          target(`/announce?${encoded}&peer_id=aaaaaaaaaaaaaaaaaaaa`),
          query,
          new HttpForm(),
        );
        expect(toHex(query.infoHash)).toBe(hash);
        expect(fromHex(hash)).toEqual(query.infoHash);
        expect(percentEncode(fromHex(hash))).not.toContain('+');
      } else if (request?.startsWith('/scrape') === true) {
        const hashes = new HashList(4);
        expect(parseScrapeTarget(target(request), hashes)).toBeUndefined();
        const { info_hashes: wantedHashes } = wanted as { info_hashes: string[] };
        expect(toHex(hashes.bytes.subarray(0, 20 * hashes.count))).toBe(wantedHashes.join(''));
      } else {
        const query = new AnnounceQuery();
        const refusal = parseAnnounceTarget(target(request ?? ''), query, new HttpForm());
        if (typeof wanted !== 'object') expect(refusal).toBeDefined();
        else {
          const values = wanted as {
            info_hash: string;
            port: number;
            event: string;
            numwant: number;
            left: number;
          };
          expect(toHex(query.infoHash)).toBe(values.info_hash);
          expect(query).toMatchObject({ port: values.port, event: values.event, asked: values.numwant });
          expect(query.seed).toBe(values.left === 0);
        }
      }
    }
  });
});

interface Captures {
  clients: Record<string, { http_announces: string[] }>;
}

describeCorpus('announces of stock clients', () => {
  const { clients } = readCorpusJson('wire/captures_clients.json') as Captures;
  const announces = Object.entries(clients).flatMap(([client, { http_announces: all }]) =>
    all
      .filter((text) => text.startsWith('GET /announce'))
      .map((text) => [client, text.split(' ')[1] ?? ''] as const),
  );

  it.each(announces)('reads that of %s', (_client, path) => {
    const query = new AnnounceQuery();
    expect(parseAnnounceTarget(target(path), query, new HttpForm())).toBeUndefined();
    expect(toHex(query.infoHash)).toBe('70ec0ab52e2ca1c1d96af99006ec9906034bfddc');
    expect(query.port).toBeGreaterThan(47000);
    expect(['started', 'stopped']).toContain(query.event);
    expect(query.seed).toBe(false);
  });
});
