// webtorrent of npm, in a process of node's own.
import { join } from 'node:path';
import { PEER_PORT, type PeerClient } from './peer.ts';

const PROGRAM = join(import.meta.dirname, 'webtorrent-peer.mjs');

export const webtorrent: PeerClient = {
  name: 'webtorrent',
  v2: false,
  emptyFiles: false,
  async start(host, job) {
    const process = host.start([
      globalThis.process.execPath,
      PROGRAM,
      String(PEER_PORT),
      job.source,
      job.folder,
    ]);
    const whole = process.waitForLine((line) => (line === 'done' ? true : undefined));
    if (job.role === 'leech') return { process, done: whole.then(() => undefined) };
    await whole;
    return { process, done: Promise.resolve() };
  },
};
