// Chromium without playwright, which has browsers keep the bodies of responses: memory that no visitor's takes.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import WebSocket from 'ws';
import { EXECUTABLE, FLAGS } from './browser.ts';
import { descendants, readProc, until } from './processes.ts';
import type { Stage } from './stage.ts';

const START_MS = 30_000;

type Fields = Readonly<Record<string, unknown>>;

/** One page of a browser that ends with the stage, by the DevTools protocol. */
export class BarePage {
  readonly #socket: WebSocket;
  readonly #browserPid: number;
  readonly #waiting = new Map<number, (answer: Fields) => void>();
  #session: string | undefined;
  #next = 1;

  private constructor(socket: WebSocket, browserPid: number) {
    this.#socket = socket;
    this.#browserPid = browserPid;
    socket.on('message', (data) => {
      const answer = parse(data instanceof Buffer ? data.toString('utf8') : '{}');
      this.#waiting.get(Number(answer['id']))?.(answer);
    });
  }

  /** `downloads` is where the browser saves what the page gives it. */
  static async open(
    stage: Stage,
    folders: { readonly profile: string; readonly downloads: string },
  ): Promise<BarePage> {
    const flags = ['--remote-debugging-port=0', `--user-data-dir=${folders.profile}`];
    const browser = stage.start([EXECUTABLE, ...FLAGS, ...flags, 'about:blank']);
    const portFile = join(folders.profile, 'DevToolsActivePort');
    const read = async (): Promise<string | undefined> => readFile(portFile, 'utf8').catch(() => undefined);
    const [port = '', path = ''] = (await until('DevTools', read, { timeoutMs: START_MS })).split('\n');
    const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, { perMessageDeflate: false });
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
    stage.onClose(() => {
      socket.terminate();
    });
    const page = new BarePage(socket, browser.pid);
    await page.#call('Browser.setDownloadBehavior', { behavior: 'allow', downloadPath: folders.downloads });
    const { targetId } = await page.#call('Target.createTarget', { url: 'about:blank' });
    const { sessionId } = await page.#call('Target.attachToTarget', { targetId, flatten: true });
    page.#session = String(sessionId);
    return page;
  }

  async goto(url: string): Promise<void> {
    await this.#call('Page.navigate', { url });
  }

  /** The value of an expression, awaited. */
  async evaluate(expression: string): Promise<unknown> {
    const asked = { expression, awaitPromise: true, returnByValue: true };
    const { result, exceptionDetails } = await this.#call('Runtime.evaluate', asked);
    if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails));
    return fieldsOf(result)['value'];
  }

  /** What a function gives that is called in the page; it may use nothing from around it. */
  async run<A, T>(action: (argument: A) => T | Promise<T>, argument: A): Promise<T> {
    // Only the page knows what comes back; the type is that of the function.
    return (await this.evaluate(`(${String(action)})(${JSON.stringify(argument)})`)) as T;
  }

  /** Bytes of memory of the largest of the browser's pages, its share of what is shared (PSS). */
  pageMemory(): number {
    const pages = descendants(this.#browserPid).filter((pid) =>
      readProc(`/proc/${String(pid)}/cmdline`).includes('--type=renderer'),
    );
    return Math.max(0, ...pages.map(proportionalBytes));
  }

  async #call(method: string, params: Fields): Promise<Fields> {
    const id = this.#next++;
    const answer = await new Promise<Fields>((resolve) => {
      this.#waiting.set(id, resolve);
      this.#socket.send(JSON.stringify({ id, method, params, sessionId: this.#session }));
    });
    this.#waiting.delete(id);
    if (answer['error'] !== undefined) throw new Error(`${method}: ${JSON.stringify(answer['error'])}`);
    return fieldsOf(answer['result']);
  }
}

function proportionalBytes(pid: number): number {
  return 1024 * Number(/^Pss:\s+(\d+) kB/m.exec(readProc(`/proc/${String(pid)}/smaps_rollup`))?.[1] ?? 0);
}

function parse(text: string): Fields {
  return fieldsOf(JSON.parse(text));
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
