import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes, equalBytes, latin1Encode } from '../bytes/bytes.ts';
import { toInfoHash } from '../ids.ts';
import { MseHandshake } from './handshake.ts';
import type { EncryptionPolicy, MseEvent, MseResult } from './handshake.ts';
import { KEY_BYTES, publicKey } from './key-exchange.ts';
import { torrentHash } from './keys.ts';

const sha1 = (data: Uint8Array): Uint8Array => new Uint8Array(createHash('sha1').update(data).digest());
const infoHash = toInfoHash(new Uint8Array(20).fill(9));
const hello = latin1Encode('\x13BitTorrent protocol and what follows');

function initiator(policy: EncryptionPolicy, padding = 100): MseHandshake {
  const privateKey = new Uint8Array(20).fill(1);
  return new MseHandshake(
    {
      role: 'initiator',
      policy,
      privateKey,
      padding: new Uint8Array(padding).fill(3),
      sha1,
      infoHash,
      initial: hello,
    },
    0,
  );
}

function responder(policy: EncryptionPolicy, padding = 200): MseHandshake {
  const known = torrentHash(infoHash, sha1);
  return new MseHandshake(
    {
      role: 'responder',
      policy,
      privateKey: new Uint8Array(20).fill(2),
      padding: new Uint8Array(padding).fill(4),
      sha1,
      find: (hash) => (equalBytes(hash, known) ? infoHash : undefined),
    },
    0,
  );
}

function drain(machine: MseHandshake): MseEvent[] {
  const events: MseEvent[] = [];
  for (let event = machine.poll(); event !== undefined; event = machine.poll()) events.push(event);
  return events;
}

/** Hands bytes over in pieces until both sides fall silent. */
function talk(
  a: MseHandshake,
  b: MseHandshake,
  pieceBytes = 1000,
): [MseEvent | undefined, MseEvent | undefined] {
  const last: [MseEvent | undefined, MseEvent | undefined] = [undefined, undefined];
  for (let moved = true; moved;) {
    moved = false;
    for (const [i, from, to] of [
      [0, a, b],
      [1, b, a],
    ] as const) {
      for (const event of drain(from)) {
        last[i] = event;
        if (event.kind !== 'send') continue;
        moved = true;
        for (let at = 0; at < event.bytes.length; at += pieceBytes) {
          to.receive(event.bytes.subarray(at, at + pieceBytes));
        }
      }
    }
  }
  return last;
}

function resultOf(event: MseEvent | undefined): MseResult {
  if (event?.kind !== 'done') throw new Error(`not done but ${event?.kind ?? 'nothing'}`);
  return event.result;
}

function codeOf(event: MseEvent | undefined): string | undefined {
  return event?.kind === 'failed' ? event.error.code : event?.kind;
}

describe('message stream encryption', () => {
  it('agrees on ciphers that fit both ways, whatever the padding and the cuts', () => {
    const size = fc.nat({ max: 512 });
    fc.assert(
      fc.property(size, size, fc.integer({ min: 1, max: 700 }), (padA, padB, cut) => {
        const [a, b] = talk(initiator('prefer', padA), responder('prefer', padB), cut).map(resultOf);
        expect(b?.infoHash).toEqual(infoHash);
        expect(b?.leftover).toEqual(hello);
        for (const [from, to] of [
          [a, b],
          [b, a],
        ]) {
          const secret = from?.ciphers?.encrypt.applied(hello) ?? hello;
          expect(secret).not.toEqual(hello);
          expect(to?.ciphers?.decrypt.applied(secret)).toEqual(hello);
        }
      }),
      { numRuns: 25 },
    );
  });

  it.each([
    ['allow', 'allow', false],
    ['prefer', 'allow', false],
    ['allow', 'prefer', true],
    ['require', 'allow', true],
    ['allow', 'require', true],
  ] as const)('%s to %s: the payload is encrypted: %s', (asks, answers, isEncrypted) => {
    const results = talk(initiator(asks), responder(answers)).map(resultOf);
    expect(results.map(({ ciphers }) => ciphers !== undefined)).toEqual([isEncrypted, isEncrypted]);
    expect(results[1]?.leftover).toEqual(hello);
  });

  it('hands over what came right behind the key exchange, decrypted', () => {
    const a = initiator('require');
    const b = responder('require');
    const [first] = drain(a);
    b.receive(first?.kind === 'send' ? first.bytes : hello);
    for (const event of drain(b)) if (event.kind === 'send') a.receive(event.bytes);
    const [second] = drain(a);
    b.receive(second?.kind === 'send' ? second.bytes : hello);
    const [answer, done] = drain(b);
    const reply = resultOf(done).ciphers?.encrypt.applied(hello) ?? hello;
    a.receive(concatBytes([answer?.kind === 'send' ? answer.bytes : hello, reply]));
    expect(resultOf(drain(a)[0]).leftover).toEqual(hello);
  });

  it('lets a plain handshake pass untouched, unless encryption is required', () => {
    const plain = responder('prefer');
    for (const byte of hello) plain.receive(Uint8Array.of(byte));
    const result = resultOf(drain(plain)[0]);
    expect(result).toMatchObject({ ciphers: undefined, infoHash: undefined });
    expect(hello.subarray(0, result.leftover.length)).toEqual(result.leftover);
    const strict = responder('require');
    strict.receive(hello);
    expect(codeOf(drain(strict)[0])).toBe('MSE_REQUIRED');
  });

  it('is refused where it is turned off', () => {
    expect(talk(initiator('prefer'), responder('off')).map(codeOf)).toEqual(['send', 'MSE_REFUSED']);
  });

  it('is refused for a torrent that is not here', () => {
    const stranger = new MseHandshake(
      {
        role: 'initiator',
        policy: 'prefer',
        privateKey: new Uint8Array(20).fill(1),
        padding: new Uint8Array(0),
        sha1,
        infoHash: toInfoHash(new Uint8Array(20)),
        initial: hello,
      },
      0,
    );
    expect(talk(stranger, responder('prefer')).map(codeOf)).toEqual(['send', 'MSE_UNKNOWN_TORRENT']);
  });

  it('gives up on noise, the responder within 628 bytes behind which the mark cannot be', () => {
    const machine = responder('prefer');
    machine.receive(new Uint8Array(628).fill(0x55));
    expect(drain(machine).map(codeOf)).toEqual(['send', 'MSE_NO_SYNC']);
    const other = initiator('prefer');
    other.receive(new Uint8Array(616).fill(0x55));
    expect(drain(other).map(codeOf)).toEqual(['send', 'send', 'MSE_NO_SYNC']);
  });

  it('refuses public keys that make the secret guessable', () => {
    for (const last of [0, 1]) {
      const key = new Uint8Array(KEY_BYTES);
      key[KEY_BYTES - 1] = last;
      const machine = responder('prefer');
      machine.receive(key);
      expect(drain(machine).map(codeOf)).toEqual(['MSE_BAD_KEY']);
    }
    expect(publicKey(new Uint8Array(20).fill(1))).toHaveLength(KEY_BYTES);
  });

  it('ends in time', () => {
    const machine = responder('prefer');
    machine.tick(19_999);
    expect(machine.poll()).toBeUndefined();
    expect(machine.nextTimeout()).toBe(20_000);
    machine.tick(20_000);
    expect(codeOf(machine.poll())).toBe('MSE_TIMEOUT');
    machine.receive(hello);
    expect([machine.poll(), machine.nextTimeout()]).toEqual([undefined, undefined]);
  });

  it('never throws for what comes in', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 })), (chunks) => {
        const machine = responder('prefer');
        for (const chunk of chunks) machine.receive(chunk);
        drain(machine);
      }),
      { numRuns: 50 },
    );
  });
});
