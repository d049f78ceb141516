// Datagrams by the batch: one system call takes in up to 64, another sends the answers. All structures are laid out once
// (recvmmsg(2), sendmmsg(2)); packets and addresses are read where the kernel put them.
import type { Datagram } from '../../core/tracker/udp-service.ts';
import type { Libc } from '../../node/libc.ts';
import { ADDRESS_BYTES, DONTWAIT, pinned, type OpenSocket } from '../../node/linux-sockets.ts';

const BATCH = 64;
/** BEP 41 options included; what is longer is cut off and malformed. */
const PACKET_BYTES = 2048;
/** Words of struct mmsghdr, and where in it lie the length of the name and the length received. */
const HEADER_WORDS = 16;
const NAME_LENGTH = 2;
const RECEIVED = 14;
/** Words of struct iovec, and where in it lies the length. */
const VECTOR_WORDS = 4;
const VECTOR_LENGTH = 2;

export interface UdpSlot extends Datagram {
  port: number;
  /** The answer, `replyLength` bytes of it; 0 is silence. */
  readonly reply: Uint8Array;
  replyLength: number;
}

export class UdpBatch {
  readonly slots: readonly UdpSlot[];
  readonly #libc: Libc;
  readonly #fd: number;
  readonly #nameLength: number;
  readonly #names: Uint8Array;
  readonly #incoming: Messages;
  readonly #outgoing: Messages;

  constructor(libc: Libc, socket: OpenSocket, replyRoom: number) {
    this.#libc = libc;
    this.#fd = socket.fd;
    this.#nameLength = socket.family === 4 ? 16 : ADDRESS_BYTES;
    this.#names = pinned(BATCH * ADDRESS_BYTES);
    const packets = pinned(BATCH * PACKET_BYTES);
    const replies = pinned(BATCH * replyRoom);
    const namesAt = libc.address(this.#names);
    this.#incoming = new Messages(libc, { namesAt, bytesAt: libc.address(packets), room: PACKET_BYTES });
    this.#outgoing = new Messages(libc, { namesAt, bytesAt: libc.address(replies), room: replyRoom });
    const [from, to] = socket.family === 4 ? [4, 8] : [8, 24];
    this.slots = Array.from({ length: BATCH }, (_, i) => ({
      bytes: packets.subarray(i * PACKET_BYTES, (i + 1) * PACKET_BYTES),
      length: 0,
      ip: this.#names.subarray(i * ADDRESS_BYTES + from, i * ADDRESS_BYTES + to),
      port: 0,
      reply: replies.subarray(i * replyRoom, (i + 1) * replyRoom),
      replyLength: 0,
    }));
  }

  /** Fills slots from the front with what has come; answers how many, 0 if there is nothing. Never waits. */
  receive(): number {
    const { headers, headersAt } = this.#incoming;
    for (let i = 0; i < BATCH; i++) headers[i * HEADER_WORDS + NAME_LENGTH] = this.#nameLength;
    const count = this.#libc.receiveMany(this.#fd, headersAt, BATCH, DONTWAIT, 0);
    for (let i = 0; i < count; i++) {
      const slot = this.slots[i];
      if (slot === undefined) break;
      slot.length = headers[i * HEADER_WORDS + RECEIVED] ?? 0;
      slot.port =
        ((this.#names[i * ADDRESS_BYTES + 2] ?? 0) << 8) | (this.#names[i * ADDRESS_BYTES + 3] ?? 0);
      slot.replyLength = 0;
    }
    return Math.max(0, count);
  }

  /** Sends the answers in the first `count` slots, runs of them in one call. */
  send(count: number): void {
    const { headers, vectors } = this.#outgoing;
    let run = 0;
    for (let i = 0; i <= count; i++) {
      const length = i < count ? (this.slots[i]?.replyLength ?? 0) : 0;
      if (length === 0) {
        this.#sendRun(run, i);
        run = i + 1;
      } else {
        vectors[i * VECTOR_WORDS + VECTOR_LENGTH] = length;
        headers[i * HEADER_WORDS + NAME_LENGTH] = this.#nameLength;
      }
    }
  }

  #sendRun(start: number, end: number): void {
    for (let at = start; at < end;) {
      const address = this.#outgoing.headersAt + at * HEADER_WORDS * 4;
      const sent = this.#libc.sendMany(this.#fd, address, end - at, DONTWAIT);
      // An answer that cannot be sent is a lost packet; the client asks again.
      at += Math.max(1, sent);
    }
  }
}

/** Headers for one direction, each with one vector over its part of the bytes. */
class Messages {
  readonly headers: Uint32Array;
  readonly headersAt: number;
  readonly vectors: Uint32Array;

  constructor(
    libc: Libc,
    memory: { readonly namesAt: number; readonly bytesAt: number; readonly room: number },
  ) {
    const headers = pinned(BATCH * HEADER_WORDS * 4);
    const vectors = pinned(BATCH * VECTOR_WORDS * 4);
    this.headers = new Uint32Array(headers.buffer);
    this.vectors = new Uint32Array(vectors.buffer);
    this.headersAt = libc.address(headers);
    const vectorsAt = libc.address(vectors);
    for (let i = 0; i < BATCH; i++) {
      setPointer(this.headers, i * HEADER_WORDS, memory.namesAt + i * ADDRESS_BYTES);
      setPointer(this.headers, i * HEADER_WORDS + 4, vectorsAt + i * VECTOR_WORDS * 4);
      this.headers[i * HEADER_WORDS + 6] = 1;
      setPointer(this.vectors, i * VECTOR_WORDS, memory.bytesAt + i * memory.room);
      this.vectors[i * VECTOR_WORDS + VECTOR_LENGTH] = memory.room;
    }
  }
}

/** Little-endian, as both processors are. */
function setPointer(words: Uint32Array, at: number, address: number): void {
  words[at] = address;
  words[at + 1] = Math.floor(address / 2 ** 32);
}
