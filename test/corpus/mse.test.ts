// Encrypted handshakes recorded in the wild: both roles derive the recorded keys and read the recorded streams.
import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { equalBytes, fromHex, latin1Decode, latin1Encode, toHex } from '../../src/core/bytes/bytes.ts';
import { toInfoHash } from '../../src/core/ids.ts';
import { MseHandshake } from '../../src/core/mse/handshake.ts';
import type { MseEvent, MseResponderOptions } from '../../src/core/mse/handshake.ts';
import { sharedSecret } from '../../src/core/mse/key-exchange.ts';
import { maskHash, syncHash, torrentHash } from '../../src/core/mse/keys.ts';
import { Rc4 } from '../../src/core/mse/rc4.ts';
import { describeCorpus, readCorpusJson } from '../support/corpus.ts';

interface Recording {
  readonly our_private_key: string;
  readonly our_public_key_Yb?: string;
  readonly our_public_key_Ya?: string;
  readonly skey_infohash: string;
  readonly peer_sends_1_Ya?: string;
  readonly peer_sends_1_Yb?: string;
  readonly peer_sends_2: string;
  readonly S: string;
  readonly HASH_req1_S: string;
  readonly HASH_req2_SKEY: string;
  readonly HASH_req3_S: string;
  readonly rc4_key_A: string;
  readonly rc4_key_B: string;
  readonly keystream_A_after_1024_first32: string;
  readonly keystream_B_after_1024_first32: string;
  readonly parsed: { readonly IA?: string; readonly decrypted_payload?: string };
  readonly expected_peer_id: string;
}
interface Vectors {
  readonly handshakes: readonly [Recording, Recording];
  readonly rc4_keystreams: {
    readonly cases: readonly { readonly key: string; readonly keystream_1024_16: string }[];
  };
}

const sha1 = (data: Uint8Array): Uint8Array => new Uint8Array(createHash('sha1').update(data).digest());

function drain(machine: MseHandshake): MseEvent[] {
  const events: MseEvent[] = [];
  for (let event = machine.poll(); event !== undefined; event = machine.poll()) events.push(event);
  return events;
}

const common = (recording: Recording) =>
  ({
    policy: 'prefer',
    privateKey: fromHex(recording.our_private_key),
    padding: new Uint8Array(0),
    sha1,
  }) as const;

describeCorpus('message stream encryption vectors', () => {
  const { handshakes, rc4_keystreams: keystreams } = readCorpusJson('wire/mse.json') as Vectors;
  const [incoming, outgoing] = handshakes;

  it.each(keystreams.cases)(
    'RC4 with key $key, first 1024 bytes dropped',
    ({ key, keystream_1024_16: expected }) => {
      expect(toHex(new Rc4(fromHex(key)).applied(new Uint8Array(16)))).toBe(expected);
    },
  );

  it.each(handshakes)('derives the keys of $name', (recording) => {
    const theirs = fromHex(recording.peer_sends_1_Ya ?? recording.peer_sends_1_Yb ?? '');
    const secret = sharedSecret(fromHex(recording.our_private_key), theirs);
    expect(toHex(secret)).toBe(recording.S);
    expect(toHex(syncHash(secret, sha1))).toBe(recording.HASH_req1_S);
    expect(toHex(torrentHash(fromHex(recording.skey_infohash), sha1))).toBe(recording.HASH_req2_SKEY);
    expect(toHex(maskHash(secret, sha1))).toBe(recording.HASH_req3_S);
    const zeros = new Uint8Array(32);
    expect(toHex(new Rc4(fromHex(recording.rc4_key_A)).applied(zeros))).toBe(
      recording.keystream_A_after_1024_first32,
    );
    expect(toHex(new Rc4(fromHex(recording.rc4_key_B)).applied(zeros))).toBe(
      recording.keystream_B_after_1024_first32,
    );
  });

  const respond = (find: MseResponderOptions['find']): MseEvent[] => {
    const machine = new MseHandshake({ role: 'responder', ...common(incoming), find }, 0);
    machine.receive(fromHex(incoming.peer_sends_1_Ya ?? ''));
    machine.receive(fromHex(incoming.peer_sends_2));
    return drain(machine);
  };

  it('answers a recorded initiator and reads its handshake', () => {
    const infoHash = toInfoHash(fromHex(incoming.skey_infohash));
    const known = torrentHash(infoHash, sha1);
    const [key, , done] = respond((hash) => (equalBytes(hash, known) ? infoHash : undefined));
    expect(key?.kind === 'send' && toHex(key.bytes)).toBe(incoming.our_public_key_Yb);
    if (done?.kind !== 'done') throw new Error('the handshake did not end');
    expect(toHex(done.result.leftover)).toBe(incoming.parsed.IA);
    expect(latin1Decode(done.result.leftover.subarray(48))).toBe(incoming.expected_peer_id);
    expect(done.result.infoHash).toEqual(infoHash);
  });

  it('refuses a recorded initiator whose torrent is not known', () => {
    expect(respond(() => undefined).at(-1)).toMatchObject({
      kind: 'failed',
      error: { code: 'MSE_UNKNOWN_TORRENT' },
    });
  });

  it('reads the answer of a recorded responder', () => {
    const machine = new MseHandshake(
      {
        role: 'initiator',
        ...common(outgoing),
        infoHash: toInfoHash(fromHex(outgoing.skey_infohash)),
        initial: latin1Encode('\x13BitTorrent protocol'),
      },
      0,
    );
    machine.receive(fromHex(outgoing.peer_sends_1_Yb ?? ''));
    machine.receive(fromHex(outgoing.peer_sends_2));
    const [key, second, done] = drain(machine);
    expect(key?.kind === 'send' && toHex(key.bytes)).toBe(outgoing.our_public_key_Ya);
    expect(second?.kind === 'send' && toHex(second.bytes.subarray(0, 20))).toBe(outgoing.HASH_req1_S);
    if (done?.kind !== 'done') throw new Error('the handshake did not end');
    expect(toHex(done.result.leftover)).toContain(outgoing.parsed.decrypted_payload);
    expect(latin1Decode(done.result.leftover.subarray(48, 68))).toBe(outgoing.expected_peer_id);
  });
});
