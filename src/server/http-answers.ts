// Answers to announces and scrapes over HTTP, built in one buffer that is used again for each.
import { HttpService, httpBodyRoom } from '../core/tracker/http-service.ts';
import type { AnnounceCore } from '../core/tracker/announce.ts';
import { ReplyWriter } from '../core/tracker/reply-writer.ts';
import { clientAddress, type ProxyTrust } from './forwarded.ts';
import type { RequestHead } from './http-request.ts';

/** Room in front of a body for the longest head. */
const HEAD_ROOM = 160;
const OK = Buffer.from('HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ');
const CLOSE = Buffer.from('\r\nConnection: close\r\n\r\n');
const KEEP = Buffer.from('\r\n\r\n');

export interface HttpAnswersDeps {
  readonly core: AnnounceCore;
  readonly now: () => number;
  readonly proxies: ProxyTrust;
  readonly maxPeers: number;
  readonly maxScrape: number;
}

export class HttpAnswers {
  /** Holds the last answer of render(), from `start` to `end`. */
  readonly bytes: Buffer;
  start = 0;
  end = 0;
  readonly #deps: HttpAnswersDeps;
  readonly #service: HttpService;
  readonly #writer: ReplyWriter;
  readonly #length: ReplyWriter;

  constructor(deps: HttpAnswersDeps) {
    this.#deps = deps;
    this.#service = new HttpService(deps);
    this.bytes = Buffer.from(new ArrayBuffer(HEAD_ROOM + httpBodyRoom(deps)));
    this.#writer = new ReplyWriter(this.bytes);
    this.#length = new ReplyWriter(new Uint8Array(16));
  }

  /** Head and body, ready to send. */
  render(data: Buffer, head: RequestHead, peer: Uint8Array): void {
    const { bytes } = this;
    this.end = this.#write(data, head, peer);
    const length = this.#length;
    length.length = 0;
    length.number(this.end - HEAD_ROOM);
    const tail = head.keepAlive ? KEEP : CLOSE;
    let at = HEAD_ROOM - OK.length - length.length - tail.length;
    this.start = at;
    bytes.set(OK, at);
    at += OK.length;
    for (let i = 0; i < length.length; i++) bytes[at++] = length.bytes[i] ?? 0;
    bytes.set(tail, at);
  }

  /** Head and body, one character a byte. */
  response(data: Buffer, head: RequestHead, peer: Uint8Array): string {
    this.render(data, head, peer);
    return this.bytes.toString('latin1', this.start, this.end);
  }

  /** A copy of the body alone. */
  body(data: Buffer, head: RequestHead, peer: Uint8Array): Buffer {
    const end = this.#write(data, head, peer);
    return Buffer.from(this.bytes.subarray(HEAD_ROOM, end));
  }

  /** Writes the body into the buffer, from HEAD_ROOM on; answers where it ends. */
  #write(data: Buffer, head: RequestHead, peer: Uint8Array): number {
    const ip = clientAddress(peer, head, this.#deps.proxies);
    const target = { bytes: data, start: head.targetStart, end: head.targetEnd };
    this.#writer.length = HEAD_ROOM;
    const context = { now: this.#deps.now(), out: this.#writer };
    if (head.kind === 'announce') this.#service.announce(target, ip, context);
    else this.#service.scrape(target, ip, context);
    return this.#writer.length;
  }
}
