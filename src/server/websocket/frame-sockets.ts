// WebSockets with frames of our own over a connection that Node's HTTP server has let go. Texts that are sent while
// requests are read go out when all of them are read: a popular peer then gets its offers in one packet, not in as many
// as there were askers.
import { createHash } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { adoptSocket } from '../../node/adopt-socket.ts';
import { FrameReader, OPCODE } from './frame-reader.ts';
import type { SocketAcceptor, TextReceiver, TextSocket, Upgrade } from './text-socket.ts';

/** RFC 6455, section 1.3. */
const KEY_SUFFIX = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const SCRATCH_BYTES = 256 * 1024;
const MAX_HEAD_BYTES = 10;
/** For the client to close too; then the connection is cut. */
const CLOSE_GRACE_MS = 2000;

export function createFrameSockets(): SocketAcceptor {
  const outbox = new Outbox();
  return {
    accept: (upgrade, serve) => {
      const key = keyOf(upgrade);
      if (key === undefined) {
        const version =
          upgrade.request.headers['sec-websocket-version'] === '13' ? '' : 'Sec-WebSocket-Version: 13\r\n';
        const status = version === '' ? '400 Bad Request' : '426 Upgrade Required';
        upgrade.socket.end(`HTTP/1.1 ${status}\r\n${version}Connection: close\r\nContent-Length: 0\r\n\r\n`);
        return;
      }
      const accept = createHash('sha1')
        .update(key + KEY_SUFFIX)
        .digest('base64');
      const lines = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade'];
      upgrade.socket.write([...lines, `Sec-WebSocket-Accept: ${accept}`, '', ''].join('\r\n'));
      const socket = new FrameSocket(upgrade.socket, outbox);
      const receiver = serve(socket);
      if (receiver === undefined) socket.terminate();
      else socket.start(receiver, upgrade.head);
    },
    close: () => undefined,
  };
}

function keyOf({ request }: Upgrade): string | undefined {
  const { upgrade, 'sec-websocket-key': key, 'sec-websocket-version': version } = request.headers;
  const wanted = request.method === 'GET' && upgrade?.toLowerCase() === 'websocket' && version === '13';
  return wanted && key !== undefined && /^[+/0-9A-Za-z]{22}==$/.test(key) ? key : undefined;
}

class FrameSocket implements TextSocket {
  #socket: Duplex;
  readonly #outbox: Outbox;
  #closing = false;

  constructor(socket: Duplex, outbox: Outbox) {
    this.#socket = socket;
    this.#outbox = outbox;
  }

  start(receiver: TextReceiver, head: Buffer): void {
    const reader = new FrameReader({
      text: (text) => {
        if (!this.#closing) receiver.text(text);
      },
      ping: (payload) => {
        this.#write(OPCODE.pong, payload);
      },
      pong: () => undefined,
      end: (code) => {
        this.close(code);
      },
    });
    const read = (chunk: Buffer): void => {
      receiver.alive();
      reader.read(chunk);
    };
    const socket = (this.#socket = adopt(this.#socket, read));
    socket.on('error', () => socket.destroy());
    socket.on('end', () => socket.destroy());
    socket.on('close', () => {
      this.#closing = true;
      receiver.closed();
    });
    if (head.length > 0) read(head);
    socket.resume();
  }

  get unsentBytes(): number {
    return this.#socket.writableLength;
  }

  send(text: string): void {
    if (!this.#closing) this.#outbox.add(this.#socket, text);
  }

  ping(): void {
    this.#write(OPCODE.ping, Buffer.alloc(0));
  }

  close(code: number): void {
    if (this.#closing) return;
    this.#outbox.flush();
    this.#write(OPCODE.close, Buffer.from([code >> 8, code & 0xff]));
    this.#closing = true;
    this.#socket.end();
    setTimeout(() => this.#socket.destroy(), CLOSE_GRACE_MS).unref();
  }

  terminate(): void {
    this.#closing = true;
    this.#socket.destroy();
  }

  /** Control frames: 125 bytes at most. */
  #write(opcode: number, payload: Buffer): void {
    if (!this.#closing)
      this.#socket.write(Buffer.concat([Buffer.from([0x80 | opcode, payload.length]), payload]));
  }
}

/** What is read lies here until the reader returns, for all connections: without it each read would take new memory. */
const READ_BUFFER: Buffer = Buffer.allocUnsafeSlow(64 * 1024);

/** The connection with its bytes going to `read`; TLS stays as it is. */
function adopt(socket: Duplex, read: (chunk: Buffer) => void): Duplex {
  if (!(socket instanceof Socket) || socket instanceof TLSSocket || socket.writableLength > 0) {
    return socket.on('data', read);
  }
  const callback = (length: number): boolean => {
    read(READ_BUFFER.subarray(0, length));
    return true;
  };
  const adopted = adoptSocket(socket, { buffer: READ_BUFFER, callback });
  return adopted.setNoDelay().setTimeout(0);
}

/** Texts that wait for the end of the event loop's round, by connection. */
class Outbox {
  readonly #waiting = new Map<Duplex, string[]>();
  #scratch: Buffer = Buffer.allocUnsafeSlow(SCRATCH_BYTES);
  /** What lies before this is still on its way. */
  #at = 0;

  add(socket: Duplex, text: string): void {
    const texts = this.#waiting.get(socket);
    if (texts !== undefined) {
      texts.push(text);
      return;
    }
    if (this.#waiting.size === 0) {
      setImmediate(() => {
        this.flush();
      });
    }
    this.#waiting.set(socket, [text]);
  }

  flush(): void {
    for (const [socket, texts] of this.#waiting) {
      if (socket.destroyed) continue;
      let end = this.#at;
      for (const text of texts) {
        const bytes = Buffer.byteLength(text);
        if (end + MAX_HEAD_BYTES + bytes > this.#scratch.length) {
          this.#write(socket, end);
          this.#scratch = Buffer.allocUnsafeSlow(Math.max(SCRATCH_BYTES, MAX_HEAD_BYTES + bytes));
          this.#at = end = 0;
        }
        end = writeText(this.#scratch, end, { text, bytes });
      }
      this.#write(socket, end);
    }
    this.#waiting.clear();
  }

  #write(socket: Duplex, end: number): void {
    if (end === this.#at) return;
    socket.write(this.#scratch.subarray(this.#at, end));
    // What the system did not take at once stays where it is until it does.
    if (socket.writableLength > 0) this.#at = end;
  }
}

/** A whole text in one frame, its length as short as can be; answers where it ends. */
function writeText(
  out: Buffer,
  at: number,
  { text, bytes }: { readonly text: string; readonly bytes: number },
): number {
  out[at] = 0x80 | OPCODE.text;
  let start = at + 2;
  if (bytes < 126) {
    out[at + 1] = bytes;
  } else if (bytes <= 0xffff) {
    out[at + 1] = 126;
    start = out.writeUInt16BE(bytes, start);
  } else {
    out[at + 1] = 127;
    start = out.writeUInt32BE(0, start);
    start = out.writeUInt32BE(bytes, start);
  }
  return start + out.write(text, start, 'utf8');
}
