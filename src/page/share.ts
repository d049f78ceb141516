// Ways to give the download to more people: the address, the magnet link, QR codes, and a snippet for other websites.
import { encode } from 'uqr';
import { button, element } from './dom.ts';
import { STRINGS } from './strings.ts';

export interface ShareLinks {
  /** The page to send people to. */
  readonly page: string;
  readonly magnet: string | undefined;
  /** HTML that shows this download on another website; undefined where no script can be named. */
  readonly embed: string | undefined;
}

const COPIED_MS = 2000;
const SVG = 'http://www.w3.org/2000/svg';

export function createShare(links: ShareLinks): HTMLDetailsElement {
  const { page, magnet, embed } = links;
  const codes = [createQr(page, STRINGS.qr)];
  return element(
    'details',
    { class: 'share' },
    element('summary', {}, STRINGS.button.share),
    element(
      'div',
      { class: 'share-body' },
      element(
        'div',
        { class: 'share-links' },
        createField(STRINGS.link, page),
        magnet === undefined ? undefined : createField(STRINGS.magnet, magnet),
        embed === undefined ? undefined : createField(STRINGS.embed, embed),
      ),
      ...codes,
    ),
  );
}

function createField(label: string, text: string): HTMLElement {
  const field = element('input', { type: 'text', readonly: true, value: text });
  field.addEventListener('focus', () => {
    field.select();
  });
  const copy = button(STRINGS.button.copy, () => void copyText(text, copy, field), { class: 'quiet' });
  copy.setAttribute('aria-label', `${STRINGS.button.copy}: ${label}`);
  return element('div', { class: 'copy' }, element('label', {}, element('span', {}, label), field), copy);
}

async function copyText(text: string, from: HTMLButtonElement, field: HTMLInputElement): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    from.textContent = STRINGS.button.copied;
    setTimeout(() => (from.textContent = STRINGS.button.copy), COPIED_MS);
  } catch {
    // Refused, or no secure context: the text is selected for the visitor's own hands.
    field.focus();
  }
}

/** Dark squares on white, with the quiet zone that scanners need. */
function createQr(text: string, label: string): SVGElement {
  const { data, size } = encode(text, { border: 2 });
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', `0 0 ${String(size)} ${String(size)}`);
  svg.setAttribute('role', 'img');
  svg.setAttribute('aria-label', label);
  const path = document.createElementNS(SVG, 'path');
  const squares = data.flatMap((row, y) =>
    row.flatMap((dark, x) => (dark ? [`M${String(x)} ${String(y)}h1v1h-1z`] : [])),
  );
  path.setAttribute('d', squares.join(''));
  svg.append(path);
  return svg;
}
