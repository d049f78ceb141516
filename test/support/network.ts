// Hosts as network namespaces, joined by a bridge that lives in a namespace of its own: nothing touches the machine's
// network. Links can be shaped with tc (token bucket), and count their bytes. Needs root.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { run, type ProcessOptions, type RunningProcess } from './processes.ts';
import type { Stage } from './stage.ts';

const PREFIX = 'swp';
const NAMESPACES = '/run/netns';
let networks = 0;

/** One machine of the test network. */
export class Host {
  readonly name: string;
  readonly address: string;
  readonly stage: Stage;
  readonly #port: string;
  readonly #bridge: string;

  constructor(options: {
    readonly name: string;
    readonly address: string;
    readonly stage: Stage;
    /** The bridge's namespace and its port that leads here. */
    readonly bridge: string;
    readonly port: string;
  }) {
    this.name = options.name;
    this.address = options.address;
    this.stage = options.stage;
    this.#bridge = options.bridge;
    this.#port = options.port;
  }

  /** The command line that runs a command on this host. */
  command(command: readonly string[]): readonly string[] {
    return ['ip', 'netns', 'exec', this.name, ...command];
  }

  start(command: readonly string[], options: ProcessOptions = {}): RunningProcess {
    return this.stage.start(this.command(command), options);
  }

  async run(command: readonly string[], options: ProcessOptions = {}): Promise<string> {
    return run(this.command(command), options);
  }

  /** Limits the link both ways, in bits a second. */
  async shape(bitsPerSecond: number): Promise<void> {
    const bucket = ['tbf', 'rate', `${String(bitsPerSecond)}bit`, 'burst', '64kb', 'latency', '50ms'];
    const root = ['tc', 'qdisc', 'replace', 'dev'];
    await this.run([...root, 'eth0', 'root', ...bucket]);
    await run(['ip', 'netns', 'exec', this.#bridge, ...root, this.#port, 'root', ...bucket]);
  }

  /** Cuts the cable, or plugs it in again. */
  async setLink(up: boolean): Promise<void> {
    await run(['ip', '-n', this.#bridge, 'link', 'set', this.#port, up ? 'up' : 'down']);
  }

  /** Bytes over the link since the start, with all headers. */
  async traffic(): Promise<{ readonly sent: number; readonly received: number }> {
    const folder = '/sys/class/net/eth0/statistics';
    const text = await this.run(['cat', `${folder}/tx_bytes`, `${folder}/rx_bytes`]);
    const [sent = 0, received = 0] = text.split('\n').map(Number);
    return { sent, received };
  }
}

const NEIGHBOURS = '/proc/sys/net/ipv4/neigh/default/gc_thresh3';

/** All namespaces share one table of neighbours, by default of 1,024: where it is full, connections fail. */
async function admitNeighbours(hosts: number, stage: Stage): Promise<void> {
  const before = await readFile(NEIGHBOURS, 'utf8');
  if (Number(before) >= 2 * hosts * hosts) return;
  await writeFile(NEIGHBOURS, String(2 * hosts * hosts));
  stage.onClose(() => writeFile(NEIGHBOURS, before));
}

/** Makes `count` hosts, 10.10.0.1 and up, all reachable from each other. They go with the stage. */
export async function createHosts(stage: Stage, count: number): Promise<readonly Host[]> {
  removeStale();
  networks += 1;
  const id = `${PREFIX}-${String(process.pid)}-${String(networks)}`;
  const bridge = `${id}-br`;
  const hosts = Array.from({ length: count }, (_, index) => ({
    name: `${id}-h${String(index)}`,
    address: `10.10.0.${String(index + 1)}`,
    port: `p${String(index)}`,
  }));
  const remove = (): void => {
    for (const name of [bridge, ...hosts.map((host) => host.name)]) removeNamespace(name);
  };
  process.once('exit', remove);
  stage.onClose(() => {
    process.off('exit', remove);
    remove();
  });

  await admitNeighbours(count, stage);
  await batch([bridge, ...hosts.map((host) => host.name)].map((name) => `netns add ${name}`));
  await batch(
    [
      'link add br0 type bridge',
      'link set br0 up',
      ...hosts.flatMap(({ name, port }) => [
        `link add ${port} type veth peer name eth0 netns ${name}`,
        `link set ${port} master br0 up`,
      ]),
    ],
    bridge,
  );
  for (const { name, address } of hosts) {
    await batch([`addr add ${address}/16 dev eth0`, 'link set eth0 up', 'link set lo up'], name);
  }
  return hosts.map(({ name, address, port }) => new Host({ name, address, stage, bridge, port }));
}

/** A namespace of its own, for what is no host of a bridge; its name. It goes with the stage. */
export async function makeNamespace(stage: Stage): Promise<string> {
  networks += 1;
  const name = `${PREFIX}-${String(process.pid)}-${String(networks)}-in`;
  const remove = (): void => {
    removeNamespace(name);
  };
  process.once('exit', remove);
  stage.onClose(() => {
    process.off('exit', remove);
    remove();
  });
  await batch([`netns add ${name}`]);
  return name;
}

/** Several `ip` commands in one process. */
export async function batch(commands: readonly string[], namespace?: string): Promise<void> {
  const inside = namespace === undefined ? [] : ['-n', namespace];
  const script = commands.map((command) => `${command}\n`).join('');
  await run(['sh', '-c', `printf '%s' "$0" | ip "$@" -batch -`, script, ...inside]);
}

function removeNamespace(name: string): void {
  if (existsSync(`${NAMESPACES}/${name}`)) spawnSync('ip', ['netns', 'del', name]);
}

/** Clears away what a killed run left behind. */
function removeStale(): void {
  if (!existsSync(NAMESPACES)) return;
  for (const name of readdirSync(NAMESPACES)) {
    const [prefix, pid] = name.split('-');
    if (prefix === PREFIX && pid !== undefined && !existsSync(`/proc/${pid}`)) removeNamespace(name);
  }
}
