// Asks UDP trackers through the shared datagram socket: resolves names, keeps connection ids for their minute, and
// runs one UdpExchange for each question. A tracker that has IPv4 and IPv6 addresses is told on both (BEP 7).
import { parseIp, type PeerAddress } from '../core/address.ts';
import { ProtocolError, SystemError } from '../core/errors.ts';
import type { AnnounceOutcome, AnnounceReply, AnnounceRequest } from '../core/tracker/model.ts';
import { parseTrackerUrl } from '../core/tracker/tracker-url.ts';
import { encodeUdpAnnounce, type UdpReply } from '../core/tracker/udp-codec.ts';
import {
  UdpExchange,
  type UdpConnection,
  type UdpExchangeEffect,
  type UdpExchangeInput,
} from '../core/tracker/udp-exchange.ts';
import type { Clock } from '../ports/clock.ts';
import type { DatagramPort, DatagramSocket } from '../ports/datagram.ts';
import type { Random } from '../ports/random.ts';
import { Drain } from './drain.ts';

export interface UdpTrackerDeps {
  readonly datagram: Pick<DatagramPort, 'resolve'>;
  /** The socket of the session, bound when it is first needed. */
  readonly socket: () => Promise<DatagramSocket>;
  readonly clock: Clock;
  readonly random: Random;
}

export interface UdpTrackerClient {
  /**
   * Announces to an IPv4 and an IPv6 address of the tracker where it has both; resolves with the first answer and
   * hands what comes later to `onLate`. Rejects with SystemError or ProtocolError TRACKER_* when nobody answers.
   */
  announce(url: string, request: AnnounceRequest, options: UdpAnnounceOptions): Promise<AnnounceOutcome>;
}

export interface UdpAnnounceOptions {
  readonly signal: AbortSignal;
  readonly onLate: (reply: AnnounceReply) => void;
}

/** Connection ids kept at once; they live a minute. */
const MAX_CONNECTIONS = 256;

export function createUdpTrackerClient(deps: UdpTrackerDeps): UdpTrackerClient {
  const connections = new Map<string, UdpConnection>();

  async function announceTo(
    to: PeerAddress,
    ask: { readonly request: AnnounceRequest; readonly target: string; readonly signal: AbortSignal },
  ): Promise<AnnounceOutcome> {
    const socket = await deps.socket();
    const key = `${to.ip} ${String(to.port)}`;
    const exchange = new UdpExchange({
      family: to.ip.includes(':') ? 6 : 4,
      connection: connections.get(key),
      action: 'announce',
      encode: (envelope) => encodeUdpAnnounce(envelope, ask.request, ask.target),
      random: () => deps.random.uint32(),
    });
    const run = { exchange, socket, to, clock: deps.clock, signal: ask.signal };
    const effect = await runExchange(run, (connection) => {
      if (connections.size >= MAX_CONNECTIONS) connections.clear();
      connections.set(key, connection);
    });
    if (effect.kind === 'failed' && !effect.fromTracker)
      throw new SystemError('TRACKER_SILENT', effect.message);
    return toOutcome(effect);
  }

  return {
    announce: async (url, request, { signal, onLate }) => {
      const parsed = parseTrackerUrl(url);
      if (parsed?.scheme !== 'udp') throw new ProtocolError('TRACKER_BAD_URL', `not a UDP tracker: ${url}`);
      const ips =
        parseIp(parsed.host) === undefined ? await deps.datagram.resolve(parsed.host, signal) : [parsed.host];
      const chosen = [ips.find((ip) => !ip.includes(':')), ips.find((ip) => ip.includes(':'))];
      const asks = chosen
        .filter((ip) => ip !== undefined)
        .map((ip) => announceTo({ ip, port: parsed.port }, { request, target: parsed.target, signal }));
      if (asks.length === 0) throw new SystemError('TRACKER_NO_ADDRESS', `no address for ${parsed.host}`);
      return firstAnswer(asks, onLate);
    },
  };
}

type Final = Extract<UdpExchangeEffect, { kind: 'reply' | 'failed' }>;

interface ExchangeRun {
  readonly exchange: UdpExchange;
  readonly socket: DatagramSocket;
  readonly to: PeerAddress;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Drives the machine with the socket and the clock until its last effect. Rejects with TRACKER_ABORTED. */
function runExchange(run: ExchangeRun, onConnected: (connection: UdpConnection) => void): Promise<Final> {
  const { exchange, socket, to, clock, signal } = run;
  return new Promise((resolve, reject) => {
    const drain: Drain<UdpExchangeInput, UdpExchangeEffect> = new Drain(exchange, {
      clock,
      tick: { kind: 'timeout' },
      apply: (effect) => {
        if (effect.kind === 'send') {
          socket.send(effect.data, to);
        } else if (effect.kind === 'connected') {
          onConnected(effect.connection);
        } else {
          close();
          resolve(effect);
        }
      },
      settle: () => undefined,
    });
    const unsubscribe = socket.onMessage((data, from) => {
      // BEP 15's guard against forged answers starts with the sender's address.
      if (from.port === to.port && from.ip === to.ip) drain.push({ kind: 'datagram', data });
    });
    const abort = (): void => {
      close();
      reject(new SystemError('TRACKER_ABORTED', 'the announce was given up'));
    };
    const close = (): void => {
      drain.close();
      unsubscribe();
      signal.removeEventListener('abort', abort);
    };
    signal.addEventListener('abort', abort);
    if (signal.aborted) abort();
    else drain.push({ kind: 'start' });
  });
}

function toOutcome(effect: Final): AnnounceOutcome {
  if (effect.kind === 'failed') {
    return { kind: 'failure', failure: { message: effect.message, retryMinutes: undefined } };
  }
  const reply: UdpReply = effect.reply;
  if (reply.kind !== 'announce')
    throw new ProtocolError('TRACKER_BAD_REPLY', 'the tracker answered something else');
  return {
    kind: 'reply',
    reply: {
      intervalSeconds: reply.intervalSeconds,
      minIntervalSeconds: undefined,
      seeders: reply.seeders,
      leechers: reply.leechers,
      downloads: undefined,
      peers: reply.peers,
      externalIp: undefined,
      warning: undefined,
    },
  };
}

/** The first good reply wins; without one the first refusal or error counts. */
async function firstAnswer(
  asks: readonly Promise<AnnounceOutcome>[],
  onLate: (reply: AnnounceReply) => void,
): Promise<AnnounceOutcome> {
  let answered = false;
  const good = asks.map(async (ask) => {
    const outcome = await ask;
    if (outcome.kind === 'failure') throw new Refusal(outcome);
    if (answered) onLate(outcome.reply);
    answered = true;
    return outcome;
  });
  try {
    return await Promise.any(good);
  } catch (error) {
    const errors: unknown[] = error instanceof AggregateError ? error.errors : [error];
    const refusal = errors.find((each) => each instanceof Refusal);
    if (refusal !== undefined) return refusal.outcome;
    throw errors[0];
  }
}

class Refusal extends Error {
  readonly outcome: AnnounceOutcome;

  constructor(outcome: AnnounceOutcome) {
    super('refused');
    this.outcome = outcome;
  }
}
