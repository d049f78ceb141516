// One question to one UDP tracker address (BEP 15): connect where no fresh connection id is at hand, ask, retransmit
// after 15 * 2^n seconds, reconnect when the id has grown older than a minute. Owns no socket and no clock.
import { ProtocolError } from '../errors.ts';
import type { Millis } from '../time.ts';
import {
  encodeUdpConnect,
  parseUdpReply,
  type ConnectionId,
  type UdpEnvelope,
  type UdpReply,
} from './udp-codec.ts';

/** BEP 15: a client may use a connection id for one minute. */
const CONNECTION_LIFE_MS: Millis = 60_000;
/** Sends without any answer before the tracker counts as unreachable; its tier then tries the next. */
const MAX_SILENT_SENDS = 3;

export interface UdpConnection {
  readonly id: ConnectionId;
  readonly expiresAt: Millis;
}

export interface UdpExchangeOptions {
  readonly family: 4 | 6;
  /** A connection id from an earlier exchange with the same address. */
  readonly connection: UdpConnection | undefined;
  /** The action that is asked, and the packet that asks it. */
  readonly action: 'announce' | 'scrape';
  readonly encode: (envelope: UdpEnvelope) => Uint8Array;
  /** Uniform 32-bit numbers. */
  readonly random: () => number;
}

export type UdpExchangeInput =
  /** Begins; once, first. */
  | { readonly kind: 'start' }
  /** A datagram from the tracker's address, ours or not. */
  | { readonly kind: 'datagram'; readonly data: Uint8Array }
  /** The time that nextTimeout() gave has come. */
  | { readonly kind: 'timeout' };

export type UdpExchangeEffect =
  | { readonly kind: 'send'; readonly data: Uint8Array }
  /** A connection id to keep for later exchanges with this address. */
  | { readonly kind: 'connected'; readonly connection: UdpConnection }
  | { readonly kind: 'reply'; readonly reply: Exclude<UdpReply, { kind: 'connect' | 'error' }> }
  /** `fromTracker`: an error packet, not silence. */
  | { readonly kind: 'failed'; readonly message: string; readonly fromTracker: boolean };

/** Retransmission delay after `n` unanswered sends (BEP 15: 15 * 2^n seconds, n up to 8). */
export function udpRetryMs(n: number): Millis {
  return 15_000 * 2 ** Math.min(n, 8);
}

/** Machine: `handle` one input, then drain `poll`; ends with exactly one `reply` or `failed`. */
export class UdpExchange {
  readonly #options: UdpExchangeOptions;
  readonly #effects: UdpExchangeEffect[] = [];
  #connection: UdpConnection | undefined;
  /** What the last sent packet asked for. */
  #asked: 'connect' | 'announce' | 'scrape' = 'connect';
  #transactionId = 0;
  #silentSends = 0;
  #deadline: Millis | undefined;
  #reconnected = false;

  constructor(options: UdpExchangeOptions) {
    this.#options = options;
    this.#connection = options.connection;
  }

  handle(input: UdpExchangeInput, now: Millis): void {
    switch (input.kind) {
      case 'start':
        this.#send(now);
        break;
      case 'timeout':
        if (this.#deadline !== undefined && now >= this.#deadline) this.#retry(now);
        break;
      case 'datagram':
        if (this.#deadline !== undefined) this.#receive(input.data, now);
        break;
    }
  }

  poll(): UdpExchangeEffect | undefined {
    return this.#effects.shift();
  }

  nextTimeout(): Millis | undefined {
    return this.#deadline;
  }

  #send(now: Millis): void {
    const connection = this.#connection;
    const usable = connection !== undefined && connection.expiresAt > now;
    this.#transactionId = this.#options.random() >>> 0;
    this.#asked = usable ? this.#options.action : 'connect';
    const data = usable
      ? this.#options.encode({ connectionId: connection.id, transactionId: this.#transactionId })
      : encodeUdpConnect(this.#transactionId);
    this.#deadline = now + udpRetryMs(this.#silentSends);
    this.#effects.push({ kind: 'send', data });
  }

  #retry(now: Millis): void {
    this.#silentSends++;
    if (this.#silentSends >= MAX_SILENT_SENDS) this.#fail('no answer', false);
    else this.#send(now);
  }

  #receive(data: Uint8Array, now: Millis): void {
    // BEP 15: the transaction id must be the one we chose; anything else may be forged, late, or for another of the
    // thousands that may share a socket: it is told apart before it costs anything.
    if (data.length < 8 || readUint32(data, 4) !== this.#transactionId) return;
    const reply = parseQuietly(data, this.#options.family);
    if (reply === undefined) return;
    if (reply.kind === 'error') {
      this.#refused(reply.message, now);
    } else if (reply.kind === this.#asked) {
      this.#silentSends = 0;
      if (reply.kind === 'connect') this.#connected(reply.connectionId, now);
      else this.#finish({ kind: 'reply', reply });
    }
  }

  #connected(id: ConnectionId, now: Millis): void {
    this.#connection = { id, expiresAt: now + CONNECTION_LIFE_MS };
    this.#effects.push({ kind: 'connected', connection: this.#connection });
    this.#send(now);
  }

  /** A tracker that restarted refuses ids it gave out before: then connect anew, once. */
  #refused(message: string, now: Millis): void {
    if (this.#asked !== 'connect' && this.#connection === this.#options.connection && !this.#reconnected) {
      this.#reconnected = true;
      this.#connection = undefined;
      this.#send(now);
    } else {
      this.#fail(message, true);
    }
  }

  #fail(message: string, fromTracker: boolean): void {
    this.#finish({ kind: 'failed', message, fromTracker });
  }

  #finish(effect: UdpExchangeEffect): void {
    this.#deadline = undefined;
    this.#effects.push(effect);
  }
}

function readUint32(data: Uint8Array, at: number): number {
  return new DataView(data.buffer, data.byteOffset).getUint32(at);
}

/** Malformed datagrams are dropped: anyone can send them, and the tracker may still answer. */
function parseQuietly(data: Uint8Array, family: 4 | 6): UdpReply | undefined {
  try {
    return parseUdpReply(data, family);
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}
