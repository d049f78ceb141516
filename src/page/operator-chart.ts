// A small line chart: lines over time, a scale, and a cursor that pointer and arrow keys move to read values. Lines are
// SVG, words are text. It tells screen readers what the cursor is on, as a slider does.
import { element, setText } from './dom.ts';
import { OPERATOR_STRINGS as STRINGS } from './operator-strings.ts';
import type { ColumnName, Series } from './operator-api.ts';

export interface ChartOptions {
  readonly title: string;
  /** In the order in which they are named; `tone` is a class of the style sheet. */
  readonly lines: readonly { readonly column: ColumnName; readonly label: string; readonly tone: string }[];
  readonly format: (value: number) => string;
  /** The scale ends at one of these times a power of ten, or of 1024. */
  readonly base: 10 | 1024;
}

export interface Chart {
  readonly node: HTMLElement;
  show(series: Series): void;
}

const SVG = 'http://www.w3.org/2000/svg';
const WIDTH = 1000;
const HEIGHT = 100;
const BIG_STEP = 10;
const LATE_STEPS = 2;

export function createChart(options: ChartOptions): Chart {
  return new LineChart(options);
}

class LineChart implements Chart {
  readonly node: HTMLElement;
  readonly #options: ChartOptions;
  readonly #top = element('span', { class: 'top' });
  readonly #start = element('span');
  readonly #end = element('span');
  readonly #reading = element('p', { class: 'reading' });
  readonly #plot: HTMLElement;
  readonly #cursor = svg('line', { class: 'cursor', y1: '0', y2: String(HEIGHT) });
  readonly #lines: readonly SVGPathElement[];
  #series: Series | undefined;
  /** Steps from the newest; undefined while nobody reads. */
  #back: number | undefined;

  constructor(options: ChartOptions) {
    this.#options = options;
    this.#lines = options.lines.map(({ tone }) => svg('path', { class: tone, d: '' }));
    const picture = svg('svg', {
      ...{ viewBox: `0 0 ${String(WIDTH)} ${String(HEIGHT)}`, preserveAspectRatio: 'none' },
      'aria-hidden': 'true',
    });
    for (const y of [0, HEIGHT / 2, HEIGHT]) {
      picture.append(
        svg('line', { class: 'grid', x1: '0', x2: String(WIDTH), y1: String(y), y2: String(y) }),
      );
    }
    picture.append(...this.#lines, this.#cursor);
    this.#plot = element('div', {
      ...{ class: 'plot', role: 'slider', tabindex: '0', 'aria-valuemin': '0', 'aria-valuemax': '0' },
      'aria-label': STRINGS.chartLabel(options.title),
    });
    this.#plot.append(picture, this.#top);
    const keys = options.lines.map(({ label, tone }) => element('span', { class: `key ${tone}` }, label));
    this.node = element(
      'figure',
      { class: 'chart' },
      element('figcaption', {}, element('strong', {}, options.title), ...keys),
      this.#plot,
      element('div', { class: 'times', 'aria-hidden': 'true' }, this.#start, this.#end),
      this.#reading,
    );
    this.#listen();
  }

  show(series: Series): void {
    this.#series = series;
    const { columns, end, stepSeconds } = series;
    const lines = this.#options.lines.map(({ column }) => columns[column]);
    const count = lines[0]?.length ?? 0;
    const most = lines.flat().reduce((top: number, value) => Math.max(top, value ?? 0), 0);
    const top = scaleOf(most, this.#options.base);
    setText(this.#top, this.#options.format(top));
    setText(this.#start, count === 0 ? '' : timeOf(end - (count - 1) * stepSeconds, stepSeconds));
    setText(this.#end, count === 0 ? '' : timeOf(end, stepSeconds));
    for (const [i, values] of lines.entries()) this.#lines[i]?.setAttribute('d', pathOf(values, top));
    this.#plot.setAttribute('aria-valuemax', String(Math.max(0, count - 1)));
    this.#read();
  }

  #listen(): void {
    const plot = this.#plot;
    plot.addEventListener('pointermove', (event) => {
      const { left, width } = plot.getBoundingClientRect();
      const last = this.#count - 1;
      this.#move(last - Math.round(((event.clientX - left) / width) * last));
    });
    plot.addEventListener('pointerleave', () => {
      if (document.activeElement !== plot) this.#move(undefined);
    });
    plot.addEventListener('blur', () => {
      this.#move(undefined);
    });
    plot.addEventListener('keydown', (event) => {
      const back = this.#back ?? 0;
      const moved: Readonly<Record<string, number>> = {
        ...{ ArrowLeft: back + 1, ArrowDown: back + 1, ArrowRight: back - 1, ArrowUp: back - 1 },
        ...{ PageDown: back + BIG_STEP, PageUp: back - BIG_STEP, Home: this.#count - 1, End: 0 },
      };
      const to = moved[event.key];
      if (to === undefined) return;
      event.preventDefault();
      this.#move(to);
    });
  }

  get #count(): number {
    const [first] = this.#options.lines;
    return first === undefined ? 0 : (this.#series?.columns[first.column].length ?? 0);
  }

  #move(back: number | undefined): void {
    this.#back = back === undefined ? undefined : Math.max(0, Math.min(this.#count - 1, back));
    this.#read();
  }

  /** Says the values at the cursor; without one, the newest. */
  #read(): void {
    const series = this.#series;
    const at = this.#count - 1 - (this.#back ?? 0);
    const isRead = this.#back !== undefined && this.#count > 1;
    this.#cursor.toggleAttribute('hidden', !isRead);
    if (series === undefined || at < 0) return;
    const x = String(this.#count > 1 ? (at / (this.#count - 1)) * WIDTH : WIDTH);
    this.#cursor.setAttribute('x1', x);
    this.#cursor.setAttribute('x2', x);
    const values = this.#options.lines.flatMap(({ column, label }) => {
      const value = series.columns[column][at] ?? undefined;
      return value === undefined ? [] : [`${this.#options.format(value)} ${label}`];
    });
    const text = values.length === 0 ? STRINGS.noValues : values.join(', ');
    const when = timeOf(series.end - (this.#back ?? 0) * series.stepSeconds, series.stepSeconds);
    setText(this.#reading, isRead ? `${when}: ${text}` : text);
    this.#plot.setAttribute('aria-valuenow', String(at));
    this.#plot.setAttribute('aria-valuetext', `${when}: ${text}`);
  }
}

/** A line for each run of known values; a value alone is a dot. A look or two that came late make no gap. */
function pathOf(values: readonly (number | null)[], top: number): string {
  const last = Math.max(1, values.length - 1);
  let path = '';
  let missing = LATE_STEPS + 1;
  for (const [i, value] of values.entries()) {
    if (value === null) {
      missing++;
      continue;
    }
    const isDown = missing <= LATE_STEPS;
    missing = 0;
    const x = ((i / last) * WIDTH).toFixed(1);
    const y = (HEIGHT - (value / top) * HEIGHT).toFixed(1);
    const isAlone = !isDown && typeof values[i + 1] !== 'number';
    path += `${isDown ? 'L' : 'M'}${x} ${y}${isAlone ? 'h2' : ''}`;
  }
  return path;
}

/** The next of 1, 2, 5 (of 1 to 512 in the units of bytes) that is not below. */
function scaleOf(value: number, base: 10 | 1024): number {
  if (value <= 1) return base === 10 ? 1 : 1024;
  const unit = base ** Math.floor(Math.log(value) / Math.log(base));
  const steps = base === 10 ? [1, 2, 5, 10] : [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];
  return unit * (steps.find((step) => step * unit >= value) ?? base);
}

function timeOf(seconds: number, step: number): string {
  const date = new Date(seconds * 1000);
  const clock: Intl.DateTimeFormatOptions = { hour: '2-digit', minute: '2-digit' };
  if (step < 60) return date.toLocaleTimeString('en-GB', { ...clock, second: '2-digit' });
  if (step < 3600) return date.toLocaleTimeString('en-GB', clock);
  return date.toLocaleString('en-GB', { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });
}

function svg<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, string>>,
): SVGElementTagNameMap[K] {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}
