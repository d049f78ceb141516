// UDP trackers over node:dgram: one socket for each address family on the tracker's port.
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { SystemError } from '../core/errors.ts';
import { answerBinding, isStun } from '../core/rtc/stun.ts';
import type { Datagram, UdpService } from '../core/tracker/udp-service.ts';
import { errnoOf, LISTEN_CODES, toSystemError } from '../node/os-error.ts';
import { ipBytes, readIpv4 } from './ip-bytes.ts';

/** Room in the kernel for a burst while a thread is busy elsewhere. */
const BUFFER_BYTES = 4 * 1024 * 1024;

export interface UdpFrontend {
  readonly port: number;
  readonly service: UdpService;
  close(): Promise<void>;
}

export interface UdpFrontendDeps {
  readonly service: UdpService;
  readonly now: () => number;
  /** Bytes of the longest answer. */
  readonly replyRoom: number;
  /** Answer STUN binding requests too. */
  readonly stun: boolean;
}

/** Rejects with SystemError LISTEN_*. Without a host both families are served, where the system has both. */
export async function createUdpFrontend(
  bindTo: { readonly port: number; readonly host: string | undefined },
  deps: UdpFrontendDeps,
): Promise<UdpFrontend> {
  const hosts = bindTo.host === undefined ? ['0.0.0.0', '::'] : [bindTo.host];
  const sockets: Socket[] = [];
  for (const host of hosts) {
    try {
      sockets.push(await bind(host, sockets[0]?.address().port ?? bindTo.port));
    } catch (error) {
      const errno = error instanceof SystemError ? errnoOf(error.cause) : undefined;
      const noIpv6 = errno === 'EAFNOSUPPORT' || errno === 'EADDRNOTAVAIL';
      if (sockets.length > 0 && noIpv6) continue;
      await Promise.all(sockets.map(closeSocket));
      throw error;
    }
  }
  for (const socket of sockets) serve(socket, deps);
  return {
    port: sockets[0]?.address().port ?? bindTo.port,
    service: deps.service,
    close: async () => {
      await Promise.all(sockets.map(closeSocket));
    },
  };
}

function serve(socket: Socket, deps: UdpFrontendDeps): void {
  const { service, now, stun } = deps;
  const ip4 = new Uint8Array(4);
  const out = new Uint8Array(deps.replyRoom);
  const datagram: Datagram = { bytes: out, length: 0, ip: ip4 };
  socket.on('message', (packet: Buffer, from: RemoteInfo) => {
    const ip = readIpv4(from.address, ip4) ? ip4 : ipBytes(from.address);
    if (ip === undefined || from.port === 0) return;
    if (stun && isStun(packet)) {
      const answer = answerBinding(packet, ip, from.port);
      if (answer !== undefined) socket.send(answer, from.port, from.address);
      return;
    }
    datagram.bytes = packet;
    datagram.length = packet.length;
    datagram.ip = ip;
    const length = service.handle(datagram, now(), out);
    // A copy: the kernel may take it later, when the buffer holds another answer.
    if (length > 0) socket.send(Buffer.from(out.subarray(0, length)), from.port, from.address);
  });
}

function bind(host: string, port: number): Promise<Socket> {
  const v6 = host.includes(':');
  const socket = createSocket({
    type: v6 ? 'udp6' : 'udp4',
    ipv6Only: v6,
    recvBufferSize: BUFFER_BYTES,
    sendBufferSize: BUFFER_BYTES,
    // Addresses are IPs already; the library would look each one up.
    lookup: (name, _options, done) => {
      done(null, name, v6 ? 6 : 4);
    },
  });
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => {
      socket.close();
      reject(toSystemError(error, LISTEN_CODES, `could not bind UDP port ${String(port)} of ${host}`));
    };
    socket.once('error', fail);
    socket.bind(port, host, () => {
      socket.off('error', fail);
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
  // An answer that could not be sent is a lost packet; the client asks again.
}
