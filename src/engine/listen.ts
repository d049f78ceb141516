// Opens a session's port: every transport that can listen, and UDP, all on the same number.
import { SystemError } from '../core/errors.ts';
import type { DatagramSocket } from '../ports/datagram.ts';
import type { Listener, Stream } from '../ports/transport.ts';
import type { SessionOptions } from './api.ts';
import type { Env } from './env.ts';

export interface OpenPort {
  /** 0 where nothing can listen. */
  readonly port: number;
  readonly listeners: readonly Listener[];
  readonly socket: DatagramSocket | undefined;
}

/** A port that is free for TCP may be taken for UDP: how often another one is tried. */
const ATTEMPTS = 8;

/** Rejects with SystemError LISTEN_*. */
export async function openPort(
  options: Pick<SessionOptions, 'port' | 'host'>,
  env: Pick<Env, 'transports' | 'datagram'>,
  onStream: (stream: Stream) => void,
): Promise<OpenPort> {
  const { port = 0, host } = options;
  for (let attempt = 1; ; attempt++) {
    const opened: { port: number; listeners: Listener[] } = { port, listeners: [] };
    try {
      for (const transport of env.transports) {
        const listener = await transport.listen({ port: opened.port, host }, onStream);
        opened.port = listener.port;
        opened.listeners.push(listener);
      }
      const socket = await env.datagram?.bind({ port: opened.port, host });
      return { port: opened.port, listeners: opened.listeners, socket };
    } catch (error) {
      await Promise.all(opened.listeners.map((listener) => listener.close()));
      if (!(error instanceof SystemError) || port !== 0 || attempt === ATTEMPTS) throw error;
    }
  }
}
