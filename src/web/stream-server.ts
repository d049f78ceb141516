// Gives bytes that are still coming an address on the page's own site, through its service worker: the browser saves
// them as an ordinary download, or plays them. The worker keeps nothing; it asks its pages (see stream-messages.ts).
import { isStreamQuestion, STREAM_PATH, type StreamAnswer, type StreamCall } from './stream-messages.ts';

/** What is behind an address. */
export interface StreamedFile {
  readonly name: string;
  readonly type: string;
  readonly length: number;
  /** Saved instead of shown. */
  readonly isDownload: boolean;
  /** What throws is told as a failed download. */
  open(start: number, end: number): ReadableStream<Uint8Array<ArrayBuffer>>;
  /** The browser has taken all bytes that it asked for, or has given up, or we had to. */
  readonly onEnd?: ((isWhole: boolean) => void) | undefined;
}

/** Browsers end service workers that hear nothing for half a minute. */
const PING_MS = 10_000;

export class StreamServer {
  readonly #registration: ServiceWorkerRegistration;
  readonly #files = new Map<string, StreamedFile>();
  #open = 0;
  readonly #timer: ReturnType<typeof setInterval>;

  private constructor(registration: ServiceWorkerRegistration) {
    this.#registration = registration;
    navigator.serviceWorker.addEventListener('message', this.#onMessage);
    navigator.serviceWorker.startMessages();
    this.#timer = setInterval(() => {
      if (this.#open > 0) registration.active?.postMessage('ping');
    }, PING_MS);
  }

  /** Undefined where the browser or the site has no service worker. */
  static async start(script: URL): Promise<StreamServer | undefined> {
    if (!window.isSecureContext || !('serviceWorker' in navigator)) return undefined;
    if (script.origin !== location.origin) return undefined;
    try {
      await navigator.serviceWorker.register(script);
      return new StreamServer(await navigator.serviceWorker.ready);
    } catch {
      return undefined;
    }
  }

  /** The address; it ends with the page. */
  serve(file: StreamedFile): string {
    const id = crypto.randomUUID();
    this.#files.set(id, file);
    return new URL(`${STREAM_PATH}${id}/${encodeURIComponent(file.name)}`, this.#registration.scope).href;
  }

  close(): void {
    clearInterval(this.#timer);
    navigator.serviceWorker.removeEventListener('message', this.#onMessage);
    this.#files.clear();
  }

  readonly #onMessage = (event: MessageEvent<unknown>): void => {
    const [port] = event.ports;
    if (!isStreamQuestion(event.data) || port === undefined) return;
    const { id, start, end } = event.data;
    const file = this.#files.get(id);
    if (file === undefined) return;
    const stop = Math.min(file.length, end ?? file.length);
    const { name, type, length, isDownload } = file;
    if (start > stop) return;
    const head: StreamAnswer = { kind: 'head', name, type, length, isDownload, start, end: stop };
    try {
      void this.#pump(port, file, file.open(start, stop));
    } catch {
      const failed: StreamAnswer = { kind: 'failed' };
      port.postMessage(failed);
      file.onEnd?.(false);
      return;
    }
    port.postMessage(head);
  };

  async #pump(
    port: MessagePort,
    { onEnd }: StreamedFile,
    stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  ): Promise<void> {
    const reader = stream.getReader();
    const say = (answer: StreamAnswer, transfer: Transferable[] = []): void => {
      port.postMessage(answer, transfer);
    };
    this.#open++;
    const isWhole = await new Promise<boolean>((resolve) => {
      const next = async (): Promise<void> => {
        const { done, value } = await reader.read();
        if (done) {
          say({ kind: 'end' });
          resolve(true);
        } else say({ kind: 'chunk', data: value }, [value.buffer]);
      };
      port.onmessage = (event: MessageEvent<StreamCall>) => {
        if (event.data === 'cancel') {
          reader.cancel().catch(() => undefined);
          resolve(false);
          return;
        }
        next().catch(() => {
          say({ kind: 'failed' });
          resolve(false);
        });
      };
    });
    this.#open--;
    port.close();
    onEnd?.(isWhole);
  }
}
