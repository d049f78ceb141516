// A connection of the system's own as a socket of the runtime.
import { Socket, type TcpNetConnectOpts } from 'node:net';

/** `fd` is an open TCP connection, which the socket owns from now on. */
export function socketOf(fd: number): Socket {
  if (process.versions['bun'] === undefined) return new Socket({ fd, readable: true, writable: true });
  // Bun takes descriptors here, which the types leave out, and sockets made from one as above are closed to it.
  const socket = new Socket();
  const given: object = { fd };
  socket.connect(given as TcpNetConnectOpts);
  return socket;
}
