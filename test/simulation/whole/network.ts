// The network between simulated machines: TCP-like streams and datagrams over links that are late, lossy, narrow, cut
// for a while, or cut for good in the middle of a byte run. It keeps the letter of ports/transport.ts, no more: views
// are read when the kernel would take them, and what is delivered is spoiled once the receiver has returned.
import type { PeerAddress } from '../../../src/core/address.ts';
import { SystemError } from '../../../src/core/errors.ts';
import type { Rng } from '../../../src/core/swarm/rng.ts';
import type { DatagramPort, DatagramSocket } from '../../../src/ports/datagram.ts';
import type { Stream, StreamReceiver, Transport } from '../../../src/ports/transport.ts';
import type { EventQueue } from '../event-queue.ts';

export interface Weather {
  readonly latencyMs: number;
  readonly jitterMs: number;
  /** Share of packets that are lost; those of streams come again later. */
  readonly loss: number;
  readonly duplicates: number;
  readonly bytesPerMs: number;
  /** Largest run of bytes that arrives at once; runs have any length up to this. */
  readonly packetBytes: number;
  readonly windowBytes: number;
  /** Share of streams that break after some number of bytes. */
  readonly breaks: number;
}

/** From one time to another no packet passes to or from the host. */
export interface Partition {
  readonly ip: string;
  readonly from: number;
  readonly to: number;
}

/** One boot of one machine, as the network sees it. */
export class NetworkHost {
  readonly ip: string;
  readonly listeners: Map<number, (stream: Stream) => void> = new Map();
  readonly sockets: Map<number, SimSocket> = new Map();
  readonly streams: Set<SimStream> = new Set();
  /** False once its process is dead or its cable gone: nothing is told to it any more. */
  alive = true;
  /** Villains may pile up what they like. */
  isHonest = true;
  nextPort = 40_000;

  constructor(ip: string) {
    this.ip = ip;
  }
}

const LONGEST_BREAK_BYTES = 400_000;

export class SimNetwork {
  readonly queue: EventQueue;
  readonly rng: Rng;
  readonly weather: Weather;
  readonly partitions: Partition[] = [];
  readonly #hosts = new Map<string, NetworkHost>();
  /** Most bytes that any stream of an honest host was given before the network took them. */
  mostBacklog = 0;

  constructor(queue: EventQueue, rng: Rng, weather: Weather) {
    this.queue = queue;
    this.rng = rng;
    this.weather = weather;
  }

  chance(share: number): boolean {
    return this.rng.uint32() / 0x1_0000_0000 < share;
  }

  plug(ip: string): NetworkHost {
    const host = new NetworkHost(ip);
    this.#hosts.set(ip, host);
    return host;
  }

  /** The process is dead: its kernel resets all its connections. */
  kill(host: NetworkHost): void {
    host.alive = false;
    for (const stream of [...host.streams]) stream.breakOff();
  }

  /** The machine is gone without a word. */
  unplug(host: NetworkHost): void {
    host.alive = false;
  }

  hostAt(ip: string): NetworkHost | undefined {
    return this.#hosts.get(ip);
  }

  delay(bytes: number): number {
    const { latencyMs, jitterMs, bytesPerMs } = this.weather;
    return latencyMs + this.rng.below(jitterMs + 1) + bytes / bytesPerMs;
  }

  /** The end of a partition between two hosts; 0 where there is none. */
  blockedUntil(a: string, b: string): number {
    const { now } = this.queue;
    let end = 0;
    for (const { ip, from, to } of this.partitions) {
      if ((ip === a || ip === b) && from <= now && now < to) end = Math.max(end, to);
    }
    return end;
  }

  transport(host: NetworkHost): Transport {
    return {
      kind: 'tcp',
      listen: ({ port }, onStream) => {
        const at = port === 0 ? 6881 : port;
        if (host.listeners.has(at)) return Promise.reject(new SystemError('LISTEN_ADDRESS_IN_USE', 'taken'));
        host.listeners.set(at, onStream);
        const close = (): Promise<void> => {
          host.listeners.delete(at);
          return Promise.resolve();
        };
        return Promise.resolve({ port: at, close });
      },
      dial: (address, options) => this.#dial(host, address, options),
    };
  }

  datagrams(host: NetworkHost): DatagramPort {
    return {
      bind: ({ port }) => {
        const at = port === 0 ? 6881 : port;
        if (host.sockets.has(at)) return Promise.reject(new SystemError('LISTEN_ADDRESS_IN_USE', 'taken'));
        const socket = new SimSocket(this, host, at);
        host.sockets.set(at, socket);
        return Promise.resolve(socket);
      },
      resolve: (name) => Promise.resolve([name]),
    };
  }

  #dial(
    host: NetworkHost,
    to: PeerAddress,
    { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal },
  ): Promise<Stream> {
    return new Promise((resolve, reject) => {
      let isSettled = false;
      const fail = (code: string, at: number): void => {
        this.queue.at(at, () => {
          if (isSettled || !host.alive) return;
          isSettled = true;
          reject(new SystemError(code, 'no connection'));
        });
      };
      signal.addEventListener('abort', () => {
        fail('DIAL_ABORTED', this.queue.now);
      });
      fail('DIAL_TIMEOUT', this.queue.now + timeoutMs);
      this.queue.after(2 * this.delay(60), () => {
        const there = this.#hosts.get(to.ip);
        if (isSettled || !host.alive || there?.alive !== true) return;
        if (this.blockedUntil(host.ip, to.ip) > 0 || this.chance(this.weather.loss / 4)) return;
        const onStream = there.listeners.get(to.port);
        if (onStream === undefined) {
          fail('DIAL_REFUSED', this.queue.now);
          return;
        }
        isSettled = true;
        const near = new SimStream(this, host, to);
        const far = new SimStream(this, there, { ip: host.ip, port: host.nextPort++ });
        near.join(far);
        onStream(far);
        resolve(near);
      });
    });
  }

  /** After how many bytes a new stream breaks. Small numbers are as likely as large ones: handshakes break too. */
  breakAfter(): number {
    if (!this.chance(this.weather.breaks)) return Number.POSITIVE_INFINITY;
    return Math.floor(LONGEST_BREAK_BYTES ** (this.rng.uint32() / 0x1_0000_0000));
  }
}

export class SimStream implements Stream {
  readonly kind = 'tcp';
  readonly remote: PeerAddress;
  readonly #net: SimNetwork;
  readonly #host: NetworkHost;
  readonly #breaksAfter: number;
  #far: SimStream | undefined;
  #receiver: StreamReceiver | undefined;
  #outside: Uint8Array[] = [];
  #backlog = 0;
  #sent = 0;
  #taken = 0;
  #inNetwork = 0;
  #lastArrival = 0;
  #freeAt = 0;
  readonly #inbox: Uint8Array[] = [];
  #paused = false;
  #closed = false;
  #finished = false;
  #told = false;

  constructor(net: SimNetwork, host: NetworkHost, remote: PeerAddress) {
    this.#net = net;
    this.#host = host;
    this.remote = remote;
    this.#breaksAfter = net.breakAfter();
    host.streams.add(this);
  }

  join(far: SimStream): void {
    this.#far = far;
    far.#far = this;
  }

  start(receiver: StreamReceiver): void {
    this.#receiver = receiver;
    this.#net.queue.after(0, () => {
      this.#deliver();
    });
  }

  write(chunks: readonly Uint8Array[]): void {
    if (this.#closed) return;
    for (const chunk of chunks) {
      if (chunk.length === 0) continue;
      this.#outside.push(chunk);
      this.#backlog += chunk.length;
    }
    if (this.#host.isHonest) this.#net.mostBacklog = Math.max(this.#net.mostBacklog, this.#backlog);
    this.#pump();
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#net.queue.after(0, () => {
      this.#deliver();
    });
  }

  /** In order: what the kernel has taken arrives, then the end. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#outside = [];
    this.#net.queue.after(0, () => {
      this.#tell();
    });
    this.#arriveAt(this.#net.delay(40), () => {
      this.#far?.finish();
    });
  }

  /** Both ends learn of it, without what was under way. */
  breakOff(): void {
    const far = this.#far;
    this.#end();
    this.#net.queue.after(this.#net.delay(40), () => {
      if (far !== undefined) far.#end();
    });
  }

  finish(): void {
    this.#finished = true;
    this.#deliver();
  }

  #end(): void {
    this.#closed = true;
    this.#outside = [];
    this.#inbox.length = 0;
    this.#net.queue.after(0, () => {
      this.#tell(new SystemError('STREAM_RESET', 'connection reset'));
    });
  }

  #pump(): void {
    const { weather, queue, rng } = this.#net;
    while (!this.#closed && this.#inNetwork < weather.windowBytes) {
      const [first] = this.#outside;
      if (first === undefined) break;
      const most = Math.min(first.length, 1 + rng.below(weather.packetBytes));
      const count = Math.min(most, this.#breaksAfter - this.#sent);
      if (count <= 0) {
        this.breakOff();
        return;
      }
      const packet = first.slice(0, count);
      if (count === first.length) this.#outside.shift();
      else this.#outside[0] = first.subarray(count);
      this.#backlog -= count;
      this.#sent += count;
      this.#inNetwork += count;
      this.#send(packet);
      if (this.#taken === 0) {
        queue.after(0, () => {
          const taken = this.#taken;
          this.#taken = 0;
          if (!this.#closed && this.#host.alive) this.#receiver?.onSent(taken);
        });
      }
      this.#taken += count;
    }
  }

  #send(packet: Uint8Array): void {
    const { queue, weather } = this.#net;
    this.#freeAt = Math.max(this.#freeAt, queue.now) + packet.length / weather.bytesPerMs;
    let wait = this.#freeAt - queue.now + this.#net.delay(0);
    while (this.#net.chance(weather.loss)) wait += 200;
    this.#arriveAt(wait, () => {
      if (this.#far !== undefined) this.#far.#take(packet, this);
    });
  }

  #arriveAt(wait: number, arrive: () => void): void {
    const { queue } = this.#net;
    const blocked = this.#net.blockedUntil(this.#host.ip, this.remote.ip);
    const at = Math.max(queue.now + wait, this.#lastArrival, blocked === 0 ? 0 : blocked + 300);
    this.#lastArrival = at;
    const far = this.#far;
    queue.at(at, () => {
      // Who has vanished neither sends nor receives; a dead process has been broken off already.
      if (far !== undefined && far.#host.alive && this.#host.alive) arrive();
    });
  }

  #take(packet: Uint8Array, from: SimStream): void {
    if (this.#closed) {
      from.#inNetwork -= packet.length;
      return;
    }
    this.#inbox.push(packet);
    this.#deliver();
  }

  #deliver(): void {
    while (this.#receiver !== undefined && !this.#paused && !this.#closed && this.#host.alive) {
      const packet = this.#inbox.shift();
      if (packet === undefined) break;
      const { length } = packet;
      this.#receiver.onData(packet);
      packet.fill(0xee);
      const far = this.#far;
      if (far === undefined) continue;
      far.#inNetwork -= length;
      far.#pump();
    }
    if (this.#finished && this.#inbox.length === 0 && !this.#closed && this.#receiver !== undefined) {
      this.#closed = true;
      this.#outside = [];
      this.#tell();
    }
  }

  #tell(error?: Error): void {
    this.#host.streams.delete(this);
    if (this.#told || !this.#host.alive || this.#receiver === undefined) return;
    this.#told = true;
    this.#receiver.onClose(error);
  }
}

class SimSocket implements DatagramSocket {
  readonly port: number;
  readonly #net: SimNetwork;
  readonly #host: NetworkHost;
  readonly #receivers = new Set<Parameters<DatagramSocket['onMessage']>[0]>();

  constructor(net: SimNetwork, host: NetworkHost, port: number) {
    this.#net = net;
    this.#host = host;
    this.port = port;
  }

  send(data: Uint8Array, to: PeerAddress): void {
    const net = this.#net;
    const times = net.chance(net.weather.loss) ? 0 : net.chance(net.weather.duplicates) ? 2 : 1;
    for (let i = 0; i < times; i++) {
      const copy = data.slice();
      net.queue.after(net.delay(copy.length), () => {
        const there = net.hostAt(to.ip);
        if (!this.#host.alive || there?.alive !== true || net.blockedUntil(this.#host.ip, to.ip) > 0) return;
        there.sockets.get(to.port)?.receive(copy, { ip: this.#host.ip, port: this.port });
      });
    }
  }

  receive(data: Uint8Array, from: PeerAddress): void {
    for (const receiver of this.#receivers) receiver(data, from);
    data.fill(0xee);
  }

  onMessage(receiver: Parameters<DatagramSocket['onMessage']>[0]): () => void {
    this.#receivers.add(receiver);
    return () => this.#receivers.delete(receiver);
  }

  close(): Promise<void> {
    this.#host.sockets.delete(this.port);
    this.#receivers.clear();
    return Promise.resolve();
  }
}
