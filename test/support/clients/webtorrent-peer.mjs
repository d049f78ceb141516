// A node program around npm's webtorrent: `webtorrent-peer.mjs PORT TORRENT FOLDER`. Seeds what lies in the folder and
// downloads the rest; prints "done" once it has all, and goes on seeding.
import { readFileSync } from 'node:fs';
import WebTorrent from 'webtorrent';

// webtorrent 2.8.5 makes a name for its debug output of a hex string as if it were bytes, which the helper package that
// npm installs with it refuses.
Object.defineProperty(String.prototype, 'buffer', {
  get() {
    return new TextEncoder().encode(this).buffer;
  },
});

const [port, source, folder] = process.argv.slice(2);
// TCP alone: the other programs of a bench use nothing else.
const client = new WebTorrent({
  torrentPort: Number(port),
  ...{ dht: false, lsd: false, natUpnp: false, natPmp: false, utp: false, utPex: false },
  tracker: { wrtc: false },
});
client.on('error', (error) => {
  process.stderr.write(`${String(error)}\n`);
  process.exit(1);
});
client.add(source.startsWith('magnet:') ? source : readFileSync(source), { path: folder }, (torrent) => {
  if (torrent.done) process.stdout.write('done\n');
  else torrent.once('done', () => process.stdout.write('done\n'));
});
