// What the threads of a tracker tell each other without messages, in shared memory: each one's counters, and which
// thread opened which socket, so that the sockets of a thread that died can be closed.
import type { TrackerCounters } from '../../core/tracker/announce.ts';
import type { UdpCounters } from '../../core/tracker/udp-service.ts';

/** Threads at most. */
const MAX_WORKERS = 64;
/** Sockets have numbers below this: the most that Linux gives a process unless told otherwise. */
const MAX_SOCKETS = 1 << 20;

export type WorkerCounters = TrackerCounters & UdpCounters & { connections: number };

const COUNTERS = [
  'announces',
  'scrapes',
  'refused',
  'rateLimited',
  'started',
  'completed',
  'stopped',
  'notStored',
  'connects',
  'malformed',
  'badIds',
  'connections',
] as const satisfies readonly (keyof WorkerCounters)[];
const SLOTS = 16;
const NONE: Readonly<WorkerCounters> = {
  announces: 0,
  scrapes: 0,
  refused: 0,
  rateLimited: 0,
  started: 0,
  completed: 0,
  stopped: 0,
  notStored: 0,
  connects: 0,
  malformed: 0,
  badIds: 0,
  connections: 0,
};

export class WorkerControl {
  readonly memory: SharedArrayBuffer;
  readonly #counters: Float64Array;
  readonly #owners: Uint8Array;

  constructor(memory?: SharedArrayBuffer) {
    const counterBytes = 8 * SLOTS * MAX_WORKERS;
    this.memory = memory ?? new SharedArrayBuffer(counterBytes + MAX_SOCKETS);
    this.#counters = new Float64Array(this.memory, 0, SLOTS * MAX_WORKERS);
    this.#owners = new Uint8Array(this.memory, counterBytes);
  }

  /** Called by the worker with its own number, from 0. */
  publish(worker: number, counters: WorkerCounters): void {
    for (let i = 0; i < COUNTERS.length; i++) {
      const name = COUNTERS[i];
      if (name !== undefined) this.#counters[worker * SLOTS + i] = counters[name];
    }
  }

  /** What the workers have counted; what one counted that died stays in. */
  totals(): WorkerCounters {
    return this.#sum(0, MAX_WORKERS);
  }

  /** What one has counted: where its successor goes on. */
  countersOf(worker: number): WorkerCounters {
    return this.#sum(worker, worker + 1);
  }

  own(worker: number, fd: number, owned: boolean): void {
    if (fd < MAX_SOCKETS) this.#owners[fd] = owned ? worker + 1 : 0;
  }

  /** The sockets that a worker has open. */
  socketsOf(worker: number): number[] {
    const found: number[] = [];
    for (let fd = this.#owners.indexOf(worker + 1); fd >= 0; fd = this.#owners.indexOf(worker + 1, fd + 1)) {
      found.push(fd);
    }
    return found;
  }

  #sum(from: number, to: number): WorkerCounters {
    const totals = { ...NONE };
    for (const [i, name] of COUNTERS.entries()) {
      for (let worker = from; worker < to; worker++) totals[name] += this.#counters[worker * SLOTS + i] ?? 0;
    }
    return totals;
  }
}
