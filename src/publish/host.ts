// What publications stand on: tracker and pages on one port, a seeding session on another.
// Law: both ports are open before anything is hashed, and the session is closed before the tracker it says goodbye to.
import { join } from 'node:path';
import type { AccessControl } from '../core/tracker/policy.ts';
import type { ReachOptions, Session } from '../engine/api.ts';
import type { Env } from '../engine/env.ts';
import { createSession } from '../engine/session.ts';
import { createNodeEnv } from '../node/env.ts';
import type { Log } from '../ports/log.ts';
import { createTracker, type Tracker } from '../server/tracker.ts';
import { Door } from './door.ts';
import { DigestThread } from './file-digests.ts';

export interface HostOptions {
  /** TCP and UDP port of page and tracker; 0 picks a free one. */
  readonly port: number;
  /** Port that peers connect to; 0 picks a free one. */
  readonly peerPort: number;
  /** Address to listen on; all by default. */
  readonly host?: string | undefined;
  /** Bytes a second to peers. */
  readonly uploadLimit?: number | undefined;
  /** How peers are found and connected to. A private publication uses neither the DHT nor the local network. */
  readonly reach?: ReachOptions | undefined;
  /** Where torrents and resume data are kept. */
  readonly stateFolder: string;
}

export interface HostDeps {
  readonly log?: Log | undefined;
  /** Who may announce; anybody by default. */
  readonly access?: AccessControl | undefined;
}

export interface PublishHost {
  readonly door: Door;
  readonly env: Env;
  readonly tracker: Tracker;
  readonly session: Session;
  /** The thread for checksums, begun when it is first needed. */
  readonly digestThread: () => DigestThread;
  /** Says goodbye to the trackers and closes everything. */
  close(): Promise<void>;
}

/** Rejects with SystemError LISTEN_*. */
export async function openHost(options: HostOptions, deps: HostDeps): Promise<PublishHost> {
  const door = new Door();
  const env = createNodeEnv({ stateFolder: join(options.stateFolder, 'resume'), log: deps.log });
  const closers: (() => Promise<void>)[] = [() => env.close()];
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    const { port, peerPort, host, uploadLimit } = options;
    const { log, access } = deps;
    const tracker = await createTracker(
      { port, host },
      { log, fallback: door.listener, torrents: door, access },
    );
    closers.push(() => tracker.close());
    const session = await createSession({ ...options.reach, port: peerPort, host, uploadLimit }, env);
    closers.push(() => session.close());
    let thread: DigestThread | undefined;
    closers.push(async () => thread?.close());
    const digestThread = (): DigestThread => (thread ??= new DigestThread());
    return { door, env, tracker, session, digestThread, close };
  } catch (error) {
    await close();
    throw error;
  }
}
