// Accepted sockets that read into a buffer of ours. node:net offers that (`onread`) only when a socket is made, and the
// server makes accepted ones: so the system's handle moves to a socket made here. Without it each read allocates
// 64 KiB, which costs a download over an accepted connection a fifth more processor time.
import { Socket, type OnReadOpts, type SocketConstructorOpts } from 'node:net';
import { plainBytes } from './plain-bytes.ts';

/** Node's constructor takes a handle, as its own server does; the types and the manual leave it out. */
interface HandleOptions extends SocketConstructorOpts {
  readonly handle: object;
  readonly onread: OnReadOpts;
}

/**
 * A socket for the same connection that reads as `onread` says once it is resumed. `accepted` comes from a server with
 * `pauseOnConnect`, so that nothing has been read, and is not used any more. Where a runtime has no such handle, the
 * accepted socket itself is returned and hands its own chunks to the callback.
 */
export function adoptSocket(accepted: Socket, onread: OnReadOpts): Socket {
  const handle: unknown = Reflect.get(accepted, '_handle');
  if (typeof handle === 'object' && handle !== null && 'useUserBuffer' in handle) {
    Reflect.set(accepted, '_handle', null);
    // The server counts it as closed; the connection lives on.
    accepted.destroy();
    const options: HandleOptions = { handle, onread };
    return new Socket(options);
  }
  accepted.on('data', (chunk) => {
    onread.callback(chunk.length, plainBytes(chunk));
  });
  accepted.pause();
  return accepted;
}
