// The tracker's ports in one thread: TCP and UDP on one number, and a second TCP port for HTTPS.
import { SystemError } from '../core/errors.ts';
import { listenTcp, type TcpListener } from './listen.ts';
import type { TrackerSettings } from './options.ts';
import { createUdpFrontend, type UdpFrontend, type UdpFrontendDeps } from './udp-frontend.ts';

/** Ports tried where TCP got a free one that UDP does not. */
const PORT_ATTEMPTS = 8;

export interface OpenPorts {
  readonly port: number;
  /** Of the second TCP port; undefined without one. */
  readonly tlsPort: number | undefined;
  close(): Promise<void>;
}

export interface OpenPortsDeps {
  readonly accept: Parameters<typeof listenTcp>[1];
  readonly udp: UdpFrontendDeps;
}

/** Rejects with SystemError LISTEN_*; then nothing stays open. */
export async function openPorts(settings: TrackerSettings, deps: OpenPortsDeps): Promise<OpenPorts> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await openOnce(settings, deps);
    } catch (error) {
      const taken = error instanceof SystemError && error.code === 'LISTEN_ADDRESS_IN_USE';
      if (!taken || settings.port !== 0 || attempt === PORT_ATTEMPTS) throw error;
    }
  }
}

async function openOnce(settings: TrackerSettings, deps: OpenPortsDeps): Promise<OpenPorts> {
  const { host, port, tlsPort, maxConnections } = settings;
  const open: (TcpListener | UdpFrontend)[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(open.map((each) => each.close()));
  };
  const listen = async (at: number): Promise<TcpListener> => {
    const listener = await listenTcp({ port: at, host, maxConnections }, deps.accept);
    open.push(listener);
    return listener;
  };
  try {
    const onTcp = settings.http || settings.ws;
    const tcp = onTcp ? await listen(port) : undefined;
    const tls = onTcp && tlsPort !== 0 ? await listen(tlsPort) : undefined;
    let udp: UdpFrontend | undefined;
    if (settings.udp) {
      udp = await createUdpFrontend({ port: tcp?.port ?? port, host }, deps.udp);
      open.push(udp);
    }
    return { port: tcp?.port ?? udp?.port ?? 0, tlsPort: tls?.port, close };
  } catch (error) {
    await close();
    throw error;
  }
}
