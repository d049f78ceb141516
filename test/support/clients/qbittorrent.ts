// qBittorrent without a window, led through its web API with curl on its own host.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { until } from '../processes.ts';
import { makeDoneFile, waitForDone } from './done-file.ts';
import { PEER_PORT, type PeerClient } from './peer.ts';

/** It is done when all is hashed; its disk threads may need a moment more. */
const LATE_WRITES_MS = 1000;
const API = 'http://127.0.0.1:8080/api/v2';

export const qbittorrent: PeerClient = {
  name: 'qbittorrent',
  v2: false,
  emptyFiles: true,
  async start(host, job) {
    const profile = await host.stage.makeFolder('qbittorrent');
    const done = await makeDoneFile(profile);
    const config = join(profile, 'qBittorrent', 'config');
    await mkdir(config, { recursive: true });
    await writeFile(join(config, 'qBittorrent.conf'), settings(job.folder, done.script));
    const process = host.start(['qbittorrent-nox', `--profile=${profile}`], { env: { HOME: profile } });
    const curl = ['curl', '--silent', '--fail', '--max-time', '10'];
    await until('qBittorrent to listen', () =>
      host.run([...curl, `${API}/app/version`]).catch(() => undefined),
    );
    const source = job.source.startsWith('magnet:') ? `urls=${job.source}` : `torrents=@${job.source}`;
    await host.run([...curl, '--form', source, '--form', `savepath=${job.folder}`, `${API}/torrents/add`]);
    if (job.role === 'seed') return { process, done: Promise.resolve() };
    return { process, done: waitForDone(done, process).then(() => setTimeout(LATE_WRITES_MS)) };
  },
};

function settings(folder: string, script: string): string {
  return [
    '[LegalNotice]',
    'Accepted=true',
    '[BitTorrent]',
    `Session\\DefaultSavePath=${folder}`,
    `Session\\Port=${String(PEER_PORT)}`,
    'Session\\DHTEnabled=false',
    'Session\\LSDEnabled=false',
    'Session\\PeXEnabled=false',
    'Session\\BTProtocol=TCP',
    'Session\\QueueingSystemEnabled=false',
    '[Network]',
    'PortForwardingEnabled=false',
    '[Preferences]',
    'WebUI\\LocalHostAuth=false',
    'WebUI\\Address=127.0.0.1',
    'WebUI\\Port=8080',
    '[AutoRun]',
    'enabled=true',
    `program=${script}`,
    '',
  ].join('\n');
}
