// A peer made by hand knocks at a session: who is let in, and what is answered.
import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { concatBytes, equalBytes } from '../../src/core/bytes/bytes.ts';
import { toPeerId, truncateInfoHash, type InfoHash } from '../../src/core/ids.ts';
import type { MetainfoVersion } from '../../src/core/metainfo/metainfo.ts';
import { encodeMessage } from '../../src/core/wire/encode.ts';
import { encodeHandshake, parseHandshake, type Handshake } from '../../src/core/wire/handshake.ts';
import type { Session } from '../../src/engine/api.ts';
import { Ground, seed, type Publication } from './harness.ts';

let ground: Ground;
const sockets: Socket[] = [];

beforeEach(async () => {
  ground = await Ground.create();
});

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await ground.dispose();
});

/** The bytes that came, and a way to wait for more of them. */
class Knock {
  readonly socket: Socket;
  #received: Uint8Array = new Uint8Array(0);

  constructor(session: Session) {
    this.socket = connect({ host: '127.0.0.1', port: session.port });
    sockets.push(this.socket);
    this.socket.on('error', () => undefined);
    this.socket.on('data', (chunk) => {
      this.#received = concatBytes([this.#received, chunk]);
    });
  }

  send(bytes: Uint8Array): void {
    this.socket.write(bytes);
  }

  /** Takes this many bytes; rejects when the session hangs up before. */
  async take(length: number): Promise<Uint8Array> {
    while (this.#received.length < length) {
      if (this.socket.closed) throw new Error('hung up');
      await Promise.race([once(this.socket, 'data'), once(this.socket, 'close')]);
    }
    const bytes = this.#received.slice(0, length);
    this.#received = this.#received.slice(length);
    return bytes;
  }

  /** The next message that fits, without its length. */
  async message(fits: (body: Uint8Array) => boolean): Promise<Uint8Array> {
    for (;;) {
      const length = new DataView((await this.take(4)).buffer).getUint32(0);
      const body = await this.take(length);
      if (fits(body)) return body;
    }
  }
}

const capabilities = { extended: false, fast: false, dht: false, v2: false };

function greeting(infoHash: InfoHash, changes: Partial<Handshake['capabilities']> = {}): Uint8Array {
  const peerId = toPeerId(new Uint8Array(20).fill(0x41));
  return encodeHandshake({ infoHash, peerId, capabilities: { ...capabilities, ...changes } });
}

async function publish(
  version: MetainfoVersion,
): Promise<Publication & { session: Session; v1: InfoHash; v2: InfoHash }> {
  const publication = await ground.publication('single', { version });
  const session = await ground.session({ encryption: 'off' });
  await seed(session, publication);
  const { infoHash, infoHashV2 } = publication.torrent.metainfo;
  const v2 = infoHashV2 === undefined ? undefined : truncateInfoHash(infoHashV2);
  const hash = infoHash ?? v2;
  if (hash === undefined) throw new Error('a torrent has a hash');
  return { ...publication, session, v1: infoHash ?? hash, v2: v2 ?? hash };
}

describe('an incoming handshake', () => {
  it('is answered for a torrent of the session', async () => {
    const { session, v1 } = await publish('v1');
    const knock = new Knock(session);
    knock.send(greeting(v1));
    const answer = parseHandshake(await knock.take(68));
    expect(answer.infoHash).toEqual(v1);
    expect(String.fromCharCode(...answer.peerId.subarray(0, 4))).toBe('-SW0');
    expect(answer.capabilities).toMatchObject({ extended: true, fast: true });
  });

  it('is answered before the peer has told its id', async () => {
    const { session, v1 } = await publish('v1');
    const knock = new Knock(session);
    knock.send(greeting(v1).subarray(0, 48));
    expect(parseHandshake(await knock.take(68)).infoHash).toEqual(v1);
  });

  it('of a torrent that we do not have ends the connection without a word', async () => {
    const { session, v1 } = await publish('v1');
    const knock = new Knock(session);
    const other = v1.slice() as InfoHash;
    other[0] = (other[0] ?? 0) ^ 1;
    knock.send(greeting(other));
    await expect(knock.take(1)).rejects.toThrow('hung up');
  });

  it('in another protocol ends the connection', async () => {
    const { session } = await publish('v1');
    const knock = new Knock(session);
    knock.send(new TextEncoder().encode('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'));
    await expect(knock.take(1)).rejects.toThrow('hung up');
  });

  it.each([
    ['with the v1 hash by a peer that knows v2 is upgraded', { asked: 'v1', v2: true, answered: 'v2' }],
    ['with the v1 hash by a peer that does not stays v1', { asked: 'v1', v2: false, answered: 'v1' }],
    ['with the v2 hash is v2', { asked: 'v2', v2: false, answered: 'v2' }],
  ] as const)('of a hybrid torrent %s', async (_, { asked, v2, answered }) => {
    const published = await publish('hybrid');
    const knock = new Knock(published.session);
    knock.send(greeting(published[asked], { v2 }));
    const answer = parseHandshake(await knock.take(68));
    expect(answer.infoHash).toEqual(published[answered]);
    // BEP 52: the bit says that v1 may be upgraded; there is nothing to upgrade in v2.
    expect(answer.capabilities.v2).toBe(answered === 'v1');
  });
});

describe('a peer that asks for blocks in its own way', () => {
  it.each([
    ['whole blocks', 0, 16384],
    ['a part of a block', 100, 5000],
    ['more than a block', 32768, 32768],
    ['the end of the piece', 65536 - 10, 10],
  ])('gets %s', async (_, begin, length) => {
    const { session, v1, content } = await publish('v1');
    const knock = new Knock(session);
    knock.send(greeting(v1));
    await knock.take(68);
    knock.send(encodeMessage({ kind: 'interested' }));
    await knock.message(([type]) => type === 1);
    // A bitfield, or piece 2 by name: a seed that is alone shows its pieces one by one.
    await knock.message(([type, , , , piece]) => type === 5 || (type === 4 && piece === 2));
    knock.send(encodeMessage({ kind: 'request', piece: 2, begin, length }));
    const answer = (await knock.message(([type]) => type === 7)).slice(1);
    const view = new DataView(answer.buffer);
    expect([view.getUint32(0), view.getUint32(4), answer.length - 8]).toEqual([2, begin, length]);
    const start = 2 * 65536 + begin;
    const expected = (await readFile(content.path)).subarray(start, start + length);
    expect(equalBytes(answer.subarray(8), expected)).toBe(true);
  });
});
