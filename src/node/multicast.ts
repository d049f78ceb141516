// Multicast over node:dgram: one socket that hears the group on every interface, and one for each interface to speak
// through, as the system picks a single interface otherwise.
import { createSocket, type Socket } from 'node:dgram';
import { networkInterfaces } from 'node:os';
import type { PeerAddress } from '../core/address.ts';
import { SystemError } from '../core/errors.ts';
import type { DatagramSocket } from '../ports/datagram.ts';
import { plainIp } from './ip.ts';
import { LISTEN_CODES, toSystemError } from './os-error.ts';
import { plainBytes } from './plain-bytes.ts';

type Receiver = (data: Uint8Array, from: PeerAddress) => void;

/** As DatagramPort says. Interfaces that refuse are left out; rejects with SystemError LISTEN_* if all do. */
export async function joinGroup(group: PeerAddress, host: string | undefined): Promise<DatagramSocket> {
  const type = group.ip.includes(':') ? 'udp6' : 'udp4';
  const ear = await bind(type, group.port, undefined);
  const mouths: Socket[] = [];
  for (const name of interfacesOf(type, host)) {
    try {
      ear.addMembership(group.ip, name);
      const mouth = await bind(type, 0, type === 'udp4' ? name : undefined);
      mouths.push(mouth);
      mouth.setMulticastInterface(name);
      mouth.setMulticastTTL(1);
    } catch (error) {
      // An interface without multicast, or one that is going down.
      if (!(error instanceof Error)) throw error;
    }
  }
  const socket = new GroupSocket(group.port, ear, mouths);
  if (mouths.length > 0) return socket;
  await socket.close();
  throw new SystemError('LISTEN_ADDRESS_UNAVAILABLE', `no interface has the group ${group.ip}`);
}

class GroupSocket implements DatagramSocket {
  readonly port: number;
  readonly #ear: Socket;
  readonly #mouths: readonly Socket[];
  readonly #receivers = new Set<Receiver>();

  constructor(port: number, ear: Socket, mouths: readonly Socket[]) {
    this.port = port;
    this.#ear = ear;
    this.#mouths = mouths;
    ear.on('message', (data, from) => {
      const address = { ip: plainIp(from.address), port: from.port };
      for (const receiver of this.#receivers) receiver(plainBytes(data), address);
    });
  }

  send(data: Uint8Array, to: PeerAddress): void {
    for (const mouth of this.#mouths) mouth.send(data, to.port, to.ip, ignoreLoss);
  }

  onMessage(receiver: Receiver): () => void {
    this.#receivers.add(receiver);
    return () => {
      this.#receivers.delete(receiver);
    };
  }

  async close(): Promise<void> {
    this.#receivers.clear();
    await Promise.all([this.#ear, ...this.#mouths].map(closeSocket));
  }
}

/** As setMulticastInterface names them: by address, IPv6 with its zone. */
function interfacesOf(type: 'udp4' | 'udp6', host: string | undefined): string[] {
  const family = type === 'udp4' ? 'IPv4' : 'IPv6';
  return Object.entries(networkInterfaces()).flatMap(([name, addresses = []]) => {
    const found = addresses.find(
      (each) => each.family === family && (host === undefined ? !each.internal : each.address === host),
    );
    if (found === undefined) return [];
    return [family === 'IPv4' ? found.address : `::%${name}`];
  });
}

function bind(type: 'udp4' | 'udp6', port: number, address: string | undefined): Promise<Socket> {
  const socket = createSocket({ type, reuseAddr: true, ipv6Only: type === 'udp6' });
  return new Promise((resolve, reject) => {
    socket.once('error', (error) => {
      socket.close();
      reject(toSystemError(error, LISTEN_CODES, `could not bind UDP port ${String(port)}`));
    });
    socket.bind({ port, address }, () => {
      socket.removeAllListeners('error');
      socket.on('error', ignoreLoss);
      resolve(socket);
    });
  });
}

function closeSocket(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.close(() => {
      resolve();
    });
  });
}

function ignoreLoss(): void {
  // Multicast promises nothing: searches are repeated.
}
