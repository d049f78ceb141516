// Recorded and published peer messages: each is read, and what is valid is written back to the same bytes.
import { expect, it } from 'vitest';
import { Bitfield } from '../../src/core/bytes/bitfield.ts';
import { concatBytes, fromHex, latin1Decode, latin1Encode, toHex } from '../../src/core/bytes/bytes.ts';
import { ProtocolError } from '../../src/core/errors.ts';
import { parseMessage } from '../../src/core/wire/decode.ts';
import { encodeMessage } from '../../src/core/wire/encode.ts';
import { encodeHandshake, parseHandshake } from '../../src/core/wire/handshake.ts';
import { encodeHolepunch, parseHolepunch } from '../../src/core/wire/holepunch.ts';
import { encodeMetadata, parseMetadata } from '../../src/core/wire/metadata.ts';
import { encodePex, parsePex } from '../../src/core/wire/pex.ts';
import { describeCorpus, readCorpusJson } from '../support/corpus.ts';

interface Vectors {
  readonly handshakes: readonly {
    readonly hex: string;
    readonly infohash?: string;
    readonly peer_id?: string;
  }[];
  readonly reserved_bits: readonly { readonly bit: string; readonly byte: number; readonly mask: number }[];
  readonly messages: readonly {
    readonly name: string;
    readonly hex: string;
    readonly valid?: boolean | null;
    readonly body_only?: boolean;
    readonly fields?: Readonly<Record<string, unknown>>;
  }[];
  readonly pex: readonly {
    readonly name: string;
    readonly hex: string;
    readonly fields: { readonly added: readonly string[]; readonly 'added.f'?: readonly number[] };
  }[];
  readonly ut_metadata: readonly {
    readonly name: string;
    readonly payload_latin1: string;
    readonly fields?: { readonly piece: number; readonly total_size: number; readonly data: string };
  }[];
  readonly ut_holepunch: {
    readonly cases: readonly { readonly type: string; readonly addr: string; readonly hex: string }[];
  };
}

/** Message type by the name that the vectors of bare bodies begin with. */
const BODY_IDS: Readonly<Record<string, number>> = { bitfield: 5, have: 4, request: 6, piece: 7, port: 9 };
const BITS: Readonly<Record<string, 'extended' | 'dht' | 'fast' | 'v2'>> = {
  'BEP 10': 'extended',
  'BEP 5 ': 'dht',
  'BEP 6 ': 'fast',
  'BEP 52': 'v2',
};

describeCorpus('peer message vectors', () => {
  const vectors = readCorpusJson('wire/peer_messages.json') as Vectors;

  it('handshakes', () => {
    for (const { hex, infohash, peer_id: peerId } of vectors.handshakes) {
      const handshake = parseHandshake(fromHex(hex));
      if (infohash !== undefined) expect(toHex(handshake.infoHash)).toBe(infohash);
      if (peerId !== undefined) expect(toHex(handshake.peerId)).toBe(peerId);
      expect(toHex(encodeHandshake(handshake))).toBe(hex);
    }
  });

  it('reserved bits', () => {
    for (const { bit, byte, mask } of vectors.reserved_bits) {
      const bytes = fromHex(vectors.handshakes[0]?.hex ?? '');
      bytes[20 + byte] = mask;
      const on = Object.entries(parseHandshake(bytes).capabilities).flatMap(([name, is]) =>
        is ? [name] : [],
      );
      expect(on).toEqual([BITS[bit.slice(0, 6)]]);
    }
  });

  it.each(vectors.messages.filter((vector) => vector.valid === true))('valid: $name', ({ hex, fields }) => {
    const message = parseMessage(fromHex(hex));
    expect(toHex(encodeMessage(message))).toBe(hex);
    if (fields?.['index'] !== undefined) expect(message).toMatchObject({ piece: fields['index'] });
    if (fields?.['port'] !== undefined) expect(message).toMatchObject({ port: fields['port'] });
  });

  it.each(vectors.messages.filter((vector) => vector.valid === false))('invalid: $name', ({ hex }) => {
    expect(() => parseMessage(fromHex(hex))).toThrow(ProtocolError);
  });

  it('past crashers of other programs', () => {
    for (const { hex } of vectors.messages.filter((vector) => vector.valid === null)) {
      try {
        parseMessage(fromHex(hex));
      } catch (error) {
        expect(error).toBeInstanceOf(ProtocolError);
      }
    }
  });

  it.each(vectors.messages.filter((vector) => vector.body_only === true))(
    '$name',
    ({ name, hex, fields }) => {
      const body = fromHex(hex);
      const id = BODY_IDS[name.split(' ')[0] ?? ''] ?? 255;
      const message = parseMessage(concatBytes([Uint8Array.of(0, 0, 0, body.length + 1, id), body]));
      if (message.kind === 'bitfield') {
        const size = Number(fields?.['num_pieces'] ?? 8 * body.length);
        expect([...Bitfield.parse(message.bits, size)]).toEqual(fields?.['set']);
      } else {
        const { index, ...rest } = fields ?? {};
        expect(message).toMatchObject(index === undefined ? rest : { piece: index, ...rest });
      }
    },
  );

  it.each(vectors.pex)('$name', ({ name, hex, fields }) => {
    const bytes = fromHex(hex);
    const framed = name === 'PEX message' ? parseMessage(bytes) : undefined;
    const payload = framed?.kind === 'extended' ? framed.payload : bytes;
    const { added } = parsePex(payload);
    expect(added.map(({ address }) => `${address.ip}:${String(address.port)}`)).toEqual(fields.added);
    expect(added.map(({ flags }) => flags)).toEqual(fields['added.f'] ?? added.map(() => 0));
    if (framed !== undefined) expect(toHex(encodePex(parsePex(payload)))).toBe(toHex(payload));
  });

  it.each(vectors.ut_metadata)('ut_metadata: $name', ({ payload_latin1: text, fields }) => {
    const message = parseMetadata(latin1Encode(text));
    if (message.kind === 'unknown') throw new Error('a known message was taken for an unknown one');
    if (fields !== undefined && message.kind === 'data') {
      expect({ ...message, data: latin1Decode(message.data) }).toEqual({
        kind: 'data',
        piece: fields.piece,
        totalSize: fields.total_size,
        data: fields.data,
      });
    }
    expect(latin1Decode(encodeMetadata(message))).toBe(text);
  });

  it.each(vectors.ut_holepunch.cases)('ut_holepunch: $type', ({ type, addr, hex }) => {
    const message = parseHolepunch(fromHex(hex));
    expect(message.kind).toBe(type);
    expect(`${message.address.ip}:${String(message.address.port)}`).toBe(addr.replace(/[[\]]/g, ''));
    expect(toHex(encodeHolepunch(message))).toBe(hex);
    for (let cut = 0; cut < hex.length; cut += 2) {
      expect(() => parseHolepunch(fromHex(hex.slice(0, cut)))).toThrow(ProtocolError);
    }
  });
});
