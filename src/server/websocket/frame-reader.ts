// Frames of WebSocket clients (RFC 6455, section 5): bytes in, whole texts and control frames out. A message in many
// frames is put together; what breaks the protocol ends the connection with the code that says why.
import { isUtf8 } from 'node:buffer';
import { MAX_MESSAGE_BYTES } from './text-socket.ts';

export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;
export const CLOSE = {
  normal: 1000,
  goingAway: 1001,
  protocol: 1002,
  unreadable: 1007,
  tooLarge: 1009,
} as const;

export interface FrameHandler {
  text(text: string): void;
  ping(payload: Buffer): void;
  pong(): void;
  /** The client has said goodbye, or has broken the protocol: nothing more is read. */
  end(code: number): void;
}

const MASK_BYTES = 4;
const CONTROL_BYTES = 125;

export class FrameReader {
  readonly #handler: FrameHandler;
  /** What has come of a frame that is not whole, and how many bytes must be there before another look is worth it. */
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  #wantedBytes = 0;
  /** Parts of a message whose last frame has not come; `opcode` is 0 between messages. */
  #parts: Buffer[] = [];
  #partBytes = 0;
  #opcode = 0;
  #ended = false;

  constructor(handler: FrameHandler) {
    this.#handler = handler;
  }

  /** The chunk is changed (payloads are unmasked in place), and the caller's again afterwards. */
  read(chunk: Buffer): void {
    if (this.#ended) return;
    this.#pendingBytes += chunk.length;
    if (this.#pendingBytes < this.#wantedBytes) {
      this.#pending.push(Buffer.from(chunk));
      return;
    }
    const data = this.#pending.length === 0 ? chunk : Buffer.concat([...this.#pending, chunk]);
    this.#pending = [];
    let at = 0;
    for (;;) {
      const length = this.#frame(data, at);
      if (length === 0) break;
      at += length;
    }
    this.#pendingBytes = data.length - at;
    // Nothing is kept behind the end; whoever still sends is not heard.
    if (at < data.length) this.#pending.push(Buffer.from(data.subarray(at)));
  }

  /** Serves the frame that begins at `at` if it is whole; answers its bytes, 0 where it is not. */
  #frame(data: Buffer, at: number): number {
    if (this.#ended) return this.#wait(Infinity);
    if (data.length < at + 2) return this.#wait(2);
    const first = data[at] ?? 0;
    const second = data[at + 1] ?? 0;
    let start = at + 2;
    let length = second & 0x7f;
    // No extension is spoken, so the reserved bits are zero; clients mask.
    if ((first & 0x70) !== 0 || (second & 0x80) === 0) return this.#end(CLOSE.protocol);
    if (length === 126) {
      if (data.length < start + 2) return this.#wait(4);
      length = data.readUInt16BE(start);
      start += 2;
    } else if (length === 127) {
      if (data.length < start + 8) return this.#wait(10);
      length = data.readUInt32BE(start) === 0 ? data.readUInt32BE(start + 4) : Infinity;
      start += 8;
    }
    if (length + this.#partBytes > MAX_MESSAGE_BYTES) return this.#end(CLOSE.tooLarge);
    start += MASK_BYTES;
    if (data.length < start + length) return this.#wait(start + length - at);
    const payload = data.subarray(start, start + length);
    unmask(payload, data, start - MASK_BYTES);
    this.#serve(first, payload);
    return start + length - at;
  }

  #serve(first: number, payload: Buffer): void {
    const final = (first & 0x80) !== 0;
    const opcode = first & 0x0f;
    if (opcode >= OPCODE.close) {
      if (!final || payload.length > CONTROL_BYTES) this.#end(CLOSE.protocol);
      else this.#control(opcode, payload);
      return;
    }
    // A continuation needs a beginning, and a beginning no message under way.
    if ((opcode === OPCODE.continuation) !== (this.#opcode !== 0) || opcode > OPCODE.binary) {
      this.#end(CLOSE.protocol);
      return;
    }
    if (final && this.#opcode === 0) {
      if (opcode === OPCODE.text) this.#text(payload);
      return;
    }
    if (this.#opcode === 0) this.#opcode = opcode;
    // A frame of nothing takes room too, in the list.
    this.#partBytes += payload.length + 1;
    this.#parts.push(Buffer.from(payload));
    if (!final) return;
    const whole = Buffer.concat(this.#parts);
    const kind = this.#opcode;
    this.#parts = [];
    this.#partBytes = 0;
    this.#opcode = 0;
    if (kind === OPCODE.text) this.#text(whole);
  }

  #control(opcode: number, payload: Buffer): void {
    if (opcode === OPCODE.ping) this.#handler.ping(payload);
    else if (opcode === OPCODE.pong) this.#handler.pong();
    else this.#end(opcode === OPCODE.close ? CLOSE.normal : CLOSE.protocol);
  }

  #text(payload: Buffer): void {
    if (isUtf8(payload)) this.#handler.text(payload.toString('utf8'));
    else this.#end(CLOSE.unreadable);
  }

  #wait(bytes: number): 0 {
    this.#wantedBytes = bytes;
    return 0;
  }

  #end(code: number): 0 {
    this.#ended = true;
    this.#pending = [];
    this.#parts = [];
    this.#handler.end(code);
    return 0;
  }
}

/** Four bytes at a time where they lie so that they can be taken together. */
function unmask(payload: Buffer, mask: Buffer, maskAt: number): void {
  let at = 0;
  const byte = (): void => {
    payload[at] = (payload[at] ?? 0) ^ (mask[maskAt + (at & 3)] ?? 0);
    at++;
  };
  while (at < payload.length && ((payload.byteOffset + at) & 3) !== 0) byte();
  if (at === payload.length) return;
  const words = new Int32Array(payload.buffer, payload.byteOffset + at, (payload.length - at) >> 2);
  let pattern = 0;
  for (let i = 0; i < 4; i++) pattern |= (mask[maskAt + ((at + i) & 3)] ?? 0) << (8 * i);
  if (pattern !== 0) for (let i = 0; i < words.length; i++) words[i] = (words[i] ?? 0) ^ pattern;
  at += 4 * words.length;
  while (at < payload.length) byte();
}
