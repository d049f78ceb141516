// Text WebSockets of the browser, as a client of WebSocket trackers.
import { SystemError } from '../core/errors.ts';
import type { WebSocketPort } from '../ports/websocket.ts';

export const webSockets: WebSocketPort = {
  connect: (url, receiver, options) =>
    new Promise((resolve, reject) => {
      let socket: WebSocket;
      try {
        socket = new WebSocket(url);
      } catch (cause) {
        reject(new SystemError('WS_BAD_URL', `not a WebSocket URL: ${url}`, { cause }));
        return;
      }
      let opened = false;
      const close = (): void => {
        socket.close();
      };
      const timer = setTimeout(close, options.timeoutMs);
      options.signal.addEventListener('abort', close, { once: true });
      socket.addEventListener('open', () => {
        opened = true;
        clearTimeout(timer);
        resolve({
          send: (text) => {
            if (socket.readyState === WebSocket.OPEN) socket.send(text);
          },
          close,
        });
      });
      socket.addEventListener('message', (event: MessageEvent<unknown>) => {
        if (typeof event.data === 'string') receiver.onText(event.data);
      });
      socket.addEventListener('close', () => {
        clearTimeout(timer);
        options.signal.removeEventListener('abort', close);
        if (opened) receiver.onClose();
        else reject(new SystemError('WS_FAILED', `could not connect to ${url}`));
      });
    }),
};
