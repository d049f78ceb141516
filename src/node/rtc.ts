// WebRTC over node-datachannel, an optional dependency: loadRtcPort gives undefined where it is not installed.
import type * as Library from 'node-datachannel';
import type { DataChannel, PeerConnection } from 'node-datachannel';
import { ProtocolError, SystemError } from '../core/errors.ts';
import type { RtcHalf, RtcOffer, RtcPort } from '../ports/rtc.ts';
import type { Stream } from '../ports/transport.ts';
import { isOver, RtcStream } from './rtc-stream.ts';

export interface RtcOptions {
  /** `stun:host:port` servers. None by default: hosts that can be reached directly need none. */
  readonly iceServers?: readonly string[] | undefined;
}

/** Candidates of the local interfaces come at once; a silent STUN server must not hold an offer up. */
const GATHER_TIMEOUT_MS = 2_000;
const OPEN_TIMEOUT_MS = 60_000;

/** Rejects with SystemError RTC_UNAVAILABLE when the optional package is missing or does not load on this system. */
export async function loadRtcPort(options: RtcOptions = {}): Promise<RtcPort> {
  try {
    return new NodeRtcPort(await import('node-datachannel'), options);
  } catch (cause) {
    const text =
      'WebRTC needs the optional package node-datachannel, which is not installed or does not load here';
    throw new SystemError('RTC_UNAVAILABLE', text, { cause });
  }
}

class NodeRtcPort implements RtcPort {
  readonly #library: typeof Library;
  readonly #iceServers: string[];
  /** Connections and their channels: a channel that is not closed keeps the process alive, whatever its connection is. */
  readonly #open = new Map<PeerConnection, DataChannel | undefined>();
  #count = 0;

  constructor(library: typeof Library, options: RtcOptions) {
    this.#library = library;
    this.#iceServers = [...(options.iceServers ?? [])];
  }

  async offer(): Promise<RtcOffer> {
    const connection = this.#create();
    const channel = connection.createDataChannel('swarmpress');
    this.#open.set(connection, channel);
    const stream = this.#whenOpen(connection, (open) => {
      open(channel);
    });
    const sdp = await this.#described(connection);
    return {
      sdp,
      stream,
      accept: (answerSdp) => {
        try {
          connection.setRemoteDescription(answerSdp, 'answer');
        } catch {
          this.#giveUp(connection);
        }
      },
      close: () => {
        this.#giveUp(connection);
      },
    };
  }

  async answer(offerSdp: string): Promise<RtcHalf> {
    const connection = this.#create();
    const stream = this.#whenOpen(connection, (open) => {
      connection.onDataChannel(open);
    });
    try {
      connection.setRemoteDescription(offerSdp, 'offer');
    } catch (cause) {
      this.#giveUp(connection);
      throw new ProtocolError('RTC_BAD_DESCRIPTION', 'the offer makes no sense', { cause });
    }
    const sdp = await this.#described(connection);
    return {
      sdp,
      stream,
      close: () => {
        this.#giveUp(connection);
      },
    };
  }

  close(): void {
    for (const connection of [...this.#open.keys()]) this.#giveUp(connection);
  }

  #giveUp(connection: PeerConnection): void {
    if (!this.#open.has(connection)) return;
    const channel = this.#open.get(connection);
    this.#open.delete(connection);
    // The native side must not be torn down inside one of its own callbacks.
    setImmediate(() => {
      // Without a listener for its end, the library lets a closed channel keep the process alive.
      channel?.onClosed(() => undefined);
      channel?.close();
      connection.close();
    });
  }

  #create(): PeerConnection {
    const name = `swarmpress-${String(this.#count++)}`;
    const connection = new this.#library.PeerConnection(name, { iceServers: this.#iceServers });
    this.#open.set(connection, undefined);
    return connection;
  }

  /** Resolves with the local description once candidates are gathered, or with what there is after a while. */
  #described(connection: PeerConnection): Promise<string> {
    return new Promise((resolve, reject) => {
      const finish = (): void => {
        clearTimeout(timer);
        const description = this.#open.has(connection) ? connection.localDescription() : null;
        if (description === null)
          reject(new SystemError('RTC_NO_DESCRIPTION', 'no local description was made'));
        else resolve(description.sdp);
      };
      const timer = setTimeout(finish, GATHER_TIMEOUT_MS);
      connection.onGatheringStateChange((state) => {
        if (state === 'complete') finish();
      });
      if (connection.gatheringState() === 'complete') finish();
    });
  }

  /** Settles once: with the stream of the channel that `listen` reports, or when the connection is over. */
  #whenOpen(
    connection: PeerConnection,
    listen: (open: (channel: DataChannel) => void) => void,
  ): Promise<Stream> {
    const promise = new Promise<Stream>((resolve, reject) => {
      const fail = (text: string): void => {
        clearTimeout(timer);
        this.#giveUp(connection);
        reject(new SystemError('RTC_FAILED', text));
      };
      const timer = setTimeout(() => {
        fail('the channel did not open in time');
      }, OPEN_TIMEOUT_MS);
      timer.unref();
      connection.onStateChange((state) => {
        if (isOver(state)) fail(`the connection is ${state}`);
      });
      const succeed = (channel: DataChannel): void => {
        clearTimeout(timer);
        resolve(new RtcStream(connection, channel, () => this.#open.delete(connection)));
      };
      listen((channel) => {
        if (!this.#open.has(connection)) {
          channel.close();
          return;
        }
        this.#open.set(connection, channel);
        if (channel.isOpen()) succeed(channel);
        else {
          channel.onOpen(() => {
            succeed(channel);
          });
        }
      });
    });
    // A half that is given up before anybody waits for its stream is no unhandled rejection.
    promise.catch(() => undefined);
    return promise;
  }
}
