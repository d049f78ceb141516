// Whether trackers can be reached: an announce of a torrent that nobody has, over HTTP, UDP or WebSocket.
import { toInfoHash, toPeerId } from '../../core/ids.ts';
import { SwarmpressError } from '../../core/errors.ts';
import type { Env } from '../../engine/env.ts';
import { createTrackerDriver } from '../../engine/tracker-driver.ts';
import type { DatagramSocket } from '../../ports/datagram.ts';
import { finding, type Finding } from './finding.ts';

const TIMEOUT_MS = 15_000;
const NEXT = 'check the address and the firewall; most UDP trackers need UDP to go out';

export async function checkTracker(url: string, env: Env): Promise<Finding> {
  const check = `tracker ${url}`;
  try {
    const problem = /^wss?:/i.test(url) ? await connect(url, env) : await announce(url, env);
    return problem === undefined ? finding(check, 'ok', 'answers') : finding(check, 'fail', problem, NEXT);
  } catch (error) {
    if (!(error instanceof SwarmpressError)) throw error;
    return finding(check, 'fail', error.message, NEXT);
  }
}

/** The time that the server of an HTTP tracker has; undefined where it does not say. */
export async function timeOf(url: string, env: Env): Promise<string | undefined> {
  try {
    const signal = new AbortController().signal;
    const response = await env.http.request({ url, signal, timeoutMs: TIMEOUT_MS, maxRedirects: 0 });
    // Only the headers are wanted: the first chunk closes the connection.
    for await (const chunk of response.body) if (chunk.length > 0) break;
    return response.headers['date'];
  } catch (error) {
    if (!(error instanceof SwarmpressError)) throw error;
    return undefined;
  }
}

async function connect(url: string, env: Env): Promise<string | undefined> {
  if (env.websocket === undefined) return 'WebSocket trackers are off with a proxy';
  const receiver = { onText: () => undefined, onClose: () => undefined };
  const { signal } = new AbortController();
  const socket = await env.websocket.connect(url, receiver, { timeoutMs: TIMEOUT_MS, signal });
  socket.close();
  return undefined;
}

/** What is wrong; undefined if it answered, be it by a refusal of the unknown torrent. */
async function announce(url: string, env: Env): Promise<string | undefined> {
  const { http, datagram, clock, random, log } = env;
  let socket: DatagramSocket | undefined;
  let settle: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => {
    settle = resolve;
  });
  const driver = createTrackerDriver(
    {
      tiers: [[url]],
      infoHashes: [toInfoHash(random.bytes(20))],
      peerId: toPeerId(random.bytes(20)),
      port: () => 1,
      getStats: () => ({ uploaded: 0, downloaded: 0, left: 1, numWant: 0 }),
    },
    { http, datagram, clock, random, log, socket: async () => (socket ??= await bind(env)) },
    { onPeers: () => undefined, onStatus: settle },
  );
  const cancel = clock.schedule(TIMEOUT_MS, settle);
  driver.start();
  await ended;
  cancel();
  const [status] = driver.snapshot();
  await driver.stop(1_000);
  await socket?.close();
  if (status?.status === 'working') return undefined;
  const message = status?.message ?? 'no answer';
  return status?.status === 'failed' && /not (authori[sz]ed|allowed|registered|found|on)/i.test(message)
    ? undefined
    : message;
}

async function bind({ datagram }: Env): Promise<DatagramSocket> {
  if (datagram === undefined) throw new TypeError('UDP trackers are unsupported without UDP');
  return datagram.bind({ port: 0 });
}
