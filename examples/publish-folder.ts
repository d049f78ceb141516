// Creates a torrent of a folder, runs a tracker for it and seeds it until the process is interrupted.
//   npx tsx examples/publish-folder.ts ./some-folder
import { once } from 'node:events';
import { dirname, resolve } from 'node:path';
import { createTorrent, createTracker, Session } from 'swarmpress';

const folder = resolve(process.argv[2] ?? '.');
const tracker = await createTracker({ port: 6969 });
const announceUrls = tracker.announceUrls('localhost');
const { bytes, metainfo } = await createTorrent([folder], { trackers: announceUrls.map((url) => [url]) });

const session = await Session.create({ port: 6881 });
const torrent = await session.add(bytes, { folder: dirname(folder), check: 'trust' });
await torrent.done();
console.log(`seeding ${metainfo.name}, tracked at ${announceUrls.join(' and ')}`);

await once(process, 'SIGINT');
await session.close();
await tracker.close();
