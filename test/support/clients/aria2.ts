// aria2: one process a torrent, all by command line.
import { makeDoneFile, waitForDone } from './done-file.ts';
import { PEER_PORT, type PeerClient } from './peer.ts';

export const aria2: PeerClient = {
  name: 'aria2',
  v2: false,
  emptyFiles: true,
  async start(host, job) {
    const own = await host.stage.makeFolder('aria2');
    const done = await makeDoneFile(own);
    const check = job.role === 'seed' ? ['--check-integrity=true'] : [];
    const process = host.start([
      'aria2c',
      ...['--no-conf', '--console-log-level=notice', '--summary-interval=0', '--file-allocation=none'],
      // Without its DHT port, aria2 speaks to no UDP tracker.
      ...['--enable-dht=true', `--dht-listen-port=${String(PEER_PORT)}`, `--dht-file-path=${own}/dht`],
      ...['--bt-enable-lpd=false', '--seed-ratio=0.0', '--bt-max-peers=0'],
      ...['--bt-request-peer-speed-limit=10000M', '--max-upload-limit=0'],
      ...[`--listen-port=${String(PEER_PORT)}`, `--dir=${job.folder}`],
      ...[`--on-bt-download-complete=${done.script}`, ...check, job.source],
    ]);
    return { process, done: job.role === 'leech' ? waitForDone(done, process) : Promise.resolve() };
  },
};
