// What every BitTorrent client looks like to a test: one process that seeds or downloads one torrent.
import { setTimeout } from 'node:timers/promises';
import type { Host } from '../network.ts';
import type { RunningProcess } from '../processes.ts';

export interface PeerJob {
  readonly role: 'seed' | 'leech';
  /** Path of a .torrent, or a magnet link. */
  readonly source: string;
  /** Folder that holds, or will hold, the content under its name. */
  readonly folder: string;
  /** Seed pieces one by one to peers that pass them on, where the client can (BEP 16). */
  readonly superSeeding?: boolean | undefined;
}

export interface RunningPeer {
  readonly process: RunningProcess;
  /** A leech: resolves when the client says that it has all. It goes on seeding. A seed: resolves at once. */
  readonly done: Promise<void>;
}

export interface PeerClient {
  readonly name: string;
  /** Speaks BitTorrent v2 (BEP 52). */
  readonly v2: boolean;
  /** Makes the empty files of a torrent. */
  readonly emptyFiles: boolean;
  start(host: Host, job: PeerJob): Promise<RunningPeer>;
}

/** The port that all clients listen on: each has a host to itself. */
export const PEER_PORT = 51413;

/** Resolves when the download is whole; rejects after `seconds` with what the client has said. */
export async function finished(peer: RunningPeer, seconds = 60): Promise<void> {
  const stop = new AbortController();
  const late = setTimeout(seconds * 1000, undefined, { signal: stop.signal }).then(() => {
    throw new Error(`not whole after ${String(seconds)} s; the client says:\n${peer.process.output}`);
  });
  try {
    await Promise.race([peer.done, late]);
  } finally {
    stop.abort();
    late.catch(() => undefined);
  }
}
