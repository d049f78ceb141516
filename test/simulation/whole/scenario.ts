// From a seed to a world and its end: what machines, links, disks and villains there are and what befalls them is drawn
// from one number, so that a run is repeated by naming it.
import { invariant } from '../../../src/core/invariant.ts';
import { formatMagnet } from '../../../src/core/metainfo/magnet.ts';
import { toMagnet } from '../../../src/core/metainfo/to-magnet.ts';
import { Rng } from '../../../src/core/swarm/rng.ts';
import type { AddOptions, SessionOptions } from '../../../src/engine/api.ts';
import { EventQueue } from '../event-queue.ts';
import { wholeContent, type WholeContent } from './content.ts';
import { Machine, type MachineDeps } from './machine.ts';
import { SimNetwork, type Weather } from './network.ts';
import { SimTracker } from './tracker.ts';
import { HABITS, Villain } from './villain.ts';

export interface SeedResult {
  readonly seed: number;
  /** Undefined when all that must hold did. */
  readonly trouble: Error | undefined;
  readonly events: number;
  readonly virtualMs: number;
  readonly story: readonly string[];
}

/** Honest peers may take this long of virtual time, whatever befalls them. */
const LIMIT_MS = 6 * 3600 * 1000;
/** Clients are up and have done something before the end comes. */
const FIRST_MS = 3000;
const STOP_LIMIT_MS = 60_000;
/** After which nothing of a client that has ended may be left: no timer, no stream, no port. */
const LEFTOVER_MS = 5_000;
/** An honest stream is never given more than this before the network takes it. */
const BACKLOG_BYTES = 4 * 1024 * 1024;
const SECOND = 1000;

/** Runs one world to its end. Never rejects. */
export async function runSeed(seed: number): Promise<SeedResult> {
  const world = new Scenario(seed, await wholeContent(new Rng(seed ^ 0x5bd1e995).below(7)));
  const onTrouble = (error: unknown): void => {
    world.trouble ??= error instanceof Error ? error : new Error(String(error));
  };
  process.on('unhandledRejection', onTrouble);
  process.on('uncaughtException', onTrouble);
  try {
    await world.run();
  } catch (error) {
    onTrouble(error);
  } finally {
    process.off('unhandledRejection', onTrouble);
    process.off('uncaughtException', onTrouble);
  }
  const { trouble, events, story, queue } = world;
  return { seed, trouble, events, virtualMs: queue.now, story };
}

interface Leech {
  readonly machine: Machine;
  readonly session: SessionOptions;
  readonly source: Uint8Array | string;
  options: Omit<AddOptions, 'folder'>;
  /** Goes away for good before it is whole. */
  leaves: boolean;
}

class Scenario {
  readonly queue = new EventQueue();
  readonly story: string[] = [];
  events = 0;
  trouble: Error | undefined;
  readonly #rng: Rng;
  readonly #content: WholeContent;
  readonly #net: SimNetwork;
  readonly #tracker: SimTracker;
  readonly #seeds: Machine[] = [];
  readonly #leeches: Leech[] = [];
  readonly #ways: MachineDeps['ways'];
  /** Clients are being stopped: nothing befalls them any more. */
  #isEnding = false;

  constructor(seed: number, content: WholeContent) {
    this.#rng = new Rng(Math.imul(seed + 1, 0x9e3779b1));
    for (let i = 0; i < 8; i++) this.#rng.uint32();
    this.#content = content;
    const weather = this.#weather();
    this.#net = new SimNetwork(this.queue, this.#rng, weather);
    this.#tracker = new SimTracker(this.#net, this.#rng);
    this.#ways = this.#pick(['tcp', 'tcp', 'both', 'utp']);
    const { version, pieceCount, pieceLength } = content.metainfo;
    this.#tell(`${version}, ${String(pieceCount)} pieces of ${String(pieceLength)}, ${this.#ways}`);
    this.#tell(JSON.stringify(weather));
  }

  async run(): Promise<void> {
    await this.#tracker.listen();
    this.#people();
    this.#misfortunes();
    const waits = (): boolean => this.#leeches.some(({ machine, leaves }) => !leaves && !machine.isWhole);
    await this.#until(() => this.queue.now > FIRST_MS && !waits(), LIMIT_MS);
    if (this.trouble !== undefined) return;
    for (const { machine, leaves } of this.#leeches) {
      invariant(leaves || machine.isWhole, `an honest leech ends whole (${machine.ip} does not)`);
    }
    await this.#end();
  }

  /** Time passes until it holds, or the limit; promises are let through after every event. */
  async #until(condition: () => boolean, limitMs: number): Promise<void> {
    const end = this.queue.now + limitMs;
    while (this.trouble === undefined && !condition() && this.queue.now < end) {
      if (!this.queue.step()) return;
      this.events++;
      if (this.events % 400 === 0) this.#check();
      await new Promise(setImmediate);
    }
  }

  #machines(): Machine[] {
    return [...this.#seeds, ...this.#leeches.map(({ machine }) => machine)];
  }

  #check(): void {
    const budget = Math.max(CACHE_BYTES, 2 * this.#content.metainfo.pieceLength);
    for (const machine of this.#machines()) {
      machine.check();
      invariant(machine.disk.mostWriting <= budget, 'pieces on their way stay within the budget');
    }
    invariant(
      this.#net.mostBacklog <= BACKLOG_BYTES,
      `a stream is given ${String(this.#net.mostBacklog)} bytes`,
    );
  }

  async #end(): Promise<void> {
    this.#check();
    this.#isEnding = true;
    const machines = this.#machines();
    let open = machines.length;
    for (const machine of machines) {
      machine.stop().then(
        () => {
          open--;
        },
        (error: unknown) => {
          this.trouble ??= error instanceof Error ? error : new Error(String(error));
        },
      );
    }
    await this.#until(() => open === 0, STOP_LIMIT_MS);
    if (this.trouble !== undefined) return;
    invariant(open === 0, `every client ends when it is told to (${String(open)} do not)`);
    // What was said last is still on its way.
    await this.#until(() => false, LEFTOVER_MS);
    for (const machine of machines) machine.checkLeftovers();
    this.#tracker.check();
  }

  #people(): void {
    const rng = this.#rng;
    const { torrent, metainfo } = this.#content;
    const [seeds, leeches, villains] = [1 + rng.below(2), 1 + rng.below(4), rng.below(4)];
    const encryption = this.#pick(['off', 'allow', 'allow', 'allow', 'prefer', 'require'] as const);
    this.#tell(`encryption ${encryption}`);
    for (let i = 0; i < seeds; i++) {
      const machine = this.#machine(i + 1);
      machine.fill();
      this.#seeds.push(machine);
      const check = this.#pick(['trust', 'full'] as const);
      machine.start(this.#session(encryption), torrent, { check });
    }
    for (let i = 0; i < leeches; i++) {
      const machine = this.#machine(seeds + i + 1);
      const isMagnet = rng.below(4) === 0;
      const peers = rng.below(3) === 0 ? [{ ip: '10.0.0.1', port: PORT }] : [];
      const options = { peers, sequential: rng.below(5) === 0, ...this.#limits() };
      const source = isMagnet ? formatMagnet(toMagnet(metainfo)) : torrent;
      const leech = { machine, session: this.#session(encryption), source, options, leaves: false };
      this.#leeches.push(leech);
      const at = rng.below(3) * rng.below(20_000);
      this.#tell(`leech ${machine.ip} at ${String(at)}${isMagnet ? ' by magnet' : ''}`);
      this.queue.at(at, () => {
        // It may have been started and killed before.
        if (!this.#isEnding && !machine.isRunning) machine.start(leech.session, source, options);
      });
    }
    this.#villains(villains, seeds + leeches);
  }

  #villains(count: number, honest: number): void {
    const names = Object.keys(HABITS);
    for (let i = 0; i < count; i++) {
      const habit = this.#pick(names);
      const ip = `10.0.1.${String(i + 1)}`;
      this.#tell(`villain ${ip}: ${habit}`);
      const deps = { net: this.#net, tracker: this.#tracker, rng: this.#rng, content: this.#content };
      const victims = Array.from({ length: honest }, (_, k) => `10.0.0.${String(k + 1)}`);
      new Villain(ip, habit, deps).start(victims).catch((error: unknown) => {
        this.trouble ??= error instanceof Error ? error : new Error(String(error));
      });
    }
  }

  #misfortunes(): void {
    const rng = this.#rng;
    for (const leech of this.#leeches) if (rng.below(2) === 0) this.#befalls(leech);
    for (let i = rng.below(3); i > 0; i--) {
      const from = rng.below(20_000);
      const to = from + rng.below(rng.below(4) === 0 ? 400_000 : 10_000);
      const machine = rng.pick(this.#machines());
      if (machine === undefined) continue;
      this.#net.partitions.push({ ip: machine.ip, from, to });
      this.#tell(`${machine.ip} is cut off from ${String(from)} to ${String(to)}`);
    }
    if (rng.below(3) === 0) this.#trackerFails();
    const [, spare] = this.#seeds;
    if (spare !== undefined && rng.below(3) === 0)
      this.#at(rng.below(20_000), `${spare.ip} rots`, () => spare.rot());
  }

  #trackerFails(): void {
    const from = this.#rng.below(10_000);
    this.#at(from, 'tracker down', () => {
      this.#tracker.isDown = true;
    });
    this.#at(from + this.#rng.below(60_000), 'tracker up', () => {
      if (this.#rng.below(2) === 0) this.#tracker.restart();
      this.#tracker.isDown = false;
    });
  }

  #befalls(leech: Leech): void {
    const rng = this.#rng;
    const { machine } = leech;
    const at = rng.below(8000);
    const what = rng.below(7);
    if (what <= 2) this.#crashes(leech, at);
    else if (what === 3) this.#diskFails(leech, at);
    else if (what === 4) {
      this.#at(at, `${machine.ip} pauses`, () => machine.torrent?.pause());
      this.#at(at + rng.below(30_000), `${machine.ip} goes on`, () => machine.torrent?.resume());
    } else if (what === 5) {
      leech.leaves = true;
      this.#at(at, `${machine.ip} leaves for good`, () => machine.crash(this.#pick(['kill', 'power'])));
    } else {
      machine.disk.faults.slowMs = 10 + rng.below(3000);
      this.#tell(`${machine.ip} has a slow disk`);
      this.#at(at, 'the clock jumps', () => {
        machine.skewSeconds += rng.below(2 * 86_400 * 365) - 86_400 * 365;
      });
    }
  }

  #crashes(leech: Leech, first: number): void {
    const { machine, session, source } = leech;
    let at = first;
    for (let i = 1 + this.#rng.below(4); i > 0; i--) {
      const kind = this.#pick(['kill', 'kill', 'power'] as const);
      const rots = this.#rng.below(6) === 0;
      this.#at(at, `${machine.ip}: ${kind}`, () => {
        if (rots) machine.rot();
        machine.crash(kind);
      });
      at += 1 + this.#rng.below(5000);
      this.#at(at, `${machine.ip} starts again`, () => {
        // Who doubts the disk has it read: what has rotted is found then.
        const check = machine.rotten.size > 0 ? 'full' : 'resume';
        if (!machine.isRunning) machine.start(session, source, { ...leech.options, check });
      });
      at += this.#rng.below(6000);
    }
  }

  /** Until somebody sees to it. */
  #diskFails({ machine }: Leech, at: number): void {
    const { faults } = machine.disk;
    this.#at(at, `the disk of ${machine.ip} fails`, () => {
      if (this.#rng.below(2) === 0) faults.capacity = this.#rng.below(this.#content.metainfo.length);
      else faults.failing = (1 + this.#rng.below(10)) / 10;
    });
    const mend = (): void => {
      faults.capacity = Number.POSITIVE_INFINITY;
      faults.failing = 0;
      machine.torrent?.resume();
    };
    this.#at(at + this.#rng.below(60_000), `the disk of ${machine.ip} is mended`, mend);
  }

  #session(encryption: NonNullable<SessionOptions['encryption']>): SessionOptions {
    return { port: PORT, utp: this.#ways !== 'tcp', encryption, cacheBytes: CACHE_BYTES };
  }

  #limits(): Pick<AddOptions, 'downloadLimit' | 'uploadLimit'> {
    const limit = (): number | undefined =>
      this.#rng.below(6) === 0 ? 20_000 + this.#rng.below(400_000) : undefined;
    return { downloadLimit: limit(), uploadLimit: limit() };
  }

  #machine(number: number): Machine {
    return new Machine(`10.0.0.${String(number)}`, {
      net: this.#net,
      tracker: this.#tracker,
      rng: this.#rng,
      content: this.#content,
      ways: this.#ways,
      onTrouble: (error) => {
        this.trouble ??= error instanceof Error ? error : new Error(String(error));
      },
    });
  }

  #weather(): Weather {
    const rng = this.#rng;
    return {
      latencyMs: this.#pick([1, 5, 20, 80, 200]),
      jitterMs: this.#pick([0, 1, 20, 100]),
      loss: this.#pick([0, 0, 0.005, 0.02, 0.05]),
      duplicates: this.#pick([0, 0, 0.02]),
      bytesPerMs: 30 + rng.below(3000),
      packetBytes: this.#pick([1448, 16_384, 65_536]),
      windowBytes: this.#pick([8192, 65_536, 262_144]),
      breaks: this.#pick([0, 0, 0.1, 0.4]),
    };
  }

  #at(time: number, what: string, act: () => void): void {
    this.queue.at(time, () => {
      if (this.#isEnding) return;
      this.#tell(what);
      act();
    });
  }

  #tell(what: string): void {
    this.story.push(`${(this.queue.now / SECOND).toFixed(3)} ${what}`);
  }

  #pick<T>(list: readonly T[]): T {
    const chosen = this.#rng.pick(list);
    invariant(chosen !== undefined, 'a list to pick from is not empty');
    return chosen;
  }
}

const PORT = 6881;
const CACHE_BYTES = 100_000;
