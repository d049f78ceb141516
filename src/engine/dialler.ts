// Opens a stream to a peer by whatever way gets through: TCP first, uTP when TCP fails or is slow to answer; plain or
// encrypted as the policy says.
import { formatAddress, type PeerAddress } from '../core/address.ts';
import { ProtocolError, SystemError } from '../core/errors.ts';
import type { InfoHash } from '../core/ids.ts';
import type { Stream, Transport } from '../ports/transport.ts';
import type { Encryption } from './api.ts';
import type { Env } from './env.ts';

export interface DialOptions {
  readonly infoHash: InfoHash;
  readonly signal: AbortSignal;
  /** The peer hung up on the first way: try the other, plain or encrypted. */
  readonly again: boolean;
  /** Over uTP alone: the peer dials us at this moment too (BEP 55). */
  readonly punch?: boolean | undefined;
}

const TIMEOUT_MS = 10_000;
/** When TCP has not answered by then, uTP is tried beside it. */
const HEAD_START_MS = 2_500;

export class Dialler {
  readonly #transports: readonly Transport[];
  readonly #encryption: Encryption;
  readonly #env: Env;

  /** The preferred transport first. */
  constructor(transports: readonly Transport[], encryption: Encryption, env: Env) {
    this.#transports = transports;
    this.#encryption = encryption;
    this.#env = env;
  }

  /** Whether there is uTP, which holepunching needs. */
  get canPunch(): boolean {
    return this.#transports.some((transport) => transport.kind === 'utp');
  }

  /** Whether a peer that hung up on the first way may take the other. */
  get hasOtherWay(): boolean {
    const { network } = this.#env;
    return network !== undefined && (this.#encryption === 'allow' || this.#encryption === 'prefer');
  }

  /** Rejects with SystemError DIAL_* or ProtocolError MSE_*. */
  async dial(address: PeerAddress, options: DialOptions): Promise<Stream> {
    const { infoHash, again, signal } = options;
    const stream = await this.#connect(address, options);
    const { network } = this.#env;
    if (network === undefined || !this.#encrypts(again)) return stream;
    const policy = this.#encryption === 'require' ? 'require' : 'prefer';
    const initial = new Uint8Array(0);
    // Who gives up does not wait for a peer that is slow with its key.
    const giveUp = (): void => {
      stream.close();
    };
    signal.addEventListener('abort', giveUp);
    try {
      const how = { role: 'initiator', policy, infoHash, initial } as const;
      return (await network.openMse(stream, how, this.#env)).stream;
    } finally {
      signal.removeEventListener('abort', giveUp);
    }
  }

  #encrypts(again: boolean): boolean {
    if (this.#encryption === 'require') return true;
    return this.#encryption === 'prefer' ? !again : this.#encryption === 'allow' && again;
  }

  /** The first transport to connect; each next one starts when those before have failed, or after a head start. */
  #connect(address: PeerAddress, { signal, punch }: DialOptions): Promise<Stream> {
    const { clock, log } = this.#env;
    const losers = new AbortController();
    const giveUp = (): void => {
      losers.abort();
    };
    signal.addEventListener('abort', giveUp);
    return new Promise<Stream>((resolve, reject) => {
      const waiting = this.#transports.filter(({ kind }) => punch !== true || kind === 'utp');
      let open = 0;
      let isWon = false;
      let cancelTimer: (() => void) | undefined;
      const startNext = (): void => {
        cancelTimer?.();
        const transport = signal.aborted ? undefined : waiting.shift();
        if (transport === undefined) return;
        open++;
        if (waiting.length > 0) cancelTimer = clock.schedule(HEAD_START_MS, startNext);
        transport.dial(address, { timeoutMs: TIMEOUT_MS, signal: losers.signal }).then(won, lost);
      };
      const won = (stream: Stream): void => {
        if (isWon) {
          stream.close();
          return;
        }
        isWon = true;
        cancelTimer?.();
        resolve(stream);
        losers.abort();
      };
      const lost = (error: unknown): void => {
        open--;
        log.debug('dial failed', { peer: formatAddress(address), reason: String(error) });
        if (isWon) return;
        startNext();
        if (open === 0) reject(error instanceof Error ? error : noWay());
      };
      startNext();
      if (open === 0) reject(noWay());
    }).finally(() => {
      signal.removeEventListener('abort', giveUp);
    });
  }
}

/** Whether a dial came to nothing for reasons outside of us. */
export function isDialFailure(error: unknown): boolean {
  return error instanceof SystemError || error instanceof ProtocolError;
}

function noWay(): SystemError {
  return new SystemError('DIAL_NO_WAY', 'there is no transport to dial with');
}
