// What only an open session shows: the port, the routers, the DHT, and whether strangers get in.
import { isLocalIp } from '../../core/address.ts';
import { SwarmpressError } from '../../core/errors.ts';
import type { Session } from '../../engine/api.ts';
import type { Env } from '../../engine/env.ts';
import { pause } from '../pause.ts';
import { finding, type Finding } from './finding.ts';

/** Routers are asked by three protocols, one after the other. */
const ROUTER_MS = 12_000;
/** Until the first is asked. */
const START_MS = 600;
const DHT_MS = 15_000;
const POLL_MS = 200;
const DIAL_MS = 5_000;

interface Examined {
  readonly session: Session;
  readonly env: Env;
  readonly signal: AbortSignal;
}

export function checkPort({ session, env }: Examined): Finding {
  return env.datagram === undefined
    ? finding('port', 'warn', 'nothing listens: connections are not taken behind a proxy')
    : finding('port', 'ok', `listening on ${String(session.port)}, TCP and UDP`);
}

/** Waits for the routers' answers. */
export async function checkRouters({ session, signal }: Examined): Promise<Finding> {
  const isSettled = (): boolean => {
    const all = session.portMappings();
    return all.every(({ state }) => state === 'mapped');
  };
  await until(() => session.portMappings().length > 0, START_MS, signal);
  await until(isSettled, ROUTER_MS, signal);
  const mappings = session.portMappings();
  const mapped = mappings.find(({ protocol, state }) => protocol === 'tcp' && state === 'mapped');
  if (mapped === undefined) {
    if (mappings.length === 0) return finding('router', 'ok', 'none to ask');
    const why = mappings.find(({ message }) => message !== undefined)?.message ?? 'no answer';
    const next = `forward TCP and UDP ${String(session.port)} by hand, or switch on UPnP or PCP in the router`;
    return finding('router', 'warn', `the port is not forwarded: ${why}`, next);
  }
  const { externalIp = 'an unknown address', externalPort = 0, by = '' } = mapped;
  const message = `forwards ${externalIp} port ${String(externalPort)} to us (${by})`;
  return isBehindAnother(externalIp)
    ? finding('router', 'warn', message, 'there is another router behind this one: ask the provider')
    : finding('router', 'ok', message);
}

/** Connects to ourselves from outside, as far as a host can tell that alone. */
export async function checkReachable({ session, env, signal }: Examined): Promise<Finding> {
  const [transport] = env.transports;
  const mapped = session
    .portMappings()
    .find(({ protocol, state }) => protocol === 'tcp' && state === 'mapped');
  const { externalIp, externalPort } = mapped ?? {};
  if (transport === undefined || externalIp === undefined || externalPort === undefined) {
    return finding('reachable', 'warn', 'not known: no router told an external address', SAY_STRANGERS);
  }
  try {
    const address = { ip: externalIp, port: externalPort };
    const stream = await transport.dial(address, { timeoutMs: DIAL_MS, signal });
    stream.close();
    return finding('reachable', 'ok', `we got in through ${externalIp} port ${String(externalPort)}`);
  } catch (error) {
    if (!(error instanceof SwarmpressError)) throw error;
    const message = `we did not get in through ${externalIp} port ${String(externalPort)}: ${error.message}`;
    return finding(
      'reachable',
      'warn',
      message,
      'many routers do not let a host call itself; ask a friend to try',
    );
  }
}

const SAY_STRANGERS = 'peers are found all the same; those without an open port of their own are not';

export async function checkDht({ session, env, signal }: Examined): Promise<Finding> {
  if (session.dhtNodes() === undefined) {
    const why = env.datagram === undefined ? 'it does not go through a proxy' : 'by --no-dht';
    return finding('dht', 'warn', `off: ${why}`);
  }
  const count = (): number => (session.dhtNodes()?.v4 ?? 0) + (session.dhtNodes()?.v6 ?? 0);
  await until(() => count() > 0, DHT_MS, signal);
  const { v4 = 0, v6 = 0 } = session.dhtNodes() ?? {};
  return v4 + v6 > 0
    ? finding('dht', 'ok', `entered: ${String(v4)} nodes over IPv4, ${String(v6)} over IPv6`)
    : finding(
        'dht',
        'fail',
        'nobody answers',
        'let UDP out of the firewall, or name a node by --dht-bootstrap',
      );
}

/** RFC 6598 has addresses for providers' own routers. */
function isBehindAnother(ip: string): boolean {
  return isLocalIp(ip) || /^100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\./.test(ip);
}

async function until(isDone: () => boolean, limitMs: number, signal: AbortSignal): Promise<void> {
  for (let waited = 0; waited < limitMs && !isDone() && !signal.aborted; waited += POLL_MS) {
    await pause(POLL_MS, signal);
  }
}
