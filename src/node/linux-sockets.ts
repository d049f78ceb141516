// Sockets of Linux by their numbers: opening them, waiting for many at once, and addresses in their binary form. The
// numbers are good in every thread of the process.
import { lookup } from 'node:dns/promises';
import { parseIp } from '../core/address.ts';
import { SystemError } from '../core/errors.ts';
import type { Libc } from './libc.ts';
import { LISTEN_CODES, toSystemError } from './os-error.ts';

export const NONBLOCK = 0x800;
export const CLOEXEC = 0x80000;
export const DONTWAIT = 0x40;
export const NOSIGNAL = 0x4000;
/** More follows, be it the end: a close then goes out in the same packet. */
export const MORE = 0x8000;
export const POLLIN = 1;
/** One thread is woken, not all that wait for the socket. */
export const EXCLUSIVE: number = 1 << 28;
export const EAGAIN = 11;
export const EINTR = 4;
export const ECONNABORTED = 103;

const AF = { 4: 2, 6: 10 } as const;
const SOL_SOCKET = 1;
const ERRORS: Readonly<Record<number, string>> = {
  13: 'EACCES',
  97: 'EAFNOSUPPORT',
  98: 'EADDRINUSE',
  99: 'EADDRNOTAVAIL',
};
/** Bytes of a sockaddr_in6, the larger of the two. */
export const ADDRESS_BYTES = 28;
const BUFFER_BYTES = 4 * 1024 * 1024;
const BACKLOG = 4096;

/** Bytes that stay where they are, for addresses to point at. */
export function pinned(length: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new ArrayBuffer(length));
}

export interface OpenSocket {
  readonly fd: number;
  readonly family: 4 | 6;
}

interface Wanted {
  readonly kind: 'udp' | 'tcp';
  /** `::` takes IPv4 too for TCP alone. */
  readonly host: string;
  readonly port: number;
}

/** Opens, binds and (TCP) listens. Rejects with SystemError LISTEN_*, its cause's `code` being the system's. */
export async function openSocket(libc: Libc, wanted: Wanted): Promise<OpenSocket> {
  const what = `could not listen on ${wanted.kind.toUpperCase()} port ${String(wanted.port)} of ${wanted.host}`;
  let fd = -1;
  try {
    const { address } = await lookup(wanted.host);
    const family = address.includes(':') ? 6 : 4;
    fd = libc.socket(AF[family], (wanted.kind === 'udp' ? 2 : 1) | NONBLOCK | CLOEXEC, 0);
    if (fd < 0) throw systemError(libc, 'socket');
    for (const [level, name, value] of optionsOf(wanted, family)) setNumber(libc, [fd, level, name, value]);
    const name = addressBytes(address, wanted.port);
    if (libc.bind(fd, libc.address(name), family === 4 ? 16 : ADDRESS_BYTES) !== 0)
      throw systemError(libc, 'bind');
    if (wanted.kind === 'tcp' && libc.listen(fd, BACKLOG) !== 0) throw systemError(libc, 'listen');
    return { fd, family };
  } catch (error) {
    if (fd >= 0) libc.close(fd);
    throw toSystemError(error, LISTEN_CODES, what);
  }
}

function optionsOf({ kind, host }: Wanted, family: 4 | 6): (readonly [number, number, number])[] {
  const buffers = kind === 'udp' ? [7, 8].map((name) => [SOL_SOCKET, name, BUFFER_BYTES] as const) : [];
  // TCP: a port whose last owner has just gone is free.
  const reuse = kind === 'tcp' ? [[SOL_SOCKET, 2, 1] as const] : [];
  const both = kind === 'tcp' && host === '::';
  const only = family === 6 ? [[41, 26, both ? 0 : 1] as const] : [];
  return [...buffers, ...reuse, ...only];
}

function setNumber(libc: Libc, [fd, level, name, value]: readonly [number, number, number, number]): void {
  const bytes = pinned(4);
  new DataView(bytes.buffer).setInt32(0, value, true);
  libc.setOption(fd, level, name, libc.address(bytes), 4);
}

/** The port that a socket got. */
export function portOf(libc: Libc, fd: number): number {
  const bytes = pinned(ADDRESS_BYTES + 4);
  bytes[ADDRESS_BYTES] = ADDRESS_BYTES;
  const at = libc.address(bytes);
  libc.socketName(fd, at, at + ADDRESS_BYTES);
  return ((bytes[2] ?? 0) << 8) | (bytes[3] ?? 0);
}

function addressBytes(ip: string, port: number): Uint8Array {
  const bytes = pinned(ADDRESS_BYTES);
  const v6 = ip.includes(':');
  new DataView(bytes.buffer).setUint16(0, v6 ? AF[6] : AF[4], true);
  new DataView(bytes.buffer).setUint16(2, port);
  const parsed = parseIp(ip);
  if (parsed === undefined) throw new SystemError('LISTEN_ADDRESS_UNAVAILABLE', `${ip} is no address`);
  bytes.set(parsed, v6 ? 8 : 4);
  return bytes;
}

function systemError(libc: Libc, call: string): Error {
  const code = ERRORS[libc.errno()] ?? `error ${String(libc.errno())}`;
  return Object.assign(new Error(`${call}: ${code}`), { code });
}

/** Waits for many sockets (epoll). */
export class Poll {
  readonly fd: number;
  readonly #libc: Libc;
  readonly #events: Int32Array;
  readonly #eventsAt: number;
  readonly #change: Int32Array;
  readonly #changeAt: number;
  /** Words of an event, and where in it the socket's number is: packed on x64 alone. */
  readonly #stride: number = process.arch === 'x64' ? 3 : 4;
  readonly #data: number = process.arch === 'x64' ? 1 : 2;
  readonly #capacity: number;

  constructor(libc: Libc, capacity: number) {
    this.#libc = libc;
    this.#capacity = capacity;
    const events = pinned(16 * capacity);
    const change = pinned(16);
    this.#events = new Int32Array(events.buffer);
    this.#change = new Int32Array(change.buffer);
    this.#eventsAt = libc.address(events);
    this.#changeAt = libc.address(change);
    this.fd = libc.pollCreate(CLOEXEC);
    if (this.fd < 0) throw systemError(libc, 'epoll_create1');
  }

  add(fd: number, events: number): void {
    this.#change[0] = events;
    this.#change[this.#data] = fd;
    this.#libc.pollControl(this.fd, 1, fd, this.#changeAt);
  }

  remove(fd: number): void {
    this.#libc.pollControl(this.fd, 2, fd, this.#changeAt);
  }

  /** How many sockets have news; fdAt() names them. */
  wait(timeoutMs: number): number {
    return Math.max(0, this.#libc.pollWait(this.fd, this.#eventsAt, this.#capacity, timeoutMs));
  }

  fdAt(i: number): number {
    return this.#events[i * this.#stride + this.#data] ?? -1;
  }
}
