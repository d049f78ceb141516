// Debian's redis-server on a socket of its own, without files.
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RunningProcess, until } from './processes.ts';

export class RedisServer {
  readonly #folder: string;
  #process: RunningProcess | undefined;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async start(): Promise<RedisServer> {
    const server = new RedisServer(await mkdtemp(join(tmpdir(), 'redis-')));
    await server.start();
    return server;
  }

  get url(): string {
    return `redis+unix://${this.#socket}`;
  }

  get #socket(): string {
    return join(this.#folder, 'redis.sock');
  }

  async start(): Promise<void> {
    const options = ['--port', '0', '--unixsocket', this.#socket, '--save', '', '--appendonly', 'no'];
    await rm(this.#socket, { force: true });
    this.#process = new RunningProcess(['redis-server', ...options, '--dir', this.#folder]);
    await until('redis', () => existsSync(this.#socket) || undefined, { timeoutMs: 180_000, everyMs: 20 });
  }

  /** kill -9: nothing is saved. */
  async kill(): Promise<void> {
    await this.#process?.stop();
  }

  async stop(): Promise<void> {
    await this.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
