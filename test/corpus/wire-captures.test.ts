// Connections of real clients, recorded on loopback: every frame is understood and written back to the same bytes.
import { expect, it } from 'vitest';
import { concatBytes, fromHex, latin1Encode, toHex } from '../../src/core/bytes/bytes.ts';
import { WireConnection } from '../../src/core/wire/connection.ts';
import { parseMessage } from '../../src/core/wire/decode.ts';
import { encodeMessage } from '../../src/core/wire/encode.ts';
import { parseExtendedHandshake } from '../../src/core/wire/extended.ts';
import { encodeHandshake } from '../../src/core/wire/handshake.ts';
import { describeCorpus, readCorpusJson } from '../support/corpus.ts';

interface Capture {
  readonly messages: readonly {
    readonly dir: string;
    readonly type: string;
    readonly hex?: string;
    /** Of a piece only the 13 bytes before its data were kept. */
    readonly hex_head?: string;
    readonly block_len?: number;
  }[];
}

const GREETING = `13${toHex(latin1Encode('BitTorrent protocol'))}${'00'.repeat(48)}`;

/** The recordings name types with spaces; long frames in them are cut short. */
const kindOf = (type: string): string => type.replaceAll(' ', '-');
const isWhole = (hex: string): boolean => Number.parseInt(hex.slice(0, 8), 16) === hex.length / 2 - 4;

/** Direction, type and bytes of what was recorded whole; the data of pieces is zeros. */
function framesOf({
  messages,
}: Capture): { readonly dir: string; readonly type: string; readonly hex: string }[] {
  return messages
    .map(({ dir, type, hex, hex_head: head, block_len: length }) => ({
      dir,
      type,
      hex: hex ?? (head ?? '') + '00'.repeat(length ?? 0),
    }))
    .filter(({ type, hex }) => type === 'handshake' || isWhole(hex));
}

/** What a connection says of a stream, written back. */
function replay(stream: Uint8Array, chunkBytes: number): string[] {
  const connection = new WireConnection(0);
  const frames: string[] = [];
  for (let at = 0; at < stream.length; at += chunkBytes) {
    connection.receive(stream.subarray(at, at + chunkBytes), 0);
    for (let event = connection.poll(); event !== undefined; event = connection.poll()) {
      if (event.kind === 'failed') throw event.error;
      if (event.kind === 'handshake') frames.push(toHex(encodeHandshake(event.handshake)));
      if (event.kind === 'message') frames.push(toHex(encodeMessage(event.message)));
    }
  }
  return frames;
}

describeCorpus('captures of libtorrent', () => {
  it.each(['v2', 'hybrid', 'v2_hash_proofs'])('%s', (name) => {
    const recorded = framesOf(readCorpusJson(`wire/capture_libtorrent_${name}.json`) as Capture);
    expect(recorded.length).toBeGreaterThan(3);
    for (const { type, hex } of recorded) {
      if (type !== 'handshake') expect(parseMessage(fromHex(hex)).kind).toBe(kindOf(type));
    }
    for (const direction of ['leech>seed', 'seed>leech']) {
      const sent = recorded.filter(({ dir }) => dir === direction);
      // One recording begins after the handshake.
      const frames = [...(sent[0]?.type === 'handshake' ? [] : [GREETING]), ...sent.map(({ hex }) => hex)];
      const stream = concatBytes(frames.map(fromHex));
      for (const chunkBytes of [7, 1000, stream.length]) expect(replay(stream, chunkBytes)).toEqual(frames);
    }
  });
});

describeCorpus('captures of other clients', () => {
  const { clients } = readCorpusJson('wire/captures_clients.json') as {
    readonly clients: Readonly<
      Record<
        string,
        {
          readonly connections: readonly {
            readonly handshake_hex?: string;
            readonly messages?: readonly string[];
            readonly ext_handshake_latin1?: string;
          }[];
        }
      >
    >;
  };

  it.each(Object.entries(clients))('%s', (_name, { connections }) => {
    for (const { handshake_hex: handshake, messages, ext_handshake_latin1: extended } of connections) {
      if (handshake === undefined) continue;
      const frames = [handshake, ...(messages ?? []).filter(isWhole)];
      // Cut frames are at the end: nothing of the stream is left out in the middle.
      expect(replay(concatBytes(frames.map(fromHex)), 33)).toEqual(frames);
      if (typeof extended !== 'string') continue;
      const parsed = parseExtendedHandshake(latin1Encode(extended));
      expect(parsed.client).toBeTruthy();
      expect(parsed.extensions.ut_metadata).toBeGreaterThan(0);
    }
  });
});
