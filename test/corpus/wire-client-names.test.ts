// Peer ids of the wild: every known client is named, and none makes us stumble.
import { expect, it } from 'vitest';
import { fromHex, latin1Encode } from '../../src/core/bytes/bytes.ts';
import { toPeerId } from '../../src/core/ids.ts';
import { clientName } from '../../src/core/wire/client-name.ts';
import { describeCorpus, readCorpusJson } from '../support/corpus.ts';

interface Vectors {
  readonly transmission: { readonly cases: readonly { peer_id_prefix_hex: string; client: string }[] };
  readonly 'bittorrent-peerid': { readonly cases: readonly { peer_id_hex: string; client: string }[] };
  readonly chihaya_client_id: { readonly cases: readonly { peer_id: string }[] };
  readonly must_not_crash_hex: readonly string[];
}

/** Where sources name one client in several ways, the word that all must have. */
const SAME: readonly (readonly [RegExp, string])[] = [
  [/^(Vuze|Azureus.*)$/, 'Azureus'],
  [/Shad0w|Shadow/, 'Shadow'],
  [/Vagaa/, 'Vagaa'],
  [/Rakshasa/, 'Rakshasa'],
  [/Rasterbar/, 'Rasterbar'],
  [/^BitsOnWheels$/, 'Bits on Wheels'],
  [/^Amazon/, 'Amazon'],
];
const nameOf = (hex: string): string => {
  const id = new Uint8Array(20).fill(0x30);
  id.set(fromHex(hex));
  return clientName(toPeerId(id));
};
/** What to report of an id that is not named as expected. */
const miss = (actual: string, expected: string): readonly string[] => {
  const word = SAME.find(([pattern]) => pattern.test(expected))?.[1] ?? expected.replace(/\?$/, '');
  return actual.toLowerCase().includes(word.toLowerCase()) ? [] : [`${actual} for ${expected}`];
};

describeCorpus('client names', () => {
  const vectors = readCorpusJson('wire/peer_id_clients.json') as Vectors;

  it('are those that other programs give, version and all', () => {
    // Private numbering schemes, left to their programs.
    const special =
      /^(Advanced|Free Download|Folx|KTorrent 3.3 Dev|PicoTorrent|BitLord|Tixati|Xfplay|µTorrent (Web 1.1.10|7.10.5)|LibreTorrent|BitComet 0)/;
    const misses = vectors.transmission.cases.flatMap(({ peer_id_prefix_hex: hex, client }) => {
      if (client.startsWith('-')) return miss(nameOf(hex), client);
      return special.test(client)
        ? miss(nameOf(hex), client.replace(/ \d.*$/, ''))
        : miss(trimmed(nameOf(hex)), trimmed(client).replace('Azureus / Vuze', 'Azureus'));
    });
    expect(misses).toEqual([]);
  });

  it('are found for ids of old forms', () => {
    const known = vectors['bittorrent-peerid'].cases.filter(
      ({ client }) => !/^(unknown|Invalid PeerID|Mainline|BitSpirit\?|Rufus)$/.test(client),
    );
    expect(known.flatMap(({ peer_id_hex: hex, client }) => miss(nameOf(hex), client))).toEqual([]);
  });

  it('are always printable', () => {
    const ids = [
      ...vectors.must_not_crash_hex.map((hex) => fromHex(hex)),
      ...vectors.chihaya_client_id.cases.map((entry) => latin1Encode(entry.peer_id)),
      ...vectors['bittorrent-peerid'].cases.map((entry) => fromHex(entry.peer_id_hex)),
    ];
    for (const id of ids) expect(clientName(toPeerId(id))).toMatch(/^[\x20-\x7eµ]+$/);
  });
});

/** Without zeros at the end, about which the sources disagree. */
function trimmed(name: string): string {
  return name.replace(/(\.0)+(?= |$)/, '');
}
