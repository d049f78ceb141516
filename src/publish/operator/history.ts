// What the charts show: a few numbers over time, in rings of seconds, minutes and hours. Its size never changes; minutes
// and hours outlive the process, and the time in which nothing ran stays empty.
import * as v from 'valibot';

/** `mean` over a step, or the `last` value in it. */
const COLUMNS = {
  /** Bytes a second. */
  toPeers: 'mean',
  directly: 'mean',
  /** Peers connected to us, and those that the tracker counts. */
  connected: 'mean',
  seeders: 'mean',
  leechers: 'mean',
  /** Bytes since the books were opened. */
  delivered: 'last',
  paid: 'last',
} as const;

export type Column = keyof typeof COLUMNS;
export type Sample = Readonly<Record<Column, number>>;

const NAMES = Object.keys(COLUMNS) as readonly Column[];

/** Ten minutes, a day, ninety days. */
const RINGS = { seconds: [1, 600], minutes: [60, 1440], hours: [3600, 2160] } as const;

export type Resolution = keyof typeof RINGS;
export const RESOLUTIONS = Object.keys(RINGS) as readonly Resolution[];
/** What is written down. */
const KEPT = ['minutes', 'hours'] as const;

export interface Series {
  readonly stepSeconds: number;
  /** Seconds since 1970 at which the last step begins. */
  readonly end: number;
  /** Oldest first, all of the same length; null where nothing is known. */
  readonly columns: Readonly<Record<Column, readonly (number | null)[]>>;
}

const values: v.GenericSchema<unknown, (number | null)[]> = v.array(v.nullable(v.number()));
const SeriesSchema: v.GenericSchema<unknown, Series> = v.object({
  stepSeconds: v.number(),
  end: v.number(),
  columns: v.object({
    ...{ toPeers: values, directly: values, connected: values, seeders: values },
    ...{ leechers: values, delivered: values, paid: values },
  }),
});

export type SavedHistory = Readonly<Record<(typeof KEPT)[number], Series>>;
export const SavedHistorySchema: v.GenericSchema<unknown, SavedHistory> = v.object({
  minutes: SeriesSchema,
  hours: SeriesSchema,
});

export class History {
  readonly #rings: Readonly<Record<Resolution, Ring>> = {
    seconds: new Ring(...RINGS.seconds),
    minutes: new Ring(...RINGS.minutes),
    hours: new Ring(...RINGS.hours),
  };

  /** `now`: seconds since 1970. */
  add(sample: Sample, now: number): void {
    for (const resolution of RESOLUTIONS) this.#rings[resolution].add(sample, now);
  }

  /** Steps that begin after `since`, seconds since 1970. */
  series(resolution: Resolution, since = 0): Series {
    return this.#rings[resolution].series(since);
  }

  save(): SavedHistory {
    return { minutes: this.series('minutes'), hours: this.series('hours') };
  }

  restore(saved: SavedHistory): void {
    for (const resolution of KEPT) this.#rings[resolution].restore(saved[resolution]);
  }
}

const SET_BACK_STEPS = 2;

/** Step `n` begins at `n * step` seconds and is kept at `n % size`. */
class Ring {
  readonly #step: number;
  readonly #size: number;
  readonly #columns: Readonly<Record<Column, Float64Array>>;
  /** Of samples in the step that is under way. */
  #samples = 0;
  #last = -1;
  #first = -1;

  constructor(step: number, size: number) {
    this.#step = step;
    this.#size = size;
    this.#columns = Object.fromEntries(
      NAMES.map((name) => [name, new Float64Array(size).fill(Number.NaN)]),
    ) as Record<Column, Float64Array>;
  }

  add(sample: Sample, now: number): void {
    let step = Math.floor(now / this.#step);
    // A clock that was set back a little changes nothing; one that was years ahead must not stop the ring for years.
    if (step < this.#last && this.#last - step <= SET_BACK_STEPS) step = this.#last;
    if (step < this.#last) this.#clear();
    this.#advance(step);
    for (const name of NAMES) {
      const column = this.#columns[name];
      const at = step % this.#size;
      const before = column[at] ?? Number.NaN;
      const isMean = COLUMNS[name] === 'mean' && this.#samples > 0;
      column[at] = isMean ? (before * this.#samples + sample[name]) / (this.#samples + 1) : sample[name];
    }
    this.#samples++;
  }

  series(since: number): Series {
    const after = Math.floor(since / this.#step);
    const from = Math.max(this.#first, this.#last - this.#size + 1, after + 1);
    const columns = Object.fromEntries(
      NAMES.map((name) => [name, this.#last < 0 ? [] : this.#slice(name, from)]),
    ) as Record<Column, (number | null)[]>;
    return { stepSeconds: this.#step, end: Math.max(0, this.#last) * this.#step, columns };
  }

  restore({ stepSeconds, end, columns }: Series): void {
    const count = Math.min(this.#size, ...NAMES.map((name) => columns[name].length));
    if (stepSeconds !== this.#step || count === 0) return;
    this.#clear();
    const last = Math.floor(end / stepSeconds);
    for (let i = 0; i < count; i++) {
      this.#advance(last - count + 1 + i);
      const at = this.#last % this.#size;
      for (const name of NAMES) this.#columns[name][at] = columns[name].at(i - count) ?? Number.NaN;
    }
    // What is written now goes on from the step that was cut off.
    this.#samples = 1;
  }

  #slice(name: Column, from: number): (number | null)[] {
    const values: (number | null)[] = [];
    for (let step = from; step <= this.#last; step++) {
      const value = this.#columns[name][step % this.#size] ?? Number.NaN;
      values.push(Number.isNaN(value) ? null : Math.round(value * 100) / 100);
    }
    return values;
  }

  /** Steps that were left out are empty. */
  #advance(step: number): void {
    if (step === this.#last) return;
    const skipped = this.#last < 0 ? this.#size : Math.min(step - this.#last, this.#size);
    for (let i = 0; i < skipped; i++) {
      for (const name of NAMES) this.#columns[name][(step - i + this.#size) % this.#size] = Number.NaN;
    }
    if (this.#last < 0) this.#first = step;
    this.#last = step;
    this.#samples = 0;
  }

  #clear(): void {
    this.#last = -1;
    this.#first = -1;
    this.#samples = 0;
  }
}
