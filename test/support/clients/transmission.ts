// Transmission's daemon. It takes no peers on 127.0.0.0/8, so it is of use between namespaces alone.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeDoneFile, waitForDone } from './done-file.ts';
import type { Host } from '../network.ts';
import { until } from '../processes.ts';
import { PEER_PORT, type PeerClient, type PeerJob, type RunningPeer } from './peer.ts';

const RPC_PORT = 9091;

export const transmission: PeerClient = transmissionWith({});

/** With other settings than the plain ones. */
export function transmissionWith(changes: object): PeerClient {
  return {
    name: 'transmission',
    v2: false,
    emptyFiles: false,
    start: (host, job) => start(host, job, changes),
  };
}

async function start(host: Host, job: PeerJob, changes: object): Promise<RunningPeer> {
  const config = await host.stage.makeFolder('transmission');
  const done = await makeDoneFile(config);
  await mkdir(join(config, 'torrents'), { recursive: true });
  await writeFile(
    join(config, 'settings.json'),
    JSON.stringify({ ...settings(job.folder, done.script), ...changes }),
  );
  const process = host.start(['transmission-daemon', '--foreground', '--config-dir', config], {
    env: { TRANSMISSION_HOME: config },
  });
  const remote = ['transmission-remote', String(RPC_PORT)];
  await until('transmission to listen', async () => {
    const ended = await Promise.race([process.exited, host.run([...remote, '-si']).catch(() => undefined)]);
    if (typeof ended === 'number') throw new Error(`transmission ended:\n${process.output}`);
    return ended;
  });
  await host.run([...remote, '-w', job.folder, '-a', job.source]);
  return { process, done: job.role === 'leech' ? waitForDone(done, process) : Promise.resolve() };
}

function settings(folder: string, script: string): object {
  return {
    'download-dir': folder,
    'peer-port': PEER_PORT,
    'rpc-port': RPC_PORT,
    'rpc-bind-address': '127.0.0.1',
    'rpc-whitelist-enabled': false,
    'dht-enabled': false,
    'lpd-enabled': false,
    'utp-enabled': false,
    'port-forwarding-enabled': false,
    'script-torrent-done-enabled': true,
    'script-torrent-done-filename': script,
    'peer-limit-global': 500,
    'peer-limit-per-torrent': 200,
    'incomplete-dir-enabled': false,
    'watch-dir-enabled': false,
    'cache-size-mb': 64,
  };
}
