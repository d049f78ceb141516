// UDP over node:dgram: one socket for each address family on the same port. Addresses are IPs already, so the
// library's own name look-up, which it does for each packet, is replaced by the identity.
import { createSocket, type Socket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import type { PeerAddress } from '../core/address.ts';
import { SystemError } from '../core/errors.ts';
import type { DatagramPort, DatagramSocket } from '../ports/datagram.ts';
import { plainIp } from './ip.ts';
import { joinGroup } from './multicast.ts';
import { DNS_CODES, errnoOf, LISTEN_CODES, toSystemError } from './os-error.ts';
import { plainBytes } from './plain-bytes.ts';

/** Room in the kernel for bursts of uTP and tracker packets. */
const SOCKET_BUFFER_BYTES = 2 * 1024 * 1024;
/** A free port of one family may be taken in the other: how often another one is tried. */
const PORT_ATTEMPTS = 8;

type Receiver = (data: Uint8Array, from: PeerAddress) => void;

/** UDP as a DatagramPort. */
export const udpPort: DatagramPort = {
  bind: (options) => bindBoth(options.port, options.host),
  joinGroup,
  resolve: async (host, signal) => {
    try {
      const found = await Promise.race([lookup(host, { all: true }), aborted(signal)]);
      return found.map((entry) => plainIp(entry.address));
    } catch (error) {
      throw toSystemError(error, DNS_CODES, `could not look up ${host}`);
    }
  },
};

class UdpSocket implements DatagramSocket {
  readonly port: number;
  readonly #v4: Socket | undefined;
  readonly #v6: Socket | undefined;
  readonly #receivers = new Set<Receiver>();

  constructor(port: number, v4: Socket | undefined, v6: Socket | undefined) {
    this.port = port;
    this.#v4 = v4;
    this.#v6 = v6;
    for (const socket of [v4, v6]) {
      socket?.on('message', (data, from) => {
        this.#deliver(plainBytes(data), { ip: plainIp(from.address), port: from.port });
      });
    }
  }

  send(data: Uint8Array, to: PeerAddress): void {
    const socket = to.ip.includes(':') ? this.#v6 : this.#v4;
    if (socket === undefined || to.port === 0) return;
    socket.send(data, to.port, to.ip, ignoreLoss);
  }

  onMessage(receiver: Receiver): () => void {
    this.#receivers.add(receiver);
    return () => {
      this.#receivers.delete(receiver);
    };
  }

  async close(): Promise<void> {
    this.#receivers.clear();
    await Promise.all([closeSocket(this.#v4), closeSocket(this.#v6)]);
  }

  #deliver(data: Uint8Array, from: PeerAddress): void {
    if (from.port === 0) return;
    for (const receiver of this.#receivers) receiver(data, from);
  }
}

async function bindBoth(port: number, host: string | undefined): Promise<DatagramSocket> {
  if (host !== undefined) {
    const socket = await bind(host.includes(':') ? 'udp6' : 'udp4', port, host);
    const bound = socket.address().port;
    return host.includes(':')
      ? new UdpSocket(bound, undefined, socket)
      : new UdpSocket(bound, socket, undefined);
  }
  for (let attempt = 1; ; attempt++) {
    const v4 = await bind('udp4', port, undefined);
    const bound = v4.address().port;
    try {
      return new UdpSocket(bound, v4, await bind('udp6', bound, undefined));
    } catch (error) {
      const code = error instanceof SystemError ? errnoOf(error.cause) : undefined;
      if (code === 'EAFNOSUPPORT' || code === 'EADDRNOTAVAIL') return new UdpSocket(bound, v4, undefined);
      await closeSocket(v4);
      if (port !== 0 || attempt === PORT_ATTEMPTS) throw error;
    }
  }
}

function bind(type: 'udp4' | 'udp6', port: number, host: string | undefined): Promise<Socket> {
  const family = type === 'udp4' ? 4 : 6;
  const socket = createSocket({
    type,
    ipv6Only: type === 'udp6',
    lookup: (name, _options, done) => {
      done(null, name, family);
    },
  });
  return new Promise((resolve, reject) => {
    const onError = (error: Error): void => {
      void closeSocket(socket).then(() => {
        reject(toSystemError(error, LISTEN_CODES, `could not bind UDP port ${String(port)}`));
      });
    };
    socket.once('error', onError);
    socket.bind({ port, address: host ?? (family === 4 ? '0.0.0.0' : '::') }, () => {
      socket.off('error', onError);
      // Later errors are ICMP answers to single packets: losses.
      socket.on('error', ignoreLoss);
      growBuffers(socket);
      resolve(socket);
    });
  });
}

function growBuffers(socket: Socket): void {
  try {
    socket.setRecvBufferSize(SOCKET_BUFFER_BYTES);
    socket.setSendBufferSize(SOCKET_BUFFER_BYTES);
  } catch (error) {
    // A system may cap the size below this; the default works, with more losses under load.
    if (errnoOf(error) === undefined) throw error;
  }
}

function closeSocket(socket: Socket | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (socket === undefined) {
      resolve();
      return;
    }
    socket.close(() => {
      resolve();
    });
  });
}

function ignoreLoss(): void {
  // UDP promises nothing: who sent asks again after a time.
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const stop = (): void => {
      reject(new SystemError('DNS_ABORTED', 'the look-up was given up'));
    };
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
}
