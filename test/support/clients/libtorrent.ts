// libtorrent-rasterbar through its Python binding: v1, v2 and hybrid. Also makes torrents, to read what others wrote.
import { join } from 'node:path';
import { run } from '../processes.ts';
import { PEER_PORT, type PeerClient } from './peer.ts';

const PYTHON = '/usr/bin/python3';
const PEER = join(import.meta.dirname, 'libtorrent_peer.py');
/** The peer's command; what it shall do follows. */
export const LIBTORRENT: readonly string[] = [PYTHON, PEER];
/** The same with other settings of the session, as JSON before what it shall do. */
export const LIBTORRENT_WITH: readonly string[] = [
  PYTHON,
  join(import.meta.dirname, 'libtorrent_with.py'),
  PEER,
];

export const libtorrent: PeerClient = libtorrentRunBy(LIBTORRENT);

/** With settings of the session more than the plain ones. */
export function libtorrentWith(settings: Readonly<Record<string, boolean | number>>): PeerClient {
  return libtorrentRunBy([...LIBTORRENT_WITH, JSON.stringify(settings)]);
}

function libtorrentRunBy(command: readonly string[]): PeerClient {
  return {
    name: 'libtorrent',
    v2: true,
    emptyFiles: true,
    async start(host, job) {
      const options = job.superSeeding === true ? ['--super'] : [];
      const process = host.start([
        ...[...command, job.role, job.source, job.folder],
        ...[String(PEER_PORT), ...options],
      ]);
      const done = process
        .waitForLine((line) => (line.includes('"done"') ? true : undefined))
        .then(() => undefined);
      if (job.role === 'leech') return { process, done };
      void done.catch(() => undefined);
      await process.waitForLine((line) => (line.includes('"seeding"') ? true : undefined));
      return { process, done: Promise.resolve() };
    },
  };
}

export type TorrentMode = 'v1' | 'v2' | 'hybrid';

export interface InfoHashes {
  /** Hex, where the torrent has it. */
  readonly v1: string | undefined;
  readonly v2: string | undefined;
}

/** Writes a .torrent with libtorrent's own builder. */
export async function createWithLibtorrent(options: {
  readonly path: string;
  readonly output: string;
  readonly mode: TorrentMode;
  readonly pieceLength: number;
  readonly trackers: readonly string[];
}): Promise<InfoHashes> {
  const { path, output, mode, pieceLength, trackers } = options;
  const text = await run([...LIBTORRENT, 'create', path, output, mode, String(pieceLength), ...trackers]);
  const hash = (name: string): string | undefined => new RegExp(`"${name}": "([0-9a-f]+)"`).exec(text)?.[1];
  return { v1: hash('v1'), v2: hash('v2') };
}
