// One WebSocket to a tracker for many torrents: a frame that comes goes to those that announce its info hash. To each of
// them it looks like a socket of its own.
// Law: whoever leaves hears `onClose` once, as does everybody when the socket goes; the last to leave closes it.
import { SystemError } from '../core/errors.ts';
import type { TextSocket, TextSocketReceiver, WebSocketPort } from '../ports/websocket.ts';

type ConnectOptions = Parameters<WebSocketPort['connect']>[2];

interface User {
  readonly receiver: TextSocketReceiver;
  /** What it announces; undefined until it has. */
  infoHash: string | undefined;
}

/** Our tracker takes 200 torrents on a connection, others as many or more. */
const MAX_USERS = 200;

export function shareSockets(port: WebSocketPort): WebSocketPort {
  const lines = new Set<Line>();
  return {
    connect: async (url, receiver, options) => {
      const open = [...lines].find((line) => line.url === url && line.hasRoom);
      const line = open ?? new Line(url, { port, options, onEnd: (ended) => lines.delete(ended) });
      lines.add(line);
      return line.join(receiver, options.signal);
    },
  };
}

interface LineDeps {
  readonly port: WebSocketPort;
  readonly options: ConnectOptions;
  readonly onEnd: (line: Line) => void;
}

/** One connection and whoever uses it. */
class Line {
  readonly url: string;
  readonly #users = new Set<User>();
  readonly #byHash = new Map<string, Set<User>>();
  readonly #abort = new AbortController();
  readonly #socket: Promise<TextSocket>;
  readonly #onEnd: (line: Line) => void;
  #isOpen = false;

  constructor(url: string, { port, options, onEnd }: LineDeps) {
    this.url = url;
    this.#onEnd = onEnd;
    const receiver: TextSocketReceiver = {
      onText: (text) => {
        this.#receive(text);
      },
      onClose: (error) => {
        this.#end(error);
      },
    };
    const { timeoutMs } = options;
    this.#socket = port.connect(url, receiver, { timeoutMs, signal: this.#abort.signal });
  }

  get hasRoom(): boolean {
    return this.#users.size < MAX_USERS;
  }

  async join(receiver: TextSocketReceiver, signal: AbortSignal): Promise<TextSocket> {
    const user: User = { receiver, infoHash: undefined };
    this.#users.add(user);
    let isOpen = false;
    const leave = (): void => {
      signal.removeEventListener('abort', leave);
      if (this.#forget(user) && isOpen) receiver.onClose();
    };
    signal.addEventListener('abort', leave);
    const socket = await this.#connected(user, leave);
    isOpen = true;
    return {
      send: (text) => {
        if (!this.#users.has(user)) return;
        if (user.infoHash === undefined) this.#name(user, infoHashOf(text));
        socket.send(text);
      },
      // As of a socket of its own: the word that it is closed comes later.
      close: () => {
        queueMicrotask(leave);
      },
    };
  }

  /** Rejects with SystemError WS_* where there is no connection, or the user has left before it was there. */
  async #connected(user: User, leave: () => void): Promise<TextSocket> {
    try {
      const socket = await this.#socket;
      this.#isOpen = true;
      if (this.#users.has(user)) return socket;
    } catch (error) {
      leave();
      throw error;
    }
    throw new SystemError('WS_FAILED', `gave up ${this.url}`);
  }

  #name(user: User, infoHash: string | undefined): void {
    if (infoHash === undefined) return;
    user.infoHash = infoHash;
    const known = this.#byHash.get(infoHash) ?? new Set();
    known.add(user);
    this.#byHash.set(infoHash, known);
  }

  #receive(text: string): void {
    const infoHash = infoHashOf(text);
    // A refusal of the connection names no torrent: it is meant for all.
    const meant = infoHash === undefined ? this.#users : (this.#byHash.get(infoHash) ?? []);
    for (const { receiver } of [...meant]) receiver.onText(text);
  }

  /** False where it had left before. */
  #forget(user: User): boolean {
    if (!this.#users.delete(user)) return false;
    const known = user.infoHash === undefined ? undefined : this.#byHash.get(user.infoHash);
    known?.delete(user);
    if (known?.size === 0 && user.infoHash !== undefined) this.#byHash.delete(user.infoHash);
    if (this.#users.size === 0) this.#hangUp();
    return true;
  }

  #hangUp(): void {
    this.#onEnd(this);
    if (!this.#isOpen) this.#abort.abort();
    this.#socket.then(
      (socket) => {
        socket.close();
      },
      () => undefined,
    );
  }

  #end(error: Error | undefined): void {
    this.#onEnd(this);
    const users = [...this.#users];
    this.#users.clear();
    this.#byHash.clear();
    for (const { receiver } of users) receiver.onClose(error);
  }
}

/** Undefined where the frame names none, or is none. */
function infoHashOf(text: string): string | undefined {
  try {
    const frame: unknown = JSON.parse(text);
    if (typeof frame !== 'object' || frame === null || !('info_hash' in frame)) return undefined;
    return typeof frame.info_hash === 'string' ? frame.info_hash : undefined;
  } catch {
    return undefined;
  }
}
