// uTP over a datagram socket that others (DHT, trackers) may share: runs the multiplexer's machine, one stream a
// connection. The transport lives as long as its socket: close it first.
import type { PeerAddress } from '../core/address.ts';
import { SystemError } from '../core/errors.ts';
import { UtpMultiplexer } from '../core/utp/multiplexer.ts';
import type { UtpEvent, UtpKey } from '../core/utp/multiplexer.ts';
import type { Clock } from '../ports/clock.ts';
import type { DatagramSocket } from '../ports/datagram.ts';
import type { Random } from '../ports/random.ts';
import type { Listener, Stream, Transport } from '../ports/transport.ts';
import { Deadline } from './deadline.ts';
import { UtpStream } from './utp-stream.ts';

export interface UtpTransport extends Transport {
  /** Ends all streams; nothing goes out to the socket afterwards. */
  close(): void;
}

/** `listen` takes connections on the socket's own port: its options say nothing new. */
export function createUtpTransport(
  socket: DatagramSocket,
  deps: { readonly clock: Clock; readonly random: Random },
): UtpTransport {
  return new UtpDriver(socket, deps);
}

interface Dial {
  readonly resolve: (stream: Stream) => void;
  readonly reject: (error: SystemError) => void;
  /** Stops waiting for time and signal. */
  readonly settle: () => void;
}

class UtpDriver implements UtpTransport {
  readonly kind = 'utp';
  readonly #socket: DatagramSocket;
  readonly #clock: Clock;
  readonly #machine: UtpMultiplexer;
  readonly #deadline: Deadline;
  readonly #unlisten: () => void;
  readonly #streams = new Map<UtpKey, UtpStream>();
  /** Keys of streams that others opened. */
  readonly #accepted = new Set<UtpKey>();
  readonly #dials = new Map<UtpKey, Dial>();
  #onStream: ((stream: Stream) => void) | undefined;
  #isDraining = false;
  #isClosed = false;

  constructor(socket: DatagramSocket, { clock, random }: { readonly clock: Clock; readonly random: Random }) {
    this.#socket = socket;
    this.#clock = clock;
    this.#machine = new UtpMultiplexer(() => random.uint32());
    this.#deadline = new Deadline(clock, () => {
      this.#act(() => {
        this.#machine.tick(clock.now());
      });
    });
    this.#unlisten = socket.onMessage((data, from) => {
      this.#act(() => {
        this.#machine.receive(data, from, clock.now());
      });
    });
  }

  listen(_options: unknown, onStream: (stream: Stream) => void): Promise<Listener> {
    this.#onStream = onStream;
    return Promise.resolve({
      port: this.#socket.port,
      close: () => {
        this.#onStream = undefined;
        for (const key of this.#accepted) this.#streams.get(key)?.close();
        return Promise.resolve();
      },
    });
  }

  dial(
    address: PeerAddress,
    { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal },
  ): Promise<Stream> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed || signal.aborted) {
        reject(new SystemError('DIAL_ABORTED', 'the dial was given up'));
        return;
      }
      const give = (error: SystemError) => (): void => {
        this.#failDial(key, error);
        this.#act(() => {
          this.#machine.close(key, this.#clock.now());
        });
      };
      const onAbort = give(new SystemError('DIAL_ABORTED', 'the dial was given up'));
      const cancelTimer = this.#clock.schedule(
        timeoutMs,
        give(new SystemError('DIAL_TIMEOUT', `no answer in ${String(timeoutMs)} ms`)),
      );
      const key = this.#machine.connect(address, this.#clock.now());
      this.#streams.set(key, this.#stream(key, address));
      signal.addEventListener('abort', onAbort);
      this.#dials.set(key, {
        resolve,
        reject,
        settle: () => {
          cancelTimer();
          signal.removeEventListener('abort', onAbort);
        },
      });
      this.#drain();
    });
  }

  close(): void {
    if (this.#isClosed) return;
    for (const stream of [...this.#streams.values()]) stream.close();
    this.#isClosed = true;
    this.#unlisten();
    this.#deadline.clear();
  }

  #act(act: () => void): void {
    if (this.#isClosed) return;
    act();
    this.#drain();
  }

  /** Receivers act on the machine while its events are handed out; what follows from that joins the queue. */
  #drain(): void {
    if (this.#isDraining) return;
    this.#isDraining = true;
    for (let event = this.#machine.poll(); event !== undefined; event = this.#machine.poll())
      this.#take(event);
    this.#isDraining = false;
    this.#deadline.set(this.#machine.nextTimeout());
  }

  #take(event: UtpEvent): void {
    switch (event.kind) {
      case 'send':
        this.#socket.send(event.bytes, event.to);
        break;
      case 'data':
        this.#streams.get(event.key)?.received(event.bytes);
        break;
      case 'taken':
        this.#streams.get(event.key)?.taken(event.bytes);
        break;
      case 'accepted':
        this.#accept(event.key, event.remote);
        break;
      case 'connected':
        this.#opened(event.key);
        break;
      case 'closed':
        this.#ended(event.key, event.error);
        break;
    }
  }

  #accept(key: UtpKey, remote: PeerAddress): void {
    const stream = this.#stream(key, remote);
    this.#streams.set(key, stream);
    this.#accepted.add(key);
    if (this.#onStream === undefined) stream.close();
    else this.#onStream(stream);
  }

  #opened(key: UtpKey): void {
    const dial = this.#dials.get(key);
    const stream = this.#streams.get(key);
    if (dial === undefined || stream === undefined) return;
    this.#dials.delete(key);
    dial.settle();
    dial.resolve(stream);
  }

  #ended(key: UtpKey, cause: Error | undefined): void {
    const stream = this.#streams.get(key);
    this.#streams.delete(key);
    this.#accepted.delete(key);
    if (this.#dials.has(key))
      this.#failDial(key, new SystemError('DIAL_FAILED', 'no uTP connection', { cause }));
    else stream?.ended(cause);
  }

  #failDial(key: UtpKey, error: SystemError): void {
    const dial = this.#dials.get(key);
    if (dial === undefined) return;
    this.#dials.delete(key);
    dial.settle();
    dial.reject(error);
  }

  #stream(key: UtpKey, remote: PeerAddress): UtpStream {
    const on = (act: () => void) => (): void => {
      this.#act(act);
    };
    return new UtpStream(remote, {
      write: (chunks) => {
        this.#act(() => {
          this.#machine.write(key, chunks, this.#clock.now());
        });
      },
      pause: on(() => {
        this.#machine.pause(key);
      }),
      resume: on(() => {
        this.#machine.resume(key, this.#clock.now());
      }),
      close: on(() => {
        this.#machine.close(key, this.#clock.now());
      }),
    });
  }
}
