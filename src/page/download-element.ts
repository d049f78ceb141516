// <swarmpress-download src="film.torrent">: a download button that any page can use. Attributes:
//   src     URL of a .torrent (relative to the page; other origins need CORS) or a magnet link
//   page    address to share, by default this page's
//   magnet  link to share and to hand to torrent apps
//   direct  URL of the content over plain HTTP, as a way out
//   worker  URL of stream-worker.js on this origin: saves and plays while it loads
//   embed   URL of embed.js, for the snippet that is shared
//   untitled  the page around says what this is
import { Controller } from './controller.ts';
import { elementStyles } from './element-styles.ts';
import { View } from './view.ts';

const NAME = 'swarmpress-download';
const LOOK_MS = 250;

/** What is behind one element while it is in the page. */
class Host {
  readonly #element: HTMLElement;
  #controller: Controller | undefined;
  #view: View | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(element: HTMLElement) {
    this.#element = element;
  }

  open(): void {
    const src = this.#option('src');
    if (src === undefined || this.#controller !== undefined) return;
    const root = this.#element.shadowRoot ?? this.#element.attachShadow({ mode: 'open' });
    const styles = new CSSStyleSheet();
    styles.replaceSync(elementStyles());
    root.adoptedStyleSheets = [styles];
    const controller = new Controller({ src, worker: this.#option('worker'), workerUrl: foreignWorker() });
    const view = new View(controller, {
      page: this.#option('page') ?? location.href,
      magnet: this.#option('magnet') ?? (src.startsWith('magnet:') ? src : undefined),
      direct: this.#option('direct'),
      embed: this.#snippet(src),
      isTitled: this.#option('untitled') === undefined,
    });
    root.replaceChildren(view.node);
    this.#controller = controller;
    this.#view = view;
    this.#timer = setInterval(() => {
      view.update();
    }, LOOK_MS);
    view.update();
    void begin(controller);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#view?.close();
    void this.#controller?.close();
    this.#controller = undefined;
  }

  #option(name: string): string | undefined {
    return this.#element.getAttribute(name) ?? undefined;
  }

  #snippet(src: string): string | undefined {
    const script = this.#option('embed');
    if (script === undefined) return undefined;
    const absolute = (url: string): string => new URL(url, document.baseURI).href;
    const source = src.startsWith('magnet:') ? src : absolute(src);
    return `<script type="module" src="${absolute(script)}"></script>\n<${NAME} src="${source}"></${NAME}>`;
  }
}

/** On another origin's page our worker has to be imported by one of that origin (see DownloadOptions.workerUrl). */
function foreignWorker(): string | undefined {
  // Not inside `new URL`: bundlers would take the worker for a file to copy as it is.
  const here = import.meta.url;
  return new URL(here).origin === location.origin ? undefined : new URL('./content-worker.js', here).href;
}

async function begin(controller: Controller): Promise<void> {
  await controller.load();
  // After a reload, or when the visitor comes back, it goes on where it was.
  if (controller.wasStarted && controller.error === undefined) await controller.goOn();
}

/**
 * Makes `<swarmpress-download>` known to the page. Again is no harm.
 * @example
 * defineDownloadElement(); // then in HTML: <swarmpress-download src="film.torrent"></swarmpress-download>
 */
export function defineDownloadElement(): void {
  if (customElements.get(NAME) !== undefined) return;
  // Made here, so that the module can be imported where there is no DOM.
  class SwarmpressDownload extends HTMLElement {
    readonly #host = new Host(this);

    connectedCallback(): void {
      this.#host.open();
    }

    disconnectedCallback(): void {
      this.#host.close();
    }
  }
  customElements.define(NAME, SwarmpressDownload);
}
