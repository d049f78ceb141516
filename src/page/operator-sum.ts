// The figures that a publisher wants: what people got, what of it the server paid for, and what that saved.
import { formatBytes } from '../core/format.ts';
import { element, setText } from './dom.ts';
import type { Overview } from './operator-api.ts';
import { OPERATOR_STRINGS as STRINGS } from './operator-strings.ts';

export interface SumParts {
  readonly numbers: HTMLElement;
  readonly split: HTMLElement;
  readonly since: HTMLElement;
}

export class SumView {
  readonly #parts: SumParts;
  readonly #figures = Array.from({ length: 5 }, () => ({
    label: element('dt'),
    value: element('span'),
    note: element('small'),
  }));

  constructor(parts: SumParts) {
    this.#parts = parts;
    for (const { label, value, note } of this.#figures) {
      parts.numbers.append(element('div', {}, label, element('dd', {}, value, note)));
    }
  }

  show(overview: Overview): void {
    for (const [i, { label, value, note }] of figuresOf(overview).entries()) {
      const figure = this.#figures[i];
      if (figure === undefined) continue;
      setText(figure.label, label);
      setText(figure.value, value);
      setText(figure.note, note);
    }
    this.#showSplit(overview);
    const { price, since } = overview;
    const date = new Date(since * 1000).toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'short' });
    const words =
      price === null ? STRINGS.unpriced : STRINGS.priced(formatMoney(price.perGb, price.currency));
    setText(this.#parts.since, STRINGS.since(date, words));
  }

  #showSplit({ deliveredBytes, savedBytes }: Overview): void {
    const { split } = this.#parts;
    const people = deliveredBytes === 0 ? 0 : savedBytes / deliveredBytes;
    const [server, others] = split.children;
    if (server instanceof HTMLElement) server.style.flexGrow = String(deliveredBytes === 0 ? 0 : 1 - people);
    if (others instanceof HTMLElement) others.style.flexGrow = String(people);
    const text =
      deliveredBytes === 0
        ? STRINGS.splitNothing
        : STRINGS.split(STRINGS.percent(1 - people), STRINGS.percent(people));
    if (split.getAttribute('aria-label') !== text) split.setAttribute('aria-label', text);
  }
}

interface Figure {
  readonly label: string;
  readonly value: string;
  readonly note: string;
}

/** Copies where there is one thing to count copies of, else bytes. */
function figuresOf(overview: Overview): Figure[] {
  const { deliveredBytes, paidBytes, savedBytes, paidMoney, savedMoney, price, finished } = overview;
  const [only] = overview.items;
  const length = overview.itemCount === 1 && only !== undefined ? only.length : 0;
  const amount = (label: string, bytes: number): Figure =>
    length === 0
      ? { label, value: formatBytes(bytes), note: '' }
      : {
          ...{ label, value: (Math.floor((100 * bytes) / length) / 100).toFixed(2) },
          note: STRINGS.copiesOf(formatBytes(bytes)),
        };
  const currency = price?.currency ?? null;
  const paid = amount(STRINGS.paid, paidBytes);
  return [
    amount(STRINGS.delivered, deliveredBytes),
    paidMoney === null
      ? paid
      : { ...paid, note: STRINGS.costing(paid.note, formatMoney(paidMoney, currency)) },
    amount(STRINGS.passed, savedBytes),
    savedMoney === null
      ? { label: STRINGS.savedBytes, value: formatBytes(savedBytes), note: '' }
      : { label: STRINGS.saved, value: formatMoney(savedMoney, currency), note: '' },
    { label: STRINGS.finished, value: finished.toLocaleString('en-US'), note: '' },
  ];
}

/** Small sums keep the digits that say something. */
function formatMoney(amount: number, currency: string | null): string {
  const maximumFractionDigits = amount !== 0 && amount < 1 ? 4 : 2;
  const style =
    currency === null
      ? {}
      : { style: 'currency' as const, currency, currencyDisplay: 'narrowSymbol' as const };
  return amount.toLocaleString('en-US', { ...style, minimumFractionDigits: 2, maximumFractionDigits });
}
