// The main thread's side of the announce workers: opens the sockets that they share, starts them, hands them new rules,
// takes over connections that are not theirs, and puts a new one in the place of one that dies.
import { MessageChannel, Worker, type MessagePort } from 'node:worker_threads';
import type { Socket } from 'node:net';
import { SystemError } from '../../core/errors.ts';
import type { Policy } from '../../core/tracker/policy.ts';
import { RATE_BYTES } from '../../core/tracker/rate-limit.ts';
import type { StripedSwarms } from '../../core/tracker/striped-swarms.ts';
import { useLargePages } from '../../node/large-pages.ts';
import type { Libc } from '../../node/libc.ts';
import { CLOEXEC, NONBLOCK, openSocket, pinned, portOf, type OpenSocket } from '../../node/linux-sockets.ts';
import { errnoOf } from '../../node/os-error.ts';
import { workerScript } from '../../node/package-files.ts';
import { socketOf } from '../../node/socket-of.ts';
import type { Log } from '../../ports/log.ts';
import type { TrackerSettings } from '../options.ts';
import { WorkerControl, type WorkerCounters } from './worker-control.ts';
import { toRules, type ToMain, type ToWorker, type WorkerStart } from './worker-messages.ts';

/** The main thread's number for locks; workers have those above. */
export const MAIN_THREAD = 1;
/** A worker that dies sooner than this is followed up later, not at once: it may die again. */
const STEADY_MS = 1000;
/** Ports tried where TCP got a free one that UDP does not. */
const PORT_ATTEMPTS = 8;

export interface AnnounceWorkersDeps {
  readonly libc: Libc;
  readonly log: Log;
  readonly settings: TrackerSettings;
  readonly store: StripedSwarms;
  /** What each worker makes its own view of the table and the limits from. */
  readonly shared: Pick<WorkerStart, 'store' | 'rateLimit' | 'secret'>;
  readonly policy: Policy;
  readonly onSocket: (socket: Socket) => void;
}

export interface AnnounceWorkers {
  readonly port: number;
  counters(): WorkerCounters;
  /** Takes over new rules. */
  setPolicy(policy: Policy): void;
  /** Stops one of them in the middle of whatever it does, as a fault would. For tests. */
  kill(worker: number): Promise<void>;
  close(): Promise<void>;
}

/** Resolves when all of them serve. Rejects with SystemError LISTEN_*. */
export async function startAnnounceWorkers(deps: AnnounceWorkersDeps): Promise<AnnounceWorkers> {
  const sockets = await openSockets(deps.libc, deps.settings);
  useLargePages(deps.libc, deps.store.memory);
  const workers = new Workers(deps, sockets);
  await workers.start();
  return workers;
}

interface Running {
  readonly thread: Worker;
  readonly port: MessagePort;
  readonly wake: number;
  readonly ended: Promise<void>;
}

interface OpenSockets {
  readonly udp: readonly OpenSocket[];
  readonly tcp: readonly OpenSocket[];
  readonly port: number;
}

class Workers implements AnnounceWorkers {
  readonly port: number;
  readonly #deps: AnnounceWorkersDeps;
  readonly #sockets: OpenSockets;
  readonly #control = new WorkerControl();
  readonly #rates = new SharedArrayBuffer(RATE_BYTES);
  readonly #running: (Running | undefined)[] = [];
  readonly #one: Uint8Array = pinned(8);
  #policy: Policy;
  #nextThread = MAIN_THREAD + 1;
  #takenOver = 0;
  #closing = false;

  constructor(deps: AnnounceWorkersDeps, sockets: OpenSockets) {
    this.#deps = deps;
    this.#sockets = sockets;
    this.#policy = deps.policy;
    this.port = sockets.port;
    this.#one[0] = 1;
  }

  async start(): Promise<void> {
    const { workers } = this.#deps.settings;
    await Promise.all(Array.from({ length: workers }, (_, worker) => this.#startOne(worker)));
  }

  counters(): WorkerCounters {
    return this.#control.totals();
  }

  setPolicy(policy: Policy): void {
    this.#policy = policy;
    const rules = toRules(policy);
    if (rules === undefined) return;
    for (const running of this.#running)
      if (running !== undefined) this.#tell(running, { kind: 'rules', rules });
  }

  async kill(worker: number): Promise<void> {
    await this.#running[worker]?.thread.terminate();
  }

  async close(): Promise<void> {
    this.#closing = true;
    const { libc } = this.#deps;
    const running = this.#running.filter((each) => each !== undefined);
    for (const each of running) this.#tell(each, { kind: 'stop' });
    await Promise.all(running.map(({ ended }) => ended));
    for (const { fd } of [...this.#sockets.udp, ...this.#sockets.tcp]) libc.close(fd);
  }

  #tell({ port, wake }: Running, message: ToWorker): void {
    port.postMessage(message);
    this.#deps.libc.write(wake, this.#deps.libc.address(this.#one), 8);
  }

  #startOne(worker: number): Promise<void> {
    const { libc, settings, shared, store } = this.#deps;
    const { port1: ours, port2: theirs } = new MessageChannel();
    const wake = libc.eventCounter(0, NONBLOCK | CLOEXEC);
    const thread = this.#nextThread++;
    const rules = toRules(this.#policy);
    if (rules === undefined) throw new TypeError('rules that cannot be told to a worker');
    const start: WorkerStart = {
      ...shared,
      ...this.#sockets,
      worker,
      thread,
      memory: store.memory,
      control: this.#control.memory,
      rates: this.#rates,
      settings,
      seed: Math.imul(shared.store.seed ^ thread, 0x9e3779b1),
      wake,
      port: theirs,
      rules,
      maxConnections: Math.ceil(settings.maxConnections / settings.workers),
    };
    const child = new Worker(workerScript('announce'), { workerData: start, transferList: [theirs] });
    const startedAt = performance.now();
    const ready = new Promise<void>((resolve) => {
      child.on('message', (message: ToMain) => {
        if (message.kind === 'ready') resolve();
        else this.#takeOver(message.fd, message.read);
      });
    });
    child.on('error', (error) => {
      this.#deps.log.error('an announce worker failed', { worker, reason: error.message });
    });
    const ended = new Promise<void>((resolve) => {
      child.once('exit', () => {
        ours.close();
        libc.close(wake);
        this.#running[worker] = undefined;
        this.#cleanUp(worker, thread);
        if (!this.#closing) this.#replace(worker, startedAt);
        resolve();
      });
    });
    this.#running[worker] = { thread: child, port: ours, wake, ended };
    return Promise.race([ready, ended]);
  }

  /** What a dead worker held: its lock, and its sockets. */
  #cleanUp(worker: number, thread: number): void {
    const { libc, log, store } = this.#deps;
    const emptied = store.recover(thread);
    for (const fd of this.#control.socketsOf(worker)) {
      this.#control.own(worker, fd, false);
      libc.close(fd);
    }
    if (emptied > 0) log.error('a worker died at work: a part of the swarms is lost', { worker, emptied });
  }

  #replace(worker: number, startedAt: number): void {
    const delayMs = performance.now() - startedAt < STEADY_MS ? STEADY_MS : 0;
    this.#deps.log.warn('an announce worker has ended and is replaced', { worker, delayMs });
    const timer = setTimeout(() => {
      if (!this.#closing) void this.#startOne(worker);
    }, delayMs);
    timer.unref();
  }

  #takeOver(fd: number, read: Uint8Array): void {
    const socket = socketOf(fd);
    // Workers count what they keep; what they pass on is counted here.
    if (this.#takenOver >= this.#deps.settings.maxConnections) {
      socket.destroy();
      return;
    }
    this.#takenOver++;
    socket.once('close', () => this.#takenOver--);
    socket.unshift(read);
    this.#deps.onSocket(socket);
  }
}

/** All sockets of a tracker on one port number. */
async function openSockets(libc: Libc, settings: TrackerSettings): Promise<OpenSockets> {
  const { host, port, udp, http, ws } = settings;
  for (let attempt = 1; ; attempt++) {
    const opened: OpenSocket[] = [];
    try {
      const tcp = http || ws ? await openTcp(libc, host, port) : [];
      opened.push(...tcp);
      const tcpPort = tcp[0] === undefined ? port : portOf(libc, tcp[0].fd);
      const datagrams = udp ? await openUdp(libc, host, tcpPort) : [];
      return { tcp, udp: datagrams, port: tcpPort !== 0 ? tcpPort : portOf(libc, datagrams[0]?.fd ?? -1) };
    } catch (error) {
      for (const { fd } of opened) libc.close(fd);
      const taken = error instanceof SystemError && error.code === 'LISTEN_ADDRESS_IN_USE';
      if (!taken || port !== 0 || attempt === PORT_ATTEMPTS) throw error;
    }
  }
}

/** One socket for both families where the system has both. */
async function openTcp(libc: Libc, host: string | undefined, port: number): Promise<OpenSocket[]> {
  if (host !== undefined) return [await openSocket(libc, { kind: 'tcp', host, port })];
  try {
    return [await openSocket(libc, { kind: 'tcp', host: '::', port })];
  } catch (error) {
    if (!lacksFamily(error)) throw error;
    return [await openSocket(libc, { kind: 'tcp', host: '0.0.0.0', port })];
  }
}

/** One socket for each family. */
async function openUdp(libc: Libc, host: string | undefined, port: number): Promise<OpenSocket[]> {
  const first = await openSocket(libc, { kind: 'udp', host: host ?? '0.0.0.0', port });
  if (host !== undefined) return [first];
  try {
    return [first, await openSocket(libc, { kind: 'udp', host: '::', port: portOf(libc, first.fd) })];
  } catch (error) {
    if (lacksFamily(error)) return [first];
    libc.close(first.fd);
    throw error;
  }
}

function lacksFamily(error: unknown): boolean {
  const errno = error instanceof SystemError ? errnoOf(error.cause) : undefined;
  return errno === 'EAFNOSUPPORT' || errno === 'EADDRNOTAVAIL';
}
