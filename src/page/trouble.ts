// Why the download does not go on, and the ways out: asked again, by plain HTTP, with a torrent app.
import type { DownloadSnapshot } from '../web/download-api.ts';
import type { ControllerError } from './controller.ts';
import { button, element, setShown, setText } from './dom.ts';
import { STRINGS, type Trouble } from './strings.ts';

export interface WaysOut {
  readonly direct: string | undefined;
  readonly magnet: string | undefined;
}

export interface TroubleLinks extends WaysOut {
  readonly onRetry: () => void;
}

export interface TroublePart {
  readonly node: HTMLElement;
  /** Ways out that are known only now; those that were given stay. */
  offer(links: WaysOut): void;
  update(trouble: Trouble | undefined): void;
}

export function createTrouble({ onRetry, direct, magnet }: TroubleLinks): TroublePart {
  const title = element('strong');
  const text = element('p');
  const ways = {
    direct: link(direct, STRINGS.button.direct),
    magnet: link(magnet, STRINGS.button.app),
  };
  const retry = button(STRINGS.button.retry, onRetry, { class: 'quiet' });
  const row = element('div', { class: 'row' }, retry, ways.direct, ways.magnet);
  const node = element('div', { class: 'trouble', hidden: true }, title, text, row);
  return {
    node,
    offer: (links) => {
      lead(ways.direct, links.direct);
      lead(ways.magnet, links.magnet);
    },
    update: (trouble) => {
      setShown(node, trouble !== undefined);
      setText(title, trouble?.title ?? '');
      setText(text, trouble?.text ?? '');
    },
  };
}

/** What stands in the way right now. */
export function troubleOf(now: DownloadSnapshot | undefined, error: ControllerError): Trouble | undefined {
  if (error !== undefined) return STRINGS.failure(error.code, error.message);
  if (now?.error !== undefined) return STRINGS.failure(now.error.code, now.error.message);
  return now?.reason === undefined ? undefined : STRINGS.trouble(now.reason);
}

function link(href: string | undefined, text: string): HTMLAnchorElement {
  const made = element('a', { class: 'quiet', hidden: true }, text);
  lead(made, href);
  return made;
}

function lead(anchor: HTMLAnchorElement, href: string | undefined): void {
  if (href === undefined || anchor.hasAttribute('href')) return;
  anchor.href = href;
  setShown(anchor, true);
}
