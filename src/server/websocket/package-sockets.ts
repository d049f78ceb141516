// WebSockets of the package `ws`: under Bun that name stands for what is built into it.
import { WebSocketServer, type RawData } from 'ws';
import { MAX_MESSAGE_BYTES, type SocketAcceptor } from './text-socket.ts';

export function createPackageSockets(): SocketAcceptor {
  const acceptor = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE_BYTES,
    // A deflate context for each of thousands of idle peers would cost far more than it saves.
    perMessageDeflate: false,
  });
  return {
    accept: ({ request, socket, head }, serve) => {
      acceptor.handleUpgrade(request, socket, head, (client) => {
        const receiver = serve({
          get unsentBytes() {
            return client.bufferedAmount;
          },
          send: (text) => {
            client.send(text);
          },
          ping: () => {
            client.ping();
          },
          close: (code) => {
            client.close(code);
          },
          terminate: () => {
            client.terminate();
          },
        });
        if (receiver === undefined) {
          client.terminate();
          return;
        }
        client.on('message', (data: RawData, isBinary: boolean) => {
          receiver.alive();
          if (!isBinary) receiver.text(textOf(data));
        });
        client.on('pong', () => {
          receiver.alive();
        });
        client.on('error', () => {
          client.terminate();
        });
        client.on('close', () => {
          receiver.closed();
        });
      });
    },
    close: () => {
      acceptor.close();
    },
  };
}

function textOf(data: RawData): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString('utf8');
  return Buffer.isBuffer(data) ? data.toString('utf8') : Buffer.from(data).toString('utf8');
}
