// Takes the PROXY header off connections of trusted proxies before anything else reads them.
import type { Socket } from 'node:net';
import { concatBytes } from '../core/bytes/bytes.ts';
import type { ProxyTrust } from './forwarded.ts';
import { ipBytes } from './ip-bytes.ts';
import { parseProxyHeader } from './proxy-header.ts';

/** A proxy sends its header with the first bytes. */
const HEADER_MS = 5000;

export type AcceptSocket = (socket: Socket, source?: Uint8Array) => void;

/** Connections of trusted proxies must begin with a header; those of others are passed on as they are. */
export function createProxyDoor(proxies: ProxyTrust, accept: AcceptSocket): AcceptSocket {
  return (socket) => {
    const ip = ipBytes(socket.remoteAddress ?? '');
    if (ip === undefined || proxies.nobody || !proxies.trusts(ip)) accept(socket);
    else readHeader(socket, accept);
  };
}

function readHeader(socket: Socket, accept: AcceptSocket): void {
  let read: Uint8Array = new Uint8Array(0);
  const timer = setTimeout(() => socket.destroy(), HEADER_MS);
  timer.unref();
  const stop = (): void => {
    clearTimeout(timer);
    socket.off('data', onData);
    socket.off('close', stop);
    socket.off('error', onError);
  };
  const onError = (): void => undefined;
  const onData = (chunk: Buffer): void => {
    read = concatBytes([read, chunk]);
    const header = parseProxyHeader(read);
    if (header.kind === 'incomplete') return;
    stop();
    if (header.kind === 'none') {
      socket.destroy();
      return;
    }
    socket.pause();
    const rest = read.subarray(header.length);
    if (rest.length > 0) socket.unshift(Buffer.from(rest));
    accept(socket, header.ip);
    process.nextTick(() => socket.resume());
  };
  socket.on('data', onData);
  socket.on('close', stop);
  socket.on('error', onError);
}
