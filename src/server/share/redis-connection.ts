// Connections to Redis or Valkey through the package `redis`, which is loaded only here and only when it is asked for.
import { UsageError } from '../../core/errors.ts';
import type { Log } from '../../ports/log.ts';

/** What we use of a client; replies are integers, bytes and lists of them. */
export interface RedisConnection {
  readonly isReady: boolean;
  send(command: readonly (string | Uint8Array)[]): Promise<unknown>;
  subscribe(channel: string, receive: (message: Uint8Array) => void): Promise<void>;
  close(): void;
}

export interface RedisEvents {
  /** Connected, for the first time or again. */
  readonly onReady: () => void;
  readonly onLost: () => void;
}

export interface RedisAddress {
  readonly url: string | undefined;
  readonly socketPath: string | undefined;
  readonly database: number;
  /** In front of every key. */
  readonly prefix: string;
  /** For people: without user and password. */
  readonly shown: string;
}

const CONNECT_TIMEOUT_MS = 3000;
const MAX_RETRY_MS = 2000;
/** A connection on which nothing comes back is noticed by this. */
const PING_MS = 5000;

/** Takes redis://, rediss:// and redis+unix:///path URLs, with ?prefix=; throws UsageError STORE_BAD_URL. */
export function parseRedisUrl(text: string): RedisAddress {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['redis:', 'rediss:', 'redis+unix:'].includes(url.protocol)) {
    throw new UsageError(
      'STORE_BAD_URL',
      'a store is `memory`, redis://host:port, rediss:// or redis+unix:///path',
    );
  }
  const prefix = url.searchParams.get('prefix') ?? 'swarmpress:';
  const unix = url.protocol === 'redis+unix:';
  const database = Number(unix ? (url.searchParams.get('db') ?? '0') : url.pathname.slice(1) || '0');
  if (!Number.isInteger(database) || database < 0) {
    throw new UsageError('STORE_BAD_URL', `not the number of a database: ${url.pathname.slice(1)}`);
  }
  url.search = '';
  return {
    url: unix ? undefined : url.href,
    socketPath: unix ? decodeURIComponent(url.pathname) : undefined,
    database,
    prefix,
    shown: unix ? url.pathname : url.host,
  };
}

/** Begins to connect and goes on until it is closed. Rejects with UsageError STORE_PACKAGE_MISSING. */
export async function connectRedis(
  address: RedisAddress,
  events: RedisEvents,
  log: Log,
): Promise<RedisConnection> {
  const { createClient, RESP_TYPES } = await import('redis').catch((error: unknown) => {
    throw new UsageError(
      'STORE_PACKAGE_MISSING',
      'a Redis store needs the package `redis`: npm install redis',
      { cause: error },
    );
  });
  const reconnectStrategy = (retries: number): number =>
    Math.min(MAX_RETRY_MS, 50 * 2 ** Math.min(retries, 8)) + (retries % 7) * 10;
  const client = createClient({
    ...(address.url === undefined ? {} : { url: address.url }),
    socket: {
      ...(address.socketPath === undefined ? {} : { path: address.socketPath }),
      connectTimeout: CONNECT_TIMEOUT_MS,
      reconnectStrategy,
    },
    database: address.database,
    RESP: 2,
    // What cannot be sent now waits in our journal, not in the client.
    disableOfflineQueue: true,
    pingInterval: PING_MS,
    commandOptions: { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } },
  });
  client.on('ready', events.onReady);
  client.on('error', (error: Error) => {
    log.debug('redis', { reason: error.message });
    events.onLost();
  });
  client.connect().catch(() => {
    // Closed before it ever connected.
  });
  return {
    get isReady() {
      return client.isReady;
    },
    send: (command) => client.sendCommand(command.map(toArgument)),
    subscribe: async (channel, receive) => {
      await client.subscribe(
        channel,
        (message: Buffer) => {
          receive(new Uint8Array(message));
        },
        true,
      );
    },
    close: () => {
      client.destroy();
    },
  };
}

function toArgument(value: string | Uint8Array): string | Buffer {
  return typeof value === 'string' ? value : Buffer.from(value.buffer, value.byteOffset, value.byteLength);
}
