// Downloads a torrent and prints its progress once a second.
//   npx tsx examples/download.ts film.torrent downloads
import { readFile } from 'node:fs/promises';
import { parseTorrent, Session } from 'swarmpress';

const [file = 'film.torrent', folder = 'downloads'] = process.argv.slice(2);
const metainfo = parseTorrent(await readFile(file));
console.log(`${metainfo.name}: ${String(metainfo.length)} bytes in ${String(metainfo.files.length)} files`);

const session = await Session.create();
const torrent = await session.add(metainfo, { folder });
const ticker = setInterval(() => {
  const { completed, downloadRate, connected } = torrent.snapshot();
  console.log(
    `${String(completed)} bytes, ${downloadRate.toFixed(0)} a second from ${String(connected)} peers`,
  );
}, 1000);
await torrent.done();
clearInterval(ticker);
await session.close();
