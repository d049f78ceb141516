// Honest clients on all three protocols, one announce after the other until the time is over. One is lost that had no
// answer after the retransmissions of its protocol. Arguments: host port seconds. Prints counts as JSON.
import { Agent, get } from 'node:http';
import { httpClient, UdpClient, WsClient, type TrackerClient } from '../../conformance/tracker-clients.ts';

const [host = '', portText = '', secondsText = ''] = process.argv.slice(2);
const tracker = { port: Number(portText) };
const endsAt = performance.now() + Number(secondsText) * 1000;
const agent = new Agent({ keepAlive: false });

/** Four clients from one address stay below the limit of an address (100 a second), which also holds for honest ones. */
const PAUSE_MS = 50;
/** BEP 15 retransmits after 15 s; shorter here, so that a lost packet shows within the test. */
const TRIES = 10;

interface Count {
  answered: number;
  lost: number;
  repeated: number;
  slowestMs: number;
}

async function announceOn(client: TrackerClient, tries: number): Promise<Count> {
  const count: Count = { answered: 0, lost: 0, repeated: 0, slowestMs: 0 };
  for (let peer = 1; performance.now() < endsAt; peer = (peer % 50) + 1) {
    const startedAt = performance.now();
    let answered = false;
    for (let attempt = 0; attempt < tries && !answered; attempt++) {
      if (attempt > 0) count.repeated++;
      answered = await client.announce({ swarm: 1, peer }).then(
        () => true,
        () => false,
      );
    }
    count[answered ? 'answered' : 'lost']++;
    count.slowestMs = Math.max(count.slowestMs, Math.round(performance.now() - startedAt));
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  return count;
}

/** A connection for each announce, beside those that are kept. */
function newConnections(): TrackerClient {
  const query = 'info_hash=aaaaaaaaaaaaaaaaaaaa&peer_id=bbbbbbbbbbbbbbbbbbbb&port=7000&left=1';
  return {
    ...httpClient(tracker, host),
    announce: () =>
      new Promise((resolve, reject) => {
        const request = get({ agent, host, port: tracker.port, path: `/announce?${query}` }, (response) => {
          let text = '';
          response.setEncoding('latin1');
          response.on('data', (chunk: string) => (text += chunk));
          response.on('end', () => {
            if (text.includes('8:interval'))
              resolve({ seeders: 0, leechers: 0, intervalSeconds: 0, peers: [] });
            else reject(new Error(text));
          });
        });
        request.on('error', reject);
      }),
  };
}

const udp = new UdpClient(tracker, host);
const ws = new WsClient(tracker, host);
const [kept, fresh, datagrams, frames] = await Promise.all([
  announceOn(httpClient(tracker, host), 1),
  announceOn(newConnections(), 1),
  announceOn(udp, TRIES),
  announceOn(ws, 1),
]);
process.stdout.write(
  `${JSON.stringify({ event: 'served', httpKept: kept, httpNew: fresh, udp: datagrams, ws: frames })}\n`,
);
process.exit(0);
