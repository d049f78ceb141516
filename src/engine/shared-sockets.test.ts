// Torrents on one connection: each hears what is meant for it, and the connection goes with the last.
import { describe, expect, it } from 'vitest';
import { SystemError } from '../core/errors.ts';
import type { TextSocketReceiver, WebSocketPort } from '../ports/websocket.ts';
import { shareSockets } from './shared-sockets.ts';

const URL_A = 'wss://a.example/announce';

interface Connection {
  readonly url: string;
  readonly receiver: TextSocketReceiver;
  readonly sent: string[];
  isClosed: boolean;
}

class Bench {
  readonly connections: Connection[] = [];
  failing = false;
  readonly port: WebSocketPort = shareSockets({
    connect: async (url, receiver, { signal }) => {
      await Promise.resolve();
      if (this.failing || signal.aborted) throw new SystemError('WS_FAILED', 'no connection');
      const connection: Connection = { url, receiver, sent: [], isClosed: false };
      this.connections.push(connection);
      return {
        send: (text) => connection.sent.push(text),
        close: () => {
          connection.isClosed = true;
        },
      };
    },
  });

  async join(infoHash: string, url = URL_A): Promise<Member> {
    const member = new Member(infoHash);
    const options = { timeoutMs: 1000, signal: member.abort.signal };
    const socket = await this.port.connect(url, member, options);
    socket.send(JSON.stringify({ action: 'announce', info_hash: infoHash }));
    return Object.assign(member, { close: () => socket.close() });
  }
}

class Member implements TextSocketReceiver {
  readonly infoHash: string;
  readonly abort = new AbortController();
  readonly heard: string[] = [];
  closings = 0;
  close: () => void = () => undefined;

  constructor(infoHash: string) {
    this.infoHash = infoHash;
  }

  onText(text: string): void {
    this.heard.push(text);
  }

  onClose(): void {
    this.closings++;
  }
}

describe('a shared socket', () => {
  it('carries all torrents of one URL, and gives each what is meant for it', async () => {
    const bench = new Bench();
    const members = await Promise.all(['one', 'two', 'three'].map((hash) => bench.join(hash)));
    await bench.join('other', 'wss://b.example/announce');
    expect(bench.connections.map(({ url, sent }) => [url, sent.length])).toEqual([
      [URL_A, 3],
      ['wss://b.example/announce', 1],
    ]);
    const [line] = bench.connections;
    const reply = JSON.stringify({ action: 'announce', info_hash: 'two', complete: 1 });
    line?.receiver.onText(reply);
    line?.receiver.onText('{"failure reason":"too many"}');
    line?.receiver.onText('noise');
    expect(members.map(({ heard }) => heard.length)).toEqual([2, 3, 2]);
    expect(members[1]?.heard[0]).toBe(reply);
  });

  it('goes when the last has left, each of whom hears it once', async () => {
    const bench = new Bench();
    const [one, two] = [await bench.join('one'), await bench.join('two')];
    one.close();
    one.close();
    await Promise.resolve();
    const [line] = bench.connections;
    expect([one.closings, two.closings, line?.isClosed]).toEqual([1, 0, false]);
    line?.receiver.onText(JSON.stringify({ info_hash: 'one' }));
    expect(one.heard).toEqual([]);
    two.abort.abort();
    await Promise.resolve();
    expect([one.closings, two.closings, line?.isClosed]).toEqual([1, 1, true]);
    await bench.join('three');
    expect(bench.connections).toHaveLength(2);
  });

  it('tells everybody when it is lost, and is made anew by whoever asks', async () => {
    const bench = new Bench();
    const members = await Promise.all(['one', 'two'].map((hash) => bench.join(hash)));
    bench.connections[0]?.receiver.onClose(new Error('reset'));
    expect(members.map(({ closings }) => closings)).toEqual([1, 1]);
    members[0]?.abort.abort();
    expect(members.map(({ closings }) => closings)).toEqual([1, 1]);
    await Promise.all(['one', 'two'].map((hash) => bench.join(hash)));
    expect(bench.connections).toHaveLength(2);
  });

  it('takes 200 torrents, and another one the rest', async () => {
    const bench = new Bench();
    await Promise.all(Array.from({ length: 450 }, (_, i) => bench.join(String(i))));
    expect(bench.connections.map(({ sent }) => sent.length)).toEqual([200, 200, 50]);
  });

  it('fails for all that waited, and does not stand in the way of the next try', async () => {
    const bench = new Bench();
    bench.failing = true;
    const tries = await Promise.allSettled(['one', 'two'].map((hash) => bench.join(hash)));
    expect(tries.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    bench.failing = false;
    await bench.join('one');
    expect(bench.connections).toHaveLength(1);
  });

  it('gives up a connection that nobody waits for any more', async () => {
    const bench = new Bench();
    const member = new Member('one');
    const waiting = bench.port.connect(URL_A, member, { timeoutMs: 1000, signal: member.abort.signal });
    member.abort.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'WS_FAILED' });
    expect([member.closings, bench.connections.length]).toEqual([0, 0]);
  });
});
