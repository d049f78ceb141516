// Who is here: one row for each peer and each direct download, and who has which part. Rows are kept from one showing to
// the next, so that nobody loses their place in the table.
import { formatBytes, printable } from '../core/format.ts';
import { colours } from './canvas.ts';
import { element, setText } from './dom.ts';
import type { PeerRow, Swarm } from './operator-api.ts';
import { OPERATOR_STRINGS as STRINGS } from './operator-strings.ts';

export interface SwarmParts {
  readonly rows: HTMLElement;
  readonly note: HTMLElement;
  readonly map: HTMLCanvasElement;
  readonly mapNote: HTMLElement;
}

const FULL = 255;
const PARTS = 256;

export class SwarmTable {
  readonly #parts: SwarmParts;
  readonly #rows: Row[] = [];

  constructor(parts: SwarmParts) {
    this.#parts = parts;
  }

  show({ peers, peerCount, map }: Swarm): void {
    const { rows, note, mapNote } = this.#parts;
    while (this.#rows.length < peers.length) {
      const row = createRow();
      this.#rows.push(row);
      rows.append(row.node);
    }
    for (const extra of this.#rows.splice(peers.length)) extra.node.remove();
    const shown = colours(rows, 'accent', 'line');
    for (const [i, peer] of peers.entries()) this.#rows[i]?.show(peer, shown);
    const cut = peers.length < peerCount ? STRINGS.peersShown(peers.length, peerCount) : '';
    setText(note, peerCount === 0 ? STRINGS.nobody : cut);
    const most = Math.max(0, ...map.copies);
    const text =
      most === 0
        ? STRINGS.mapNothing
        : STRINGS.map(map.pieces, Math.floor(Math.min(...map.copies)), Math.ceil(most));
    setText(mapNote, text);
    this.#parts.map.setAttribute('aria-label', text);
    paint(
      this.#parts.map,
      map.copies.map((value) => (most === 0 ? 0 : value / most)),
      shown,
    );
  }
}

interface Row {
  readonly node: HTMLElement;
  show(peer: PeerRow, shown: Shown): void;
}

type Shown = Readonly<Record<'accent' | 'line', string>>;

function createRow(): Row {
  const texts = STRINGS.labels.map(() => element('span'));
  const strip = element('canvas', { width: String(PARTS), height: '1', 'aria-hidden': 'true' });
  const cells = STRINGS.labels.map((label, i) =>
    element(
      i === 0 ? 'th' : 'td',
      { 'data-label': label, scope: i === 0 ? 'row' : undefined, class: CLASSES[i] },
      texts[i],
      i === HAS ? strip : undefined,
    ),
  );
  let painted = '';
  return {
    node: element('tr', {}, ...cells),
    show: (peer, shown) => {
      for (const [i, text] of wordsOf(peer).entries()) setText(texts[i] ?? cells[0] ?? strip, text);
      const parts = `${shown.accent} ${peer.parts}`;
      strip.hidden = peer.parts === '';
      if (parts === painted) return;
      painted = parts;
      paint(strip, sharesOf(peer.parts), shown);
    },
  };
}

const HAS = 3;
const CLASSES = [...['address', 'client', undefined, 'has'], ...['size', 'size', 'size', 'state']] as const;

function wordsOf(peer: PeerRow): string[] {
  const { transports } = STRINGS;
  const way = peer.transport in transports ? transports[peer.transport as keyof typeof transports] : '';
  return [
    peer.address === '' ? STRINGS.noAddress : peer.address,
    programOf(peer.client),
    peer.encrypted ? `${way}, ${STRINGS.flags.encrypted}` : way,
    peer.progress === null ? '–' : STRINGS.percent(Math.floor(peer.progress * 100) / 100),
    rate(peer.sendingRate),
    formatBytes(peer.sent),
    rate(peer.receivingRate),
    stateOf(peer),
  ];
}

/** A browser says half a line of which little is true. */
function programOf(text: string): string {
  if (text === '') return STRINGS.noProgram;
  const match = /(Firefox|Edg|OPR|HeadlessChrome|Chrome|Version)\/(\d+)/.exec(text);
  if (!text.startsWith('Mozilla/') || match === null) return printable(text);
  const [, name = '', version = ''] = match;
  return STRINGS.browser(BROWSERS[name] ?? name, version);
}

const BROWSERS: Readonly<Record<string, string>> = {
  ...{ Edg: 'Edge', OPR: 'Opera', HeadlessChrome: 'Chrome', Version: 'Safari' },
};

function stateOf({ transport, interested, choked, outgoing }: PeerRow): string {
  const { flags } = STRINGS;
  if (transport === 'http') return flags.direct;
  const state = !interested ? flags.idle : choked ? flags.waiting : flags.served;
  return outgoing ? `${state}, ${flags.outgoing}` : state;
}

function rate(bytes: number): string {
  return bytes < 1 ? '–' : `${formatBytes(bytes)}/s`;
}

/** 0..1 of each part, of two hex digits each. */
function sharesOf(hex: string): number[] {
  return Array.from({ length: hex.length / 2 }, (_, i) => parseInt(hex.slice(2 * i, 2 * i + 2), 16) / FULL);
}

/** One column of pixels for each part, stretched by the style. */
function paint(canvas: HTMLCanvasElement, shares: readonly number[], { accent, line }: Shown): void {
  const context = canvas.getContext('2d');
  if (context === null) return;
  canvas.width = Math.max(1, shares.length);
  context.fillStyle = line;
  context.fillRect(0, 0, canvas.width, 1);
  context.fillStyle = accent;
  for (const [i, share] of shares.entries()) {
    context.globalAlpha = share;
    context.fillRect(i, 0, 1, 1);
  }
  context.globalAlpha = 1;
}
