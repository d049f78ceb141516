// HTTP announces of one thread without an object for a connection that asks once: accept, read, answer, close are four
// system calls. Connections that stay open, or whose request comes in parts, are kept by number. Whatever is no announce
// (pages, WebSocket upgrades, PROXY headers) goes to the main thread with the bytes that were read.
import type { Libc } from '../../node/libc.ts';
import {
  ADDRESS_BYTES,
  CLOEXEC,
  EAGAIN,
  ECONNABORTED,
  EINTR,
  EXCLUSIVE,
  MORE,
  NONBLOCK,
  NOSIGNAL,
  pinned,
  POLLIN,
  type OpenSocket,
  type Poll,
} from '../../node/linux-sockets.ts';
import type { HttpAnswers } from '../http-answers.ts';
import { HEAD_MS, IDLE_MS, MAX_HEAD_BYTES, REFUSED, TOO_LARGE } from '../http-deadlines.ts';
import { findHeadEnd, readHead, RequestHead } from '../http-request.ts';

/** Connections accepted before others have their turn. */
const ACCEPTS = 64;
const READ_BYTES = 16 * 1024;
/** Answers to pipelined requests go out together while they fit. */
const UNSENT_BYTES = 64 * 1024;
/** After an error of the system (no more descriptors) new connections wait this long. */
const ACCEPT_PAUSE_MS = 200;
const HEAD_END_BYTES = 4;

interface Kept {
  readonly ip: Uint8Array;
  lastByteAt: number;
  /** When the first byte of a request came that is not whole yet. */
  partialSince: number | undefined;
  pending: Buffer | undefined;
}

export interface TcpConnectionsDeps {
  readonly libc: Libc;
  readonly poll: Poll;
  readonly answers: HttpAnswers;
  readonly now: () => number;
  readonly maxConnections: number;
  /** Takes over a connection, with what was read of it. */
  readonly handOver: (fd: number, read: Uint8Array) => void;
  /** Notes that this thread has opened or closed a socket, for whoever cleans up behind it. */
  readonly own: (fd: number, owned: boolean) => void;
}

export class TcpConnections {
  readonly #deps: TcpConnectionsDeps;
  readonly #listener: OpenSocket;
  readonly #kept = new Map<number, Kept>();
  readonly #head: RequestHead = new RequestHead();
  readonly #name: Uint8Array = pinned(ADDRESS_BYTES + 4);
  readonly #nameAt: number;
  readonly #ip4: Uint8Array = this.#name.subarray(4, 8);
  readonly #ip6: Uint8Array = this.#name.subarray(8, 24);
  readonly #mapped: Uint8Array = this.#name.subarray(20, 24);
  readonly #in: Buffer = Buffer.from(pinned(READ_BYTES).buffer);
  readonly #inAt: number;
  readonly #out: Buffer = Buffer.from(pinned(UNSENT_BYTES).buffer);
  readonly #outAt: number;
  readonly #answersAt: number;
  #outLength = 0;
  #resumeAt: number | undefined;

  constructor(listener: OpenSocket, deps: TcpConnectionsDeps) {
    this.#deps = deps;
    this.#listener = listener;
    this.#nameAt = deps.libc.address(this.#name);
    this.#inAt = deps.libc.address(this.#in);
    this.#outAt = deps.libc.address(this.#out);
    this.#answersAt = deps.libc.address(deps.answers.bytes);
    deps.poll.add(listener.fd, POLLIN | EXCLUSIVE);
  }

  get count(): number {
    return this.#kept.size;
  }

  /** Takes what waits at the listening socket. */
  accept(): void {
    const { libc, own } = this.#deps;
    const lengthAt = this.#nameAt + ADDRESS_BYTES;
    for (let i = 0; i < ACCEPTS; i++) {
      this.#name[ADDRESS_BYTES] = ADDRESS_BYTES;
      const fd = libc.accept(this.#listener.fd, this.#nameAt, lengthAt, NONBLOCK | CLOEXEC);
      if (fd < 0) {
        const errno = libc.errno();
        if (errno !== EAGAIN && errno !== EINTR && errno !== ECONNABORTED) this.#pause();
        return;
      }
      own(fd, true);
      if (this.#kept.size >= this.#deps.maxConnections) this.#close(fd);
      else this.#read(fd, undefined);
    }
  }

  /** Reads from a kept connection that has news. */
  ready(fd: number): void {
    const kept = this.#kept.get(fd);
    if (kept !== undefined) this.#read(fd, kept);
  }

  /** Cuts off who is late, and accepts again after a pause. */
  sweep(now: number): void {
    if (this.#resumeAt !== undefined && now >= this.#resumeAt) {
      this.#resumeAt = undefined;
      this.#deps.poll.add(this.#listener.fd, POLLIN | EXCLUSIVE);
    }
    for (const [fd, { lastByteAt, partialSince }] of this.#kept) {
      const slow = partialSince !== undefined && now - partialSince > HEAD_MS;
      if (slow || now - lastByteAt > IDLE_MS) this.#close(fd);
    }
  }

  close(): void {
    for (const fd of this.#kept.keys()) this.#close(fd);
  }

  #pause(): void {
    this.#deps.poll.remove(this.#listener.fd);
    this.#resumeAt = this.#deps.now() + ACCEPT_PAUSE_MS;
  }

  /** The address of who was accepted last; one mapped into IPv6 is IPv4. A view of where the next one's will be. */
  #peer(): Uint8Array {
    if (this.#listener.family === 4) return this.#ip4;
    return isMapped(this.#name) ? this.#mapped : this.#ip6;
  }

  /** Without `kept` the connection is the one that was accepted last. */
  #read(fd: number, kept: Kept | undefined): void {
    const { libc } = this.#deps;
    const length = libc.receive(fd, this.#inAt, READ_BYTES, 0);
    if (length > 0) {
      const chunk = this.#in.subarray(0, length);
      const data = kept?.pending === undefined ? chunk : Buffer.concat([kept.pending, chunk]);
      this.#serve(fd, kept, data);
    } else if (length < 0 && libc.errno() === EAGAIN) {
      if (kept === undefined) this.#keep(fd, undefined, undefined);
    } else {
      this.#close(fd);
    }
  }

  /** Answers every whole request in order. */
  #serve(fd: number, kept: Kept | undefined, data: Buffer): void {
    const head = this.#head;
    const ip = kept?.ip ?? this.#peer();
    this.#outLength = 0;
    let at = 0;
    while (at < data.length) {
      const end = findHeadEnd(data, at);
      if ((end < 0 ? data.length : end) - at > MAX_HEAD_BYTES) return this.#finish(fd, TOO_LARGE);
      if (end < 0) break;
      readHead(data, { start: at, end }, head);
      if (head.kind === 'bad') return this.#finish(fd, REFUSED);
      if (head.kind === 'other') return this.#handOver(fd, data.subarray(at));
      this.#deps.answers.render(data, head, ip);
      if (!head.keepAlive && this.#outLength === 0) return this.#answerAndClose(fd);
      if (!this.#append(fd)) return this.#close(fd);
      if (!head.keepAlive) return this.#finish(fd, '');
      at = end + HEAD_END_BYTES;
    }
    if (!this.#flush(fd)) return this.#close(fd);
    this.#keep(fd, kept, at < data.length ? Buffer.from(data.subarray(at)) : undefined);
  }

  /** Waits for what comes next; `pending` is the beginning of it. */
  #keep(fd: number, known: Kept | undefined, pending: Buffer | undefined): void {
    const now = this.#deps.now();
    const kept = known ?? { ip: this.#peer().slice(), lastByteAt: now, partialSince: undefined, pending };
    kept.lastByteAt = now;
    kept.pending = pending;
    kept.partialSince = pending === undefined ? undefined : (kept.partialSince ?? now);
    if (known !== undefined) return;
    this.#kept.set(fd, kept);
    this.#deps.poll.add(fd, POLLIN);
  }

  /** Adds the answer that was rendered to what is to be sent. */
  #append(fd: number): boolean {
    const { bytes, start, end } = this.#deps.answers;
    if (this.#outLength + end - start > UNSENT_BYTES && !this.#flush(fd)) return false;
    this.#out.set(bytes.subarray(start, end), this.#outLength);
    this.#outLength += end - start;
    return true;
  }

  /** False where the client has gone, or does not read what it asked for: such a one is cut off. */
  #flush(fd: number, flags = NOSIGNAL): boolean {
    const length = this.#outLength;
    this.#outLength = 0;
    return length === 0 || this.#deps.libc.send(fd, this.#outAt, length, flags) === length;
  }

  /** The only answer of a connection goes out from where it was rendered, and the end in the same packet. */
  #answerAndClose(fd: number): void {
    const { answers, libc } = this.#deps;
    libc.send(fd, this.#answersAt + answers.start, answers.end - answers.start, NOSIGNAL | MORE);
    this.#close(fd);
  }

  /** The last words, and the end of the connection in the same packet. */
  #finish(fd: number, text: string): void {
    if (text !== '') this.#outLength += this.#out.write(text, this.#outLength, 'latin1');
    this.#flush(fd, NOSIGNAL | MORE);
    this.#close(fd);
  }

  #handOver(fd: number, rest: Buffer): void {
    this.#flush(fd);
    if (this.#kept.delete(fd)) this.#deps.poll.remove(fd);
    this.#deps.own(fd, false);
    this.#deps.handOver(fd, Uint8Array.from(rest));
  }

  #close(fd: number): void {
    this.#kept.delete(fd);
    this.#deps.own(fd, false);
    this.#deps.libc.close(fd);
  }
}

/** Whether a sockaddr_in6 holds an IPv4 address (::ffff:0:0/96). */
function isMapped(name: Uint8Array): boolean {
  for (let at = 8; at < 18; at++) if (name[at] !== 0) return false;
  return name[18] === 0xff && name[19] === 0xff;
}
