// What stands between an accepted connection and HTTP, as the settings say: the PROXY header of a trusted proxy comes off
// first, then TLS.
import type { Socket } from 'node:net';
import type { Log } from '../ports/log.ts';
import { createProxyTrust } from './forwarded.ts';
import type { TrackerSettings } from './options.ts';
import { createProxyDoor, type AcceptSocket } from './proxy-door.ts';
import { createTlsDoor } from './tls-door.ts';

export interface Doors {
  readonly accept: (socket: Socket) => void;
  /** Reads the certificate again. */
  reload(): Promise<void>;
  close(): void;
}

/** Before there are any. */
export const NO_DOORS: Doors = {
  accept: (socket) => socket.destroy(),
  reload: () => Promise.resolve(),
  close: () => undefined,
};

/** Rejects with SystemError FILE_* or UsageError TLS_BAD_CERTIFICATE. */
export async function openDoors(
  settings: Pick<TrackerSettings, 'tlsCert' | 'tlsKey' | 'proxyProtocol' | 'trustedProxies'>,
  inside: AcceptSocket,
  log: Log,
): Promise<Doors> {
  const { tlsCert: cert, tlsKey: key } = settings;
  const tls =
    cert === undefined || key === undefined ? undefined : await createTlsDoor({ cert, key }, inside, log);
  const behindProxy = tls?.accept ?? inside;
  const accept = settings.proxyProtocol
    ? createProxyDoor(createProxyTrust(settings.trustedProxies), behindProxy)
    : behindProxy;
  return {
    accept: (socket) => {
      accept(socket);
    },
    reload: async () => {
      await tls?.reload();
    },
    close: () => {
      tls?.close();
    },
  };
}
