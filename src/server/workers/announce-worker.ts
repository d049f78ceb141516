// A thread that serves announces: UDP and HTTP on the tracker's sockets, from the table that all threads share. It never
// returns to an event loop: it waits for sockets itself, and for the main thread's word on a counter among them.
import { MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { AnnounceCore } from '../../core/tracker/announce.ts';
import { ConnectionIds } from '../../core/tracker/connection-id.ts';
import { QuickRandom } from '../../core/tracker/store/sample.ts';
import { StripedSwarms } from '../../core/tracker/striped-swarms.ts';
import { udpReplyRoom, UdpService } from '../../core/tracker/udp-service.ts';
import { answerBinding, isStun } from '../../core/rtc/stun.ts';
import { loadLibc, type Libc } from '../../node/libc.ts';
import { pinned, Poll, POLLIN, EXCLUSIVE } from '../../node/linux-sockets.ts';
import { createProxyTrust } from '../forwarded.ts';
import { SWEEP_MS } from '../http-deadlines.ts';
import { HttpAnswers } from '../http-answers.ts';
import { TcpConnections } from './tcp-connections.ts';
import { UdpBatch } from './udp-batch.ts';
import { WorkerControl } from './worker-control.ts';
import { toPolicy, type ToMain, type ToWorker, type WorkerStart } from './worker-messages.ts';

/** Sockets with news that are taken note of at once. */
const EVENTS = 256;
/** Batches of one UDP socket before others have their turn. */
const UDP_BATCHES = 8;
/** Read once: the property is a getter, which costs more than the clock. */
const ORIGIN_MS = performance.timeOrigin;

class AnnounceWorker {
  readonly #start: WorkerStart;
  readonly #libc: Libc;
  readonly #poll: Poll;
  readonly #control: WorkerControl;
  readonly #core: AnnounceCore;
  readonly #udp: UdpService;
  readonly #batches = new Map<number, UdpBatch>();
  readonly #listeners = new Map<number, TcpConnections>();
  readonly #wake: Uint8Array = pinned(8);
  #stopping = false;

  constructor(start: WorkerStart, libc: Libc) {
    const { settings, thread } = start;
    this.#start = start;
    this.#libc = libc;
    this.#control = new WorkerControl(start.control);
    this.#poll = new Poll(libc, EVENTS);
    this.#control.own(start.worker, this.#poll.fd, true);
    const random = new QuickRandom(start.seed);
    const store = new StripedSwarms(start.memory, { ...start.store, seed: start.seed }, thread);
    this.#core = new AnnounceCore(store, {
      policy: toPolicy(start.rules),
      rateLimit: { ...start.rateLimit, memory: start.rates },
      random: () => random.below(2 ** 31) / 2 ** 31,
    });
    this.#udp = new UdpService({
      core: this.#core,
      ids: new ConnectionIds(start.secret),
      maxPeers: settings.maxNumWant,
    });
    const before = this.#control.countersOf(start.worker);
    for (const name of typedKeys(this.#core.counters)) this.#core.counters[name] = before[name];
    for (const name of typedKeys(this.#udp.counters)) this.#udp.counters[name] = before[name];
  }

  run(): void {
    this.#open();
    let sweepAt = now() + SWEEP_MS;
    while (!this.#stopping) {
      const count = this.#poll.wait(SWEEP_MS);
      for (let i = 0; i < count; i++) this.#serve(this.#poll.fdAt(i));
      const time = now();
      if (time >= sweepAt) {
        for (const listener of this.#listeners.values()) listener.sweep(time);
        sweepAt = time + SWEEP_MS;
      }
      this.#publish();
    }
    for (const listener of this.#listeners.values()) listener.close();
    this.#libc.close(this.#poll.fd);
    this.#control.own(this.#start.worker, this.#poll.fd, false);
  }

  #open(): void {
    const { settings, udp, tcp, wake, worker } = this.#start;
    for (const socket of udp) {
      this.#batches.set(socket.fd, new UdpBatch(this.#libc, socket, udpReplyRoom(settings.maxNumWant)));
      this.#poll.add(socket.fd, POLLIN | EXCLUSIVE);
    }
    const answers = new HttpAnswers({
      core: this.#core,
      now,
      proxies: createProxyTrust(settings.trustedProxies),
      maxPeers: settings.maxNumWant,
      maxScrape: settings.maxScrape,
    });
    for (const socket of tcp) {
      const listener = new TcpConnections(socket, {
        libc: this.#libc,
        poll: this.#poll,
        answers,
        now,
        maxConnections: this.#start.maxConnections,
        handOver: (fd, read) => {
          tell({ kind: 'connection', fd, read });
        },
        own: (fd, owned) => {
          this.#control.own(worker, fd, owned);
        },
      });
      this.#listeners.set(socket.fd, listener);
    }
    this.#poll.add(wake, POLLIN);
    tell({ kind: 'ready' });
  }

  #serve(fd: number): void {
    const batch = this.#batches.get(fd);
    if (batch !== undefined) {
      this.#serveUdp(batch);
      return;
    }
    const listener = this.#listeners.get(fd);
    if (listener !== undefined) listener.accept();
    else if (fd === this.#start.wake) this.#hear();
    else for (const each of this.#listeners.values()) each.ready(fd);
  }

  #serveUdp(batch: UdpBatch): void {
    const { stun } = this.#start.settings;
    for (let round = 0; round < UDP_BATCHES; round++) {
      const count = batch.receive();
      const time = now();
      for (let i = 0; i < count; i++) {
        const slot = batch.slots[i];
        if (slot === undefined || slot.port === 0) continue;
        slot.replyLength = this.#udp.handle(slot, time, slot.reply);
        if (slot.replyLength > 0 || !stun) continue;
        const packet = slot.bytes.subarray(0, slot.length);
        const answer = isStun(packet) ? answerBinding(packet, slot.ip, slot.port) : undefined;
        if (answer === undefined) continue;
        slot.reply.set(answer);
        slot.replyLength = answer.length;
      }
      if (count > 0) batch.send(count);
      if (count < batch.slots.length) return;
    }
  }

  /** Messages of the main thread. */
  #hear(): void {
    this.#libc.read(this.#start.wake, this.#libc.address(this.#wake), 8);
    for (;;) {
      const received = receiveMessageOnPort(this.#start.port);
      if (received === undefined) return;
      const message = received.message as ToWorker;
      if (message.kind === 'stop') this.#stopping = true;
      else this.#core.policy = toPolicy(message.rules);
    }
  }

  #publish(): void {
    let connections = 0;
    for (const listener of this.#listeners.values()) connections += listener.count;
    this.#control.publish(this.#start.worker, { ...this.#core.counters, ...this.#udp.counters, connections });
  }
}

function tell(message: ToMain): void {
  parentPort?.postMessage(message);
}

/** The clock of all threads of the process. */
function now(): number {
  return ORIGIN_MS + performance.now();
}

function typedKeys<T extends object>(object: T): (keyof T)[] {
  return Object.keys(object) as (keyof T)[];
}

function isStart(data: unknown): data is WorkerStart {
  return typeof data === 'object' && data !== null && 'port' in data && data.port instanceof MessagePort;
}

if (isStart(workerData)) new AnnounceWorker(workerData, await loadLibc()).run();
