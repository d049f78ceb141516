// bittorrent-tracker as a program: `node stock.mjs PORT [SWARMS PEERS]`; the peers are put into its own swarms directly,
// for over its ports that would take minutes. Says "ready".
import { execFileSync } from 'node:child_process';
import { Server } from 'bittorrent-tracker';

const [port = '', load = '', swarms = '0', peers = '0'] = process.argv.slice(2);
const server = new Server({ http: true, udp: true, ws: true, stats: false });
server.on('warning', () => undefined);
const hashes =
  Number(peers) === 0
    ? []
    : execFileSync(load, ['hashes', swarms], { encoding: 'utf8', maxBuffer: 2 ** 28 })
        .trim()
        .split('\n');
for (const hash of hashes) {
  const swarm = new Server.Swarm(hash, server);
  server.torrents[hash] = swarm;
  for (let peer = 0; peer < Number(peers); peer++) announce(swarm, peer);
}
server.listen(Number(port), { http: '127.0.0.1', udp: '127.0.0.1', udp6: '::1' }, () =>
  process.stdout.write('ready\n'),
);

/** As its own parser of UDP requests would say it. */
function announce(swarm, peer) {
  const peerPort = (4 + ((peer >> 8) % 200)) * 256 + (peer % 256);
  const id = Buffer.from(`-XX0001-${String(peer).padStart(12, '0')}`).toString('hex');
  const params = { type: 'udp', event: 'started', numwant: 0, peer_id: id, left: peer % 4, ip: '127.0.0.1' };
  swarm.announce({ ...params, port: peerPort, addr: `127.0.0.1:${String(peerPort)}` }, () => undefined);
}
