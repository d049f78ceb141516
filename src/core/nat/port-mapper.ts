// Keeps ports mapped at one gateway as a machine: PCP first, NAT-PMP where the gateway knows no other (RFC 6887,
// appendix A). Asks again while nothing is heard, renews at half time, takes the mappings away at the end.
// Only answers from the gateway itself to what was asked are believed.
import type { PeerAddress } from '../address.ts';
import { equalBytes } from '../bytes/bytes.ts';
import { ProtocolError } from '../errors.ts';
import type { Millis } from '../time.ts';
import {
  encodeNatPmpAddress,
  encodeNatPmpMap,
  encodePcpMap,
  NAT_PORT,
  NONCE_BYTES,
  parseMapAnswer,
  type MapAnswer,
  type MapDialect,
  type MapProtocol,
  type MapRequest,
} from './messages.ts';

export interface WantedPort {
  readonly protocol: MapProtocol;
  readonly port: number;
}

export interface PortMapperOptions {
  readonly gatewayIp: string;
  /** Our address on the gateway's network. */
  readonly localIp: string;
  readonly ports: readonly WantedPort[];
  readonly randomBytes: (length: number) => Uint8Array;
}

export type PortMapperInput =
  | { readonly kind: 'start' }
  | { readonly kind: 'packet'; readonly data: Uint8Array; readonly from: PeerAddress }
  | { readonly kind: 'timeout' }
  /** Takes the mappings away. */
  | { readonly kind: 'stop' };

export type PortMapperEffect =
  | { readonly kind: 'send'; readonly data: Uint8Array; readonly to: PeerAddress }
  /** A mapping holds; said again when the external port or address changes. */
  | {
      readonly kind: 'mapped';
      readonly by: MapDialect;
      readonly wanted: WantedPort;
      readonly externalPort: number;
      readonly externalIp: string | undefined;
    }
  /** The gateway is silent or refuses; it is asked again much later. */
  | { readonly kind: 'failed'; readonly wanted: WantedPort; readonly reason: string };

/** RFC 6886 begins with 250 ms and doubles; by the fourth silence there is nobody. */
const FIRST_WAIT_MS = 250;
const MAX_TRIES = 4;
const LIFETIME_SECONDS = 3600;
/** What a gateway may have us believe: renewals neither in a flood nor never. */
const MIN_LIFETIME_SECONDS = 60;
const MAX_LIFETIME_SECONDS = 86_400;
const RETRY_FAILED_MS = 15 * 60_000;

interface Mapping {
  readonly wanted: WantedPort;
  readonly nonce: Uint8Array;
  externalPort: number;
  /** The answer that counts was heard. */
  isMapped: boolean;
  tries: number;
  /** When to ask (again). */
  dueAt: Millis;
  lifetimeSeconds: number;
}

export class PortMapper {
  readonly #options: PortMapperOptions;
  readonly #gateway: PeerAddress;
  readonly #mappings: Mapping[];
  readonly #effects: PortMapperEffect[] = [];
  #dialect: MapDialect = 'pcp';
  #externalIp: string | undefined;
  #epoch = 0;
  #phase: 'new' | 'running' | 'stopped' = 'new';

  constructor(options: PortMapperOptions) {
    this.#options = options;
    this.#gateway = { ip: options.gatewayIp, port: NAT_PORT };
    this.#mappings = options.ports.map((wanted) => ({
      wanted,
      nonce: options.randomBytes(NONCE_BYTES),
      externalPort: wanted.port,
      isMapped: false,
      tries: 0,
      dueAt: 0,
      lifetimeSeconds: LIFETIME_SECONDS,
    }));
  }

  handle(input: PortMapperInput, now: Millis): void {
    if (this.#phase === 'stopped') return;
    if (input.kind === 'start') {
      this.#phase = 'running';
      for (const mapping of this.#mappings) mapping.dueAt = now;
    } else if (input.kind === 'packet') this.#receive(input.data, input.from, now);
    else if (input.kind === 'stop') this.#stop();
    if (this.#phase === 'running') this.#ask(now);
  }

  poll(): PortMapperEffect | undefined {
    return this.#effects.shift();
  }

  nextTimeout(): Millis | undefined {
    return this.#phase === 'running' ? Math.min(...this.#mappings.map(({ dueAt }) => dueAt)) : undefined;
  }

  #ask(now: Millis): void {
    for (const mapping of this.#mappings) {
      if (mapping.dueAt > now) continue;
      if (mapping.tries >= MAX_TRIES) {
        this.#fail(mapping, 'the gateway does not answer', now);
        continue;
      }
      mapping.dueAt = now + FIRST_WAIT_MS * 2 ** mapping.tries;
      mapping.tries++;
      this.#send(mapping, LIFETIME_SECONDS);
    }
  }

  #send(mapping: Mapping, lifetimeSeconds: number): void {
    const request: MapRequest = {
      protocol: mapping.wanted.protocol,
      internalPort: mapping.wanted.port,
      externalPort: mapping.externalPort,
      lifetimeSeconds,
      localIp: this.#options.localIp,
      nonce: mapping.nonce,
    };
    const isPcp = this.#dialect === 'pcp';
    const data = isPcp ? encodePcpMap(request) : encodeNatPmpMap(request);
    this.#effects.push({ kind: 'send', data, to: this.#gateway });
    if (!isPcp && lifetimeSeconds > 0 && this.#externalIp === undefined) {
      this.#effects.push({ kind: 'send', data: encodeNatPmpAddress(), to: this.#gateway });
    }
  }

  #receive(data: Uint8Array, from: PeerAddress, now: Millis): void {
    if (from.ip !== this.#gateway.ip || from.port !== this.#gateway.port) return;
    const answer = tryParse(data);
    if (answer === undefined) return;
    if (answer.kind === 'unsupported') this.#changeDialect(now);
    else if (answer.kind === 'refused') this.#refused(answer, now);
    else {
      this.#watchEpoch(answer.epoch, now);
      if (answer.kind === 'address') this.#learnAddress(answer.externalIp);
      else this.#mapped(answer, now);
    }
  }

  #changeDialect(now: Millis): void {
    if (this.#dialect === 'nat-pmp') {
      for (const mapping of this.#mappings)
        this.#fail(mapping, 'the gateway knows neither PCP nor NAT-PMP', now);
      return;
    }
    this.#dialect = 'nat-pmp';
    for (const mapping of this.#mappings) {
      mapping.tries = 0;
      mapping.dueAt = now;
    }
  }

  /** A refusal does not say of what: it ends what is being asked for now. */
  #refused({ dialect, code }: Extract<MapAnswer, { kind: 'refused' }>, now: Millis): void {
    if (dialect !== this.#dialect) return;
    const asked = this.#mappings.find((mapping) => mapping.tries > 0 && !mapping.isMapped);
    if (asked !== undefined)
      this.#fail(asked, `the gateway refuses (${dialect} result ${String(code)})`, now);
  }

  #mapped(answer: Extract<MapAnswer, { kind: 'mapped' }>, now: Millis): void {
    const mapping = this.#mappings.find(
      ({ wanted, nonce }) =>
        wanted.protocol === answer.protocol &&
        wanted.port === answer.internalPort &&
        (answer.nonce === undefined || equalBytes(nonce, answer.nonce)),
    );
    if (mapping === undefined || mapping.tries === 0 || answer.dialect !== this.#dialect) return;
    if (answer.externalPort === 0 || answer.lifetimeSeconds === 0) return;
    const isNews = !mapping.isMapped || mapping.externalPort !== answer.externalPort;
    const hasMoved = answer.externalIp !== undefined && answer.externalIp !== this.#externalIp;
    mapping.isMapped = true;
    mapping.tries = 0;
    mapping.externalPort = answer.externalPort;
    const lifetime = Math.min(MAX_LIFETIME_SECONDS, Math.max(MIN_LIFETIME_SECONDS, answer.lifetimeSeconds));
    mapping.dueAt = now + (lifetime * 1000) / 2;
    this.#externalIp = answer.externalIp ?? this.#externalIp;
    if (isNews || hasMoved) this.#tell(mapping);
  }

  #learnAddress(externalIp: string): void {
    if (externalIp === this.#externalIp) return;
    this.#externalIp = externalIp;
    for (const mapping of this.#mappings) if (mapping.isMapped) this.#tell(mapping);
  }

  /** RFC 6887, section 8.5: a gateway whose clock went back has forgotten its mappings. */
  #watchEpoch(epoch: number, now: Millis): void {
    const isReborn = epoch < this.#epoch;
    this.#epoch = epoch;
    if (!isReborn) return;
    for (const mapping of this.#mappings) {
      if (!mapping.isMapped) continue;
      mapping.isMapped = false;
      mapping.dueAt = now;
    }
  }

  #fail(mapping: Mapping, reason: string, now: Millis): void {
    mapping.isMapped = false;
    mapping.tries = 0;
    mapping.dueAt = now + RETRY_FAILED_MS;
    this.#effects.push({ kind: 'failed', wanted: mapping.wanted, reason });
  }

  #tell({ wanted, externalPort }: Mapping): void {
    const externalIp = this.#externalIp;
    this.#effects.push({ kind: 'mapped', by: this.#dialect, wanted, externalPort, externalIp });
  }

  #stop(): void {
    this.#phase = 'stopped';
    for (const mapping of this.#mappings) if (mapping.isMapped) this.#send(mapping, 0);
  }
}

function tryParse(data: Uint8Array): MapAnswer | undefined {
  try {
    return parseMapAnswer(data);
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}
