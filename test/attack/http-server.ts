// A web server of an attacker, on the loopback: it answers as it is told, and counts what it was asked for.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

export class EvilServer {
  /** Paths with their queries, in the order in which they were asked for. */
  readonly asked: string[] = [];
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(answer: Answer): Promise<EvilServer> {
    const server = createServer();
    const evil = new EvilServer(server);
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      evil.asked.push(request.url ?? '');
      answer(request, response);
    });
    // Both loopbacks: what `localhost` means first differs.
    server.listen(0, 'localhost');
    await once(server, 'listening');
    return evil;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** `host` may be a name that leads to the loopback. */
  url(path = '/', host = 'localhost'): string {
    return `http://${host}:${String(this.port)}${path}`;
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}
