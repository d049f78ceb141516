// Text WebSockets over the ws package, as a client of WebSocket trackers.
import type WebSocket from 'ws';
import { SystemError } from '../core/errors.ts';
import type { WebSocketPort } from '../ports/websocket.ts';

/** Frames of a tracker are small; the parser has its own, tighter cap. */
const MAX_PAYLOAD_BYTES = 512 * 1024;

/** WebSockets as a WebSocketPort. */
export const webSocketPort: WebSocketPort = {
  connect: async (url, receiver, options) => {
    // Most torrents have no such tracker: the package is loaded with the first.
    const { default: WebSocket } = await import('ws');
    if (options.signal.aborted) throw new SystemError('WS_FAILED', `gave up ${url}`);
    return new Promise((resolve, reject) => {
      let socket: WebSocket;
      try {
        socket = new WebSocket(url, { handshakeTimeout: options.timeoutMs, maxPayload: MAX_PAYLOAD_BYTES });
      } catch (cause) {
        reject(new SystemError('WS_BAD_URL', `not a WebSocket URL: ${url}`, { cause }));
        return;
      }
      let opened = false;
      let failure: Error | undefined;
      const abort = (): void => {
        socket.terminate();
      };
      options.signal.addEventListener('abort', abort, { once: true });
      socket.on('error', (error) => {
        failure = error;
      });
      socket.on('open', () => {
        opened = true;
        resolve({
          send: (text) => {
            if (socket.readyState === WebSocket.OPEN) socket.send(text);
          },
          close: () => {
            socket.close();
          },
        });
      });
      socket.on('message', (data, isBinary) => {
        if (!isBinary && Buffer.isBuffer(data)) receiver.onText(data.toString('utf8'));
      });
      socket.on('close', () => {
        options.signal.removeEventListener('abort', abort);
        if (opened) receiver.onClose(failure);
        else reject(new SystemError('WS_FAILED', `could not connect to ${url}`, { cause: failure }));
      });
    });
  },
};
