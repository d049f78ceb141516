// Two clients of the npm package bittorrent-tracker announce the same torrent at a tracker until each has found the
// other: `node npm-client.mjs ANNOUNCE_URL`. Prints what they found as JSON, one line a client.
import Client from 'bittorrent-tracker';

const [url = ''] = process.argv.slice(2);
const infoHash = '0123456789abcdef0123456789abcdef01234567';

function find(number) {
  const peerId = Buffer.from(`-XX0001-${String(number).padStart(12, '0')}`);
  const client = new Client({ infoHash, peerId, announce: [url], port: 7000 + number });
  const found = new Promise((resolve, reject) => {
    client.on('error', reject);
    client.on('warning', reject);
    client.on('peer', (peer) => {
      // Over WebSocket it is a connection under way; else an address.
      if (typeof peer === 'string') {
        if (!peer.endsWith(`:${String(7000 + number)}`)) resolve(peer);
      } else {
        peer.on('error', () => undefined);
        peer.on('connect', () => resolve(`webrtc ${Buffer.from(peer.id, 'hex').toString()}`));
      }
    });
  });
  const counted = new Promise((resolve) => {
    client.on('update', ({ complete, incomplete }) => {
      if (complete + incomplete === 2) resolve([complete, incomplete]);
    });
  });
  client.start({ left: number - 1 });
  const again = setInterval(() => client.update({ left: number - 1 }), 1500);
  return { client, again, found, counted };
}

const clients = [1, 2].map(find);
const results = await Promise.all(clients.map(async ({ found, counted }) => [await found, await counted]));
for (const [peer, counts] of results) process.stdout.write(`${JSON.stringify({ peer, counts })}\n`);
for (const { client, again } of clients) {
  clearInterval(again);
  client.stop();
}
setTimeout(() => process.exit(0), 500);
