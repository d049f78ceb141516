// The site's service worker: answers addresses below ~stream/ with bytes that a page of the site is downloading. It
// caches nothing, keeps nothing and leaves every other request alone.
import {
  STREAM_PATH,
  type StreamAnswer,
  type StreamCall,
  type StreamQuestion,
} from '../web/stream-messages.ts';
import { createTidying } from '../web/tidy.ts';

/** What a service worker has beside what pages have. */
interface WorkerEvent extends Event {
  readonly request: Request;
  waitUntil(work: Promise<unknown>): void;
  respondWith(response: Promise<Response>): void;
}

interface WorkerScope {
  readonly registration: { readonly scope: string };
  readonly clients: {
    matchAll(options: { type: 'window'; includeUncontrolled: boolean }): Promise<readonly WorkerClient[]>;
    claim(): Promise<void>;
  };
  skipWaiting(): Promise<void>;
  addEventListener(type: string, listener: (event: WorkerEvent) => void): void;
}

interface WorkerClient {
  postMessage(message: unknown, transfer: Transferable[]): void;
}

type Head = Extract<StreamAnswer, { kind: 'head' }>;

/** A page that is busy answers late; one that is gone never does. */
const ANSWER_MS = 10_000;
/** The chunks that have passed are garbage. */
const tidy = createTidying(24 * 1024 * 1024);

function serveStreams(scope: WorkerScope): void {
  scope.addEventListener('install', (event) => {
    event.waitUntil(scope.skipWaiting());
  });
  scope.addEventListener('activate', (event) => {
    event.waitUntil(scope.clients.claim());
  });
  // Hearing something is enough to live on.
  scope.addEventListener('message', () => undefined);
  scope.addEventListener('fetch', (event) => {
    const prefix = new URL(STREAM_PATH, scope.registration.scope).href;
    if (event.request.url.startsWith(prefix)) {
      const id = event.request.url.slice(prefix.length).split('/')[0] ?? '';
      event.respondWith(answer(scope, id, event.request.headers.get('range')));
    }
  });
}

async function answer(scope: WorkerScope, id: string, range: string | null): Promise<Response> {
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(range ?? '') ?? [];
  const start = Number(from ?? 0);
  const end = to === undefined || to === '' ? undefined : Number(to) + 1;
  const question: StreamQuestion = { swarmpress: 'stream', id, start, end };
  const found = await ask(scope, question);
  if (found === undefined) return new Response('This download is over.\n', { status: 404 });
  const { head, port } = found;
  const headers = new Headers({
    'content-type': head.type,
    'content-length': String(head.end - head.start),
    'accept-ranges': 'bytes',
    'cache-control': 'no-store',
    // Content of strangers gets no origin, no script and no network, however it is opened.
    'content-security-policy': "sandbox; default-src 'none'",
    'x-content-type-options': 'nosniff',
  });
  if (head.isDownload) {
    const name = encodeURIComponent(head.name).replaceAll(/['()*]/g, escaped);
    headers.set('content-disposition', `attachment; filename*=UTF-8''${name}`);
  }
  if (from !== undefined) {
    const last = String(head.end - 1);
    headers.set('content-range', `bytes ${String(head.start)}-${last}/${String(head.length)}`);
  }
  return new Response(bodyOf(port), { status: from === undefined ? 200 : 206, headers });
}

function escaped(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}

/** Asks all pages; the one whose download it is answers. */
async function ask(
  scope: WorkerScope,
  question: StreamQuestion,
): Promise<{ readonly head: Head; readonly port: MessagePort } | undefined> {
  const pages = await scope.clients.matchAll({ type: 'window', includeUncontrolled: true });
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      resolve(undefined);
    }, ANSWER_MS);
    for (const page of pages) {
      const { port1: port, port2 } = new MessageChannel();
      port.onmessage = ({ data }: MessageEvent<StreamAnswer>) => {
        clearTimeout(timer);
        resolve(data.kind === 'head' ? { head: data, port } : undefined);
      };
      page.postMessage(question, [port2]);
    }
  });
}

/** Pulls chunk by chunk: the browser's own download is the back-pressure. */
function bodyOf(port: MessagePort): ReadableStream<Uint8Array> {
  const call = (what: StreamCall): void => {
    port.postMessage(what);
  };
  return new ReadableStream<Uint8Array>(
    {
      pull: (controller) =>
        new Promise((resolve) => {
          port.onmessage = ({ data }: MessageEvent<StreamAnswer>) => {
            if (data.kind === 'chunk') {
              tidy(data.data.length);
              controller.enqueue(data.data);
            } else if (data.kind === 'end') controller.close();
            else controller.error(new Error('the page could not read on'));
            resolve();
          };
          call('pull');
        }),
      cancel: () => {
        call('cancel');
      },
    },
    { highWaterMark: 1 },
  );
}

function isWorkerScope(scope: object): scope is WorkerScope {
  return 'clients' in scope && 'registration' in scope;
}

const scope: object = self;
if (isWorkerScope(scope)) serveStreams(scope);
