// One machine with an honest client on it: the whole session over simulated ports. It can be killed, lose power, and be
// started again with what its disk kept.
import { SystemError } from '../../../src/core/errors.ts';
import { invariant } from '../../../src/core/invariant.ts';
import type { Rng } from '../../../src/core/swarm/rng.ts';
import type { AddOptions, Session, SessionOptions, Torrent } from '../../../src/engine/api.ts';
import type { Env } from '../../../src/engine/env.ts';
import { createNetwork } from '../../../src/engine/network.ts';
import { createSession } from '../../../src/engine/session.ts';
import { nodeDigests } from '../../../src/node/digests.ts';
import type { HttpPort } from '../../../src/ports/http.ts';
import { silentLog } from '../../../src/ports/log.ts';
import { hashInMemory, type WholeContent } from './content.ts';
import { SimDisk } from './disk.ts';
import type { NetworkHost, SimNetwork } from './network.ts';
import type { SimTracker } from './tracker.ts';

const FOLDER = '/downloads';

export interface MachineDeps {
  readonly net: SimNetwork;
  readonly tracker: SimTracker;
  readonly rng: Rng;
  readonly content: WholeContent;
  readonly ways: 'tcp' | 'utp' | 'both';
  readonly onTrouble: (error: unknown) => void;
}

/** One run of the program. */
class Run {
  alive = true;
  readonly timers: Set<Error> = new Set();
  readonly host: NetworkHost;
  session: Session | undefined;
  torrent: Torrent | undefined;
  /** Every byte of the disk was read at the start: what had rotted is known. */
  isRead = false;

  constructor(host: NetworkHost) {
    this.host = host;
  }
}

export class Machine {
  readonly ip: string;
  readonly disk: SimDisk;
  readonly #deps: MachineDeps;
  readonly #state = new Map<string, Uint8Array>();
  #boots = 1;
  /** What the wall clock is off by; it jumps. */
  skewSeconds = 0;
  /** Pieces that have rotted since they were written: had, and wrong, until the disk is read as a whole. */
  readonly rotten: Set<number> = new Set();
  #run: Run | undefined;
  /** The download is whole, or was once. */
  isWhole = false;
  failures = 0;

  constructor(ip: string, deps: MachineDeps) {
    this.ip = ip;
    this.#deps = deps;
    this.disk = new SimDisk({
      queue: deps.net.queue,
      rng: deps.rng,
      truth: (path) => deps.content.files.get(path.slice(FOLDER.length + 1)),
    });
  }

  get torrent(): Torrent | undefined {
    return this.#run?.torrent;
  }

  get isRunning(): boolean {
    return this.#run !== undefined;
  }

  /** Puts the whole content on the disk. */
  fill(): void {
    for (const [path, bytes] of this.#deps.content.files) this.disk.put(`${FOLDER}/${path}`, bytes);
  }

  start(session: SessionOptions, source: Uint8Array | string, options: Omit<AddOptions, 'folder'>): void {
    const run = new Run(this.#deps.net.plug(this.ip));
    this.#run = run;
    this.#begin(run, session, async (opened) => {
      const torrent = await opened.add(source, { folder: FOLDER, ...options });
      run.torrent = torrent;
      torrent.on('checked', () => {
        run.isRead = options.check === 'full';
        this.check();
      });
      torrent.on('piece', ({ piece }) => {
        this.rotten.delete(piece);
        this.#checkPiece(piece);
      });
      torrent.on('done', () => {
        this.isWhole = true;
        this.check();
      });
      torrent.on('error', () => {
        this.failures++;
      });
    });
  }

  /** kill -9, or the plug pulled. */
  crash(kind: 'kill' | 'power'): void {
    const run = this.#run;
    if (run === undefined) return;
    this.#run = undefined;
    this.isWhole = false;
    run.alive = false;
    this.disk.kill(run);
    if (kind === 'kill') this.#deps.net.kill(run.host);
    else {
      this.#deps.net.unplug(run.host);
      this.disk.cutPower();
      this.#boots++;
    }
  }

  /** Ends in order; afterwards nothing may be left. */
  async stop(): Promise<void> {
    const run = this.#run;
    await run?.session?.close();
    this.#run = undefined;
    if (run !== undefined) this.#leftovers.push(run);
  }

  readonly #leftovers: Run[] = [];

  /** Some time after stop(): every timer has ended, every stream and file is closed. */
  checkLeftovers(): void {
    for (const { timers, host } of this.#leftovers) {
      const [timer] = timers;
      if (timer !== undefined) throw new Error(`${String(timers.size)} timers never end`, { cause: timer });
      invariant(host.streams.size === 0, `every stream is closed (${String(host.streams.size)} left)`);
      invariant(host.listeners.size + host.sockets.size === 0, 'every port is closed');
      invariant(this.disk.open === 0, 'every storage is closed');
    }
  }

  /** Every piece that is had is right, byte by byte. */
  check(): void {
    const map = this.torrent?.pieces() ?? new Uint8Array(0);
    for (const [piece, state] of map.entries()) if (state === 2) this.#checkPiece(piece);
  }

  #checkPiece(piece: number): void {
    if (this.rotten.has(piece) && this.#run?.isRead !== true) return;
    const { geometry, metainfo, files } = this.#deps.content;
    for (const range of geometry.ranges(piece)) {
      if (range.pad) continue;
      const path = metainfo.files[range.file]?.path.join('/') ?? '';
      const stored = this.disk.look(`${FOLDER}/${path}`, range.offset, range.length);
      const right = files.get(path)?.subarray(range.offset, range.offset + range.length);
      const same = stored !== undefined && right !== undefined && Buffer.compare(stored, right) === 0;
      invariant(same, `piece ${String(piece)} of ${this.ip} is had and right`);
    }
  }

  /** A bit of a piece that is had changes by itself. */
  rot(): void {
    const had = [...(this.torrent?.pieces() ?? [])].flatMap((state, piece) => (state === 2 ? [piece] : []));
    const piece = this.#deps.rng.pick(had);
    const [range] = piece === undefined ? [] : this.#deps.content.geometry.ranges(piece);
    if (piece === undefined || range === undefined || range.pad) return;
    const path = this.#deps.content.metainfo.files[range.file]?.path.join('/') ?? '';
    this.rotten.add(piece);
    if (this.#run !== undefined) this.#run.isRead = false;
    this.disk.rot(`${FOLDER}/${path}`, range.offset + this.#deps.rng.below(range.length));
  }

  #begin(run: Run, options: SessionOptions, then: (session: Session) => Promise<void>): void {
    createSession(options, this.#env(run))
      .then((session) => {
        run.session = session;
        return then(session);
      })
      .catch(this.#deps.onTrouble);
  }

  #env(run: Run): Env {
    const { net, rng, ways } = this.#deps;
    const { queue } = net;
    return {
      transports: ways === 'utp' ? [] : [net.transport(run.host)],
      datagram: net.datagrams(run.host),
      network: createNetwork(() => false),
      http: this.#http(run),
      storage: {
        open: (folder, files) => Promise.resolve(this.disk.storage(run, folder, files)),
      },
      state: {
        load: (key) => this.#after(run, () => this.#state.get(key)),
        save: (key, value) =>
          this.#after(run, () => this.#state.set(key, value.slice())).then(() => undefined),
        remove: (key) => this.#after(run, () => this.#state.delete(key)).then(() => undefined),
      },
      hasher: {
        parallelism: 2,
        hash: (job) => this.#after(run, () => hashInMemory(job)),
        close: () => Promise.resolve(),
      },
      digests: nodeDigests,
      clock: {
        now: () => queue.now,
        unixSeconds: () => 1_800_000_000 + Math.floor(queue.now / 1000) + this.skewSeconds,
        schedule: (delayMs, callback) => {
          let isOn = true;
          const timer = new Error(`timer of ${String(delayMs)} ms`);
          run.timers.add(timer);
          const end = (): boolean => {
            if (!isOn) return false;
            isOn = false;
            run.timers.delete(timer);
            return run.alive;
          };
          queue.after(Math.max(0, delayMs), () => {
            if (end()) callback();
          });
          return () => void end();
        },
      },
      random: {
        uint32: () => rng.uint32(),
        bytes: (length) => Uint8Array.from({ length }, () => rng.uint32() >>> 24),
      },
      log: silentLog,
      bootId: String(this.#boots),
      resolveFolder: (folder) => folder,
      close: () => Promise.resolve(),
    };
  }

  #after<T>(run: Run, act: () => T): Promise<T> {
    return new Promise((resolve) => {
      this.#deps.net.queue.after(this.#deps.rng.below(4), () => {
        if (run.alive) resolve(act());
      });
    });
  }

  #http(run: Run): HttpPort {
    const { net, tracker } = this.#deps;
    return {
      request: ({ url, signal, timeoutMs }) =>
        new Promise((resolve, reject) => {
          const fail = (code: string): void => {
            if (run.alive) reject(new SystemError(code, 'no answer'));
          };
          signal.addEventListener('abort', () => {
            fail('HTTP_ABORTED');
          });
          const { host, pathname, search } = new URL(url);
          const isLost = tracker.isDown || net.chance(net.weather.loss);
          net.queue.after(isLost ? timeoutMs : 2 * net.delay(500), () => {
            if (isLost || net.blockedUntil(run.host.ip, host) > 0) {
              fail('HTTP_TIMEOUT');
              return;
            }
            const body = tracker.answer(pathname + search, run.host.ip);
            if (run.alive) resolve({ status: 200, headers: {}, url, body: chunksOf(body) });
          });
        }),
    };
  }
}

async function* chunksOf(body: Uint8Array): AsyncIterable<Uint8Array> {
  await Promise.resolve();
  for (let at = 0; at < body.length; at += 40) yield body.subarray(at, at + 40);
}
