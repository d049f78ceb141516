import { afterEach, describe, expect, it } from 'vitest';
import type { PeerAddress } from '../core/address.ts';
import type { DatagramSocket } from '../ports/datagram.ts';
import { udpPort } from './udp.ts';

const open: DatagramSocket[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((socket) => socket.close()));
});

async function bind(host?: string): Promise<DatagramSocket> {
  const socket = await udpPort.bind({ port: 0, host });
  open.push(socket);
  return socket;
}

function next(socket: DatagramSocket): Promise<{ data: Uint8Array; from: PeerAddress }> {
  return new Promise((resolve) => {
    const off = socket.onMessage((data, from) => {
      off();
      resolve({ data: data.slice(), from });
    });
  });
}

describe('UDP', () => {
  it.each(['127.0.0.1', '::1'])('carries packets to a socket on all addresses, by %s', async (ip) => {
    const [all, one] = [await bind(), await bind(ip)];
    const arrived = next(all);
    one.send(Uint8Array.of(1, 2, 3), { ip, port: all.port });
    expect(await arrived).toEqual({ data: Uint8Array.of(1, 2, 3), from: { ip, port: one.port } });
    const answered = next(one);
    all.send(Uint8Array.of(4), { ip, port: one.port });
    expect((await answered).from).toEqual({ ip, port: all.port });
  });

  it('tells every receiver, and none that has left', async () => {
    const [to, from] = [await bind('127.0.0.1'), await bind('127.0.0.1')];
    const seen: string[] = [];
    to.onMessage(() => seen.push('a'));
    to.onMessage(() => seen.push('b'))();
    const arrived = next(to);
    from.send(Uint8Array.of(1), { ip: '127.0.0.1', port: to.port });
    await arrived;
    expect(seen).toEqual(['a']);
  });

  it('takes packets that cannot be sent for lost', async () => {
    const socket = await bind('127.0.0.1');
    socket.send(new Uint8Array(70_000), { ip: '127.0.0.1', port: 9 });
    socket.send(Uint8Array.of(1), { ip: '::1', port: 9 });
    socket.send(Uint8Array.of(1), { ip: '127.0.0.1', port: 0 });
    const arrived = next(socket);
    socket.send(Uint8Array.of(2), { ip: '127.0.0.1', port: socket.port });
    expect((await arrived).data).toEqual(Uint8Array.of(2));
  });

  it('says when a port is taken', async () => {
    const { port } = await bind();
    await expect(udpPort.bind({ port })).rejects.toHaveProperty('code', 'LISTEN_ADDRESS_IN_USE');
  });

  it('looks up names', async () => {
    const { signal } = new AbortController();
    expect(await udpPort.resolve('localhost', signal)).toContain('127.0.0.1');
    await expect(udpPort.resolve('no-such-host.invalid', signal)).rejects.toHaveProperty(
      'name',
      'SystemError',
    );
    const abort = new AbortController();
    abort.abort();
    await expect(udpPort.resolve('localhost', abort.signal)).rejects.toHaveProperty('code', 'DNS_ABORTED');
  });
});
