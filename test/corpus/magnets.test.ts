// Every magnet link of the corpus, both ways.
import { expect, test } from 'vitest';
import { fromHex, latin1Decode, toHex } from '../../src/core/bytes/bytes.ts';
import { ProtocolError } from '../../src/core/errors.ts';
import { toInfoHash, toInfoHashV2 } from '../../src/core/ids.ts';
import { formatMagnet, parseMagnet } from '../../src/core/metainfo/magnet.ts';
import type { MagnetLink } from '../../src/core/metainfo/magnet.ts';
import { describeCorpus, readCorpusJson } from '../support/corpus.ts';

type Address = readonly [host: string, port: number];

interface Expectation {
  readonly infohash_v1?: string | null;
  readonly infohash_v2?: string | null;
  readonly name?: string;
  readonly trackers?: readonly string[];
  readonly unique_trackers?: readonly string[];
  readonly trackers_sorted?: readonly string[];
  readonly num_trackers?: number;
  readonly url_seeds?: readonly string[];
  readonly peers?: readonly Address[];
  readonly unique_peers?: readonly Address[];
  readonly dht_nodes?: readonly Address[];
  readonly selected_files?: readonly number[] | null;
  readonly as?: readonly string[];
  readonly round_trips_exactly?: boolean;
}

interface DecodeCase {
  readonly uri?: string;
  readonly uri_hex?: string;
  readonly valid: boolean;
  readonly expect?: Expectation;
}

interface EncodeCase {
  readonly input: {
    readonly infohash_v1?: string;
    readonly infohash_v2?: string;
    readonly xt?: string;
    readonly dn?: string;
    readonly torrent?: string;
    readonly selected_files?: readonly number[];
    readonly num_files?: number;
    readonly peers?: readonly string[];
    readonly dht_nodes?: readonly string[];
  };
  readonly uri: string;
}

/** What a link says, in the words of the corpus. */
function summary(link: MagnetLink): Record<keyof Expectation, unknown> {
  const addresses = (list: MagnetLink['peers']): Address[] => list.map(({ host, port }) => [host, port]);
  return {
    infohash_v1: link.infoHash === undefined ? null : toHex(link.infoHash),
    infohash_v2: link.infoHashV2 === undefined ? null : toHex(link.infoHashV2),
    name: link.name,
    trackers: link.trackers,
    unique_trackers: link.trackers,
    trackers_sorted: [...link.trackers].sort(),
    num_trackers: link.trackers.length,
    url_seeds: link.webSeeds,
    peers: addresses(link.peers),
    unique_peers: addresses(link.peers),
    dht_nodes: addresses(link.nodes),
    selected_files: link.selected ?? null,
    as: link.sources.filter((url) => url.endsWith('.tar.gz')),
    round_trips_exactly: true,
  };
}

function linkOf({ input }: EncodeCase): MagnetLink {
  const v1 = input.infohash_v1 ?? input.xt?.slice('urn:btih:'.length);
  const isAll = input.selected_files?.length === input.num_files;
  const addresses = (list: readonly string[] = []): MagnetLink['peers'] =>
    list.map((address) => {
      const colon = address.lastIndexOf(':');
      return { host: address.slice(0, colon).replace(/[[\]]/g, ''), port: Number(address.slice(colon + 1)) };
    });
  return {
    infoHash: v1 === undefined ? undefined : toInfoHash(fromHex(v1)),
    infoHashV2: input.infohash_v2 === undefined ? undefined : toInfoHashV2(fromHex(input.infohash_v2)),
    name: input.dn,
    trackers: [],
    webSeeds: [],
    sources: [],
    peers: addresses(input.peers),
    nodes: addresses(input.dht_nodes),
    selected: isAll ? undefined : input.selected_files,
  };
}

describeCorpus('magnet links of the corpus', () => {
  const vectors = readCorpusJson('magnets.json') as {
    readonly decode: readonly DecodeCase[];
    readonly encode: readonly EncodeCase[];
  };
  const decode = vectors.decode.map((entry) => ({
    ...entry,
    uri: entry.uri ?? latin1Decode(fromHex(entry.uri_hex ?? '')),
  }));

  test.each(decode.filter((entry) => entry.valid))('reads $uri', (entry) => {
    const link = parseMagnet(entry.uri);
    const found = summary(link);
    for (const [key, value] of Object.entries(entry.expect ?? {})) {
      if (key in found) expect(found[key as keyof Expectation], key).toEqual(value);
    }
    if (entry.expect?.round_trips_exactly === true) expect(formatMagnet(link)).toBe(entry.uri);
    expect(parseMagnet(formatMagnet(link))).toEqual(link);
  });

  test.each(decode.filter((entry) => !entry.valid))('refuses $uri', ({ uri }) => {
    expect(() => parseMagnet(uri)).toThrow(ProtocolError);
  });

  test.each(vectors.encode.filter((entry) => entry.input.torrent === undefined))('writes $uri', (entry) => {
    expect(formatMagnet(linkOf(entry))).toBe(entry.uri);
  });
});
