// The items of a catalogue: one row each, whose name opens its swarm below.
import { formatBytes, printable } from '../core/format.ts';
import { button, element, setText } from './dom.ts';
import type { ItemRow, Overview } from './operator-api.ts';
import { OPERATOR_STRINGS as STRINGS } from './operator-strings.ts';

export class ItemTable {
  readonly #rows: HTMLElement;
  readonly #note: HTMLElement;
  readonly #open: (key: string) => void;
  readonly #made = new Map<
    string,
    { readonly node: HTMLElement; show(item: ItemRow, isOpen: boolean): void }
  >();

  constructor(rows: HTMLElement, note: HTMLElement, open: (key: string) => void) {
    this.#rows = rows;
    this.#note = note;
    this.#open = open;
  }

  show({ items, itemCount }: Overview, opened: string | undefined): void {
    const wanted = new Set(items.map(({ key }) => key));
    for (const [key, { node }] of this.#made) {
      if (wanted.has(key)) continue;
      node.remove();
      this.#made.delete(key);
    }
    for (const [i, item] of items.entries()) {
      const row = this.#made.get(item.key) ?? this.#make(item.key);
      row.show(item, item.key === opened);
      // Moving an element takes the focus from it: only those that are not in their place are moved.
      const there = this.#rows.children[i];
      if (there !== row.node) this.#rows.insertBefore(row.node, there ?? null);
    }
    const cut = items.length < itemCount ? STRINGS.itemsShown(items.length, itemCount) : '';
    setText(this.#note, itemCount === 0 ? STRINGS.noItems : cut);
  }

  #make(key: string): { readonly node: HTMLElement; show(item: ItemRow, isOpen: boolean): void } {
    const name = button(
      '',
      () => {
        this.#open(key);
      },
      { class: 'as-link' },
    );
    const mark = element('small');
    const texts = STRINGS.itemLabels.slice(1).map(() => element('span'));
    const cells = texts.map((text, i) =>
      element('td', { class: 'size', 'data-label': STRINGS.itemLabels[i + 1] }, text),
    );
    const row = {
      node: element('tr', {}, element('th', { scope: 'row' }, name, mark), ...cells),
      show: (item: ItemRow, isOpen: boolean): void => {
        setText(name, printable(item.title));
        name.setAttribute('aria-pressed', String(isOpen));
        setText(mark, item.private ? ` ${STRINGS.private}` : '');
        const words = [
          `${formatBytes(item.toPeers + item.directly)}/s`,
          String(item.connected),
          STRINGS.copies(item.deliveredCopies),
          STRINGS.copies(item.paidCopies),
          String(item.finished),
        ];
        for (const [i, text] of texts.entries()) setText(text, words[i] ?? '');
      },
    };
    this.#made.set(key, row);
    return row;
  }
}
