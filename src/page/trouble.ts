// Why the download does not go on, and the ways out: asked again, by plain HTTP, with a torrent app.
import type { DownloadSnapshot } from '../web/download-api.ts';
import type { ControllerError } from './controller.ts';
import { button, element, setShown, setText } from './dom.ts';
import { STRINGS, type Trouble } from './strings.ts';

export interface TroubleLinks {
  readonly onRetry: () => void;
  readonly direct: string | undefined;
  readonly magnet: string | undefined;
}

export interface TroublePart {
  readonly node: HTMLElement;
  update(trouble: Trouble | undefined): void;
}

export function createTrouble({ onRetry, direct, magnet }: TroubleLinks): TroublePart {
  const title = element('strong');
  const text = element('p');
  const ways = element(
    'div',
    { class: 'row' },
    button(STRINGS.button.retry, onRetry, { class: 'quiet' }),
    direct === undefined ? undefined : link(direct, STRINGS.button.direct),
    magnet === undefined ? undefined : link(magnet, STRINGS.button.app),
  );
  const node = element('div', { class: 'trouble', hidden: true }, title, text, ways);
  return {
    node,
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

function link(href: string, text: string): HTMLAnchorElement {
  return element('a', { href, class: 'quiet' }, text);
}
