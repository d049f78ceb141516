// A tracker on one host, a hostile client on a second, honest ones on a third: what became of the honest announces, of
// the tracker's memory, and whether a forged packet was ever answered.
import { readFileSync } from 'node:fs';
import { swarmpressCommand } from '../clients/swarmpress.ts';
import { createHosts } from '../network.ts';
import type { RunningProcess } from '../processes.ts';
import type { Stage } from '../stage.ts';

interface Served {
  readonly answered: number;
  readonly lost: number;
  readonly repeated: number;
  readonly slowestMs: number;
}

export interface HostileReport {
  readonly attacked: Readonly<Record<string, number>>;
  readonly served: Readonly<Record<'httpKept' | 'httpNew' | 'udp' | 'ws', Served>>;
  /** Resident memory of the tracker, MB: after a third of the time, and at the end. */
  readonly earlyMegabytes: number;
  readonly endMegabytes: number;
  readonly statistics: Readonly<Record<string, number>>;
}

export async function runHostile(
  stage: Stage,
  options: { readonly seconds: number; readonly track?: readonly string[] },
): Promise<HostileReport> {
  const [server, attacker, honest] = await createHosts(stage, 3);
  if (server === undefined || attacker === undefined || honest === undefined) throw new Error('three hosts');
  const tracker = server.start(swarmpressCommand('track', '--json', ...(options.track ?? [])));
  await tracker.waitForLine(eventOf('listening'));
  const target = [server.address, '6969', String(options.seconds)];
  const script = (name: string): readonly string[] => [
    'npx',
    '--no-install',
    'jiti',
    `test/support/hostile/${name}.ts`,
    ...target,
  ];
  const attack = attacker.start(script('attack')).waitForLine(eventOf('attacked'));
  const service = honest.start(script('honest')).waitForLine(eventOf('served'));
  await new Promise((resolve) => setTimeout(resolve, (options.seconds * 1000) / 3));
  const earlyMegabytes = residentMegabytes(tracker);
  const [attacked, served] = await Promise.all([attack, service]);
  const endMegabytes = residentMegabytes(tracker);
  const curl = ['curl', '--silent', `http://${server.address}:6969/stats.json`];
  const statistics = JSON.parse(await honest.run(curl)) as HostileReport['statistics'];
  return {
    attacked: attacked as HostileReport['attacked'],
    served: served as HostileReport['served'],
    ...{ earlyMegabytes, endMegabytes, statistics },
  };
}

function eventOf(name: string): (line: string) => object | undefined {
  return (line) => (line.includes(`"event":"${name}"`) ? (JSON.parse(line) as object) : undefined);
}

/** Of the largest process below: wrappers of the test are small. */
function residentMegabytes(tracker: RunningProcess): number {
  const status = readFileSync(`/proc/${String(tracker.pid)}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1024;
}
