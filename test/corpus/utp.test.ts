// uTP as libtorrent speaks it, recorded on loopback: every packet is read, and our side could have taken part.
import { expect, it } from 'vitest';
import { concatBytes, equalBytes, fromHex, toHex } from '../../src/core/bytes/bytes.ts';
import { UtpMultiplexer } from '../../src/core/utp/multiplexer.ts';
import type { UtpEvent } from '../../src/core/utp/multiplexer.ts';
import { PACKET_TYPE, encodePacket, parsePacket } from '../../src/core/utp/packet.ts';
import { describeCorpus, readCorpus, readCorpusJson } from '../support/corpus.ts';

interface Recorded {
  readonly dir: 'leech>seed' | 'seed>leech';
  readonly len: number;
  readonly type: 'DATA' | 'FIN' | 'STATE' | 'RESET' | 'SYN';
  readonly conn_id: number;
  readonly ts: number;
  readonly ts_diff: number;
  readonly wnd: number;
  readonly seq: number;
  readonly ack: number;
  readonly hex: string;
}

const TYPES = {
  DATA: PACKET_TYPE.data,
  FIN: PACKET_TYPE.fin,
  STATE: PACKET_TYPE.state,
  RESET: PACKET_TYPE.reset,
  SYN: PACKET_TYPE.syn,
} as const;

/** The recording keeps the first 40 bytes of long packets; the rest is zeros here. */
function bytesOf({ hex, len }: Recorded): Uint8Array {
  const bytes = new Uint8Array(len);
  bytes.set(fromHex(hex.slice(0, 80)));
  return bytes;
}

describeCorpus('uTP packets', () => {
  const { packets } = readCorpusJson('wire/capture_libtorrent_v1utp.json') as {
    readonly packets: readonly Recorded[];
  };

  it('of libtorrent are read, and their headers written to the same bytes', () => {
    for (const recorded of packets) {
      const packet = parsePacket(bytesOf(recorded));
      if (packet === undefined) throw new Error('not understood');
      expect(packet).toMatchObject({
        type: TYPES[recorded.type],
        connectionId: recorded.conn_id,
        timestamp: recorded.ts,
        timestampDifference: recorded.ts_diff,
        window: recorded.wnd,
        seq: recorded.seq,
        ack: recorded.ack,
        selectiveAck: undefined,
      });
      expect(toHex(encodePacket(packet))).toBe(recorded.hex.slice(0, 40));
    }
  });

  it('with an extension that we do not know are read past it', () => {
    const { cases } = readCorpusJson('wire/utp.json') as {
      readonly cases: readonly { readonly hex: string; readonly fields: Readonly<Record<string, unknown>> }[];
    };
    for (const { hex, fields } of cases) {
      const packet = parsePacket(fromHex(hex));
      expect(packet).toMatchObject({
        type: PACKET_TYPE.fin,
        connectionId: fields['connection_id'],
        timestamp: fields['timestamp_us'],
        timestampDifference: fields['timestamp_diff_us'],
        window: fields['wnd_size'],
        seq: fields['seq_nr'],
        ack: fields['ack_nr'],
      });
      expect(packet?.payload).toHaveLength(0);
    }
    expect(parsePacket(readCorpus('wire/files/librqbit-utp-packet_fin_with_extension.bin'))).toBeDefined();
  });

  it('keep their selective acknowledgement, and are no packets when cut within it', () => {
    const header = parsePacket(fromHex(packets[0]?.hex ?? ''));
    if (header === undefined) throw new Error('not understood');
    const bytes = encodePacket(header, Uint8Array.of(1, 2, 3, 0x80));
    expect(parsePacket(bytes)?.selectiveAck).toEqual(Uint8Array.of(1, 2, 3, 0x80));
    for (let cut = 0; cut < bytes.length; cut++) expect(parsePacket(bytes.subarray(0, cut))).toBeUndefined();
  });

  it('let us stand in for the recorded leech', () => {
    const [syn] = packets;
    const numbers = [syn?.conn_id ?? 0, syn?.seq ?? 0];
    const leech = new UtpMultiplexer(() => numbers.shift() ?? 0);
    const seed = { ip: '127.0.0.1', port: 1 };
    const received: Uint8Array[] = [];
    const sent: string[] = [];
    const note = (event: UtpEvent): void => {
      if (event.kind === 'data') received.push(new Uint8Array(event.bytes));
      const packet = event.kind === 'send' ? parsePacket(event.bytes) : undefined;
      if (packet?.payload.length) sent.push(`${String(packet.seq)} ${toHex(packet.payload)}`);
    };
    const drain = (): void => {
      for (let event = leech.poll(); event !== undefined; event = leech.poll()) note(event);
    };
    const key = leech.connect(seed, 0);
    for (const [i, recorded] of packets.entries()) {
      const bytes = bytesOf(recorded);
      if (recorded.dir === 'seed>leech') leech.receive(bytes, seed, i);
      else if (recorded.type === 'DATA') leech.write(key, [bytes.subarray(20)], i);
      drain();
    }
    const payloads = (dir: Recorded['dir']): Recorded[] =>
      packets.filter((p) => p.dir === dir && p.type === 'DATA');
    expect(sent).toEqual(
      payloads('leech>seed').map((p) => `${String(p.seq)} ${toHex(bytesOf(p).subarray(20))}`),
    );
    const stream = concatBytes(payloads('seed>leech').map((p) => bytesOf(p).subarray(20)));
    expect(equalBytes(concatBytes(received), stream)).toBe(true);
  });
});
