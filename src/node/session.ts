// The session as a library user meets it: an environment of its own, closed with it.
import type { Session as EngineSession, SessionOptions } from '../engine/api.ts';
import { createSession } from '../engine/session.ts';
import { createNodeEnv, type NodeEnvOptions } from './env.ts';

export interface NodeSessionOptions extends SessionOptions, NodeEnvOptions {}

/** Torrents over one port; see `Session.create`. */
export type Session = EngineSession;

export const Session: {
  /**
   * Opens a session. Rejects with SystemError LISTEN_* when the port cannot be had.
   * @example
   * const session = await Session.create({ port: 6881 });
   * const torrent = await session.add(await readFile('film.torrent'), { folder: 'downloads' });
   * await torrent.done();
   * await session.close();
   */
  create(options?: NodeSessionOptions): Promise<Session>;
} = { create: openSession };

async function openSession(options: NodeSessionOptions = {}): Promise<Session> {
  const env = createNodeEnv(options);
  try {
    return withEnv(await createSession(options, env), () => env.close());
  } catch (error) {
    await env.close();
    throw error;
  }
}

function withEnv(session: EngineSession, closeEnv: () => Promise<void>): Session {
  let closing: Promise<void> | undefined;
  return {
    get port() {
      return session.port;
    },
    get torrents() {
      return session.torrents;
    },
    portMappings: () => session.portMappings(),
    dhtNodes: () => session.dhtNodes(),
    add: (source, options) => session.add(source, options),
    setLimits: (limits) => {
      session.setLimits(limits);
    },
    close: () => {
      closing ??= session.close().finally(closeEnv);
      return closing;
    },
  };
}
