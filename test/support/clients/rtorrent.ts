// rTorrent wants a terminal: `script` gives it one.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeDoneFile, waitForDone } from './done-file.ts';
import { PEER_PORT, type PeerClient } from './peer.ts';

export const rtorrent: PeerClient = {
  name: 'rtorrent',
  v2: false,
  emptyFiles: true,
  async start(host, job) {
    const folder = await host.stage.makeFolder('rtorrent');
    const done = await makeDoneFile(folder);
    const config = join(folder, 'rtorrent.rc');
    await writeFile(
      config,
      settings({ session: folder, content: job.folder, script: done.script, source: job.source }),
    );
    const command = `rtorrent -n -o import=${config}`;
    const process = host.start(
      ['script', '--quiet', '--return', '--flush', '--command', command, '/dev/null'],
      {
        input: true,
        env: { TERM: 'xterm', HOME: folder },
      },
    );
    return { process, done: job.role === 'leech' ? waitForDone(done, process) : Promise.resolve() };
  },
};

function settings(paths: {
  readonly session: string;
  readonly content: string;
  readonly script: string;
  readonly source: string;
}): string {
  return [
    `session.path.set = ${paths.session}`,
    `directory.default.set = ${paths.content}`,
    `network.port_range.set = ${String(PEER_PORT)}-${String(PEER_PORT)}`,
    'network.port_random.set = no',
    'dht.mode.set = disable',
    'protocol.pex.set = no',
    'trackers.use_udp.set = yes',
    'pieces.hash.on_completion.set = no',
    `method.set_key = event.download.finished,done,"execute.nothrow=${paths.script}"`,
    `schedule2 = add,1,0,"load.start=\\"${paths.source}\\""`,
    '',
  ].join('\n');
}
