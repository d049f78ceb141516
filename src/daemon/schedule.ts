// Rate limits by time of day, in the machine's local time: rules such as `mon-fri 08:00-18:00 down=1M up=200K`.
// Law: the last rule that holds now decides; a side that it does not name keeps its ordinary limit.
import { UsageError } from '../core/errors.ts';

/** Bytes a second; undefined is unlimited. */
export interface Limits {
  readonly download: number | undefined;
  readonly upload: number | undefined;
}

export interface ScheduleRule {
  /** 0 is Sunday. */
  readonly days: ReadonlySet<number>;
  /** Minutes since midnight; an end before the start lies on the next day. */
  readonly start: number;
  readonly end: number;
  /** `null` lifts a limit. */
  readonly download?: number | null | undefined;
  readonly upload?: number | null | undefined;
}

const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const MINUTES_OF_DAY = 24 * 60;

/**
 * Reads a rule: days (left out: all), from-to, limits. `parseRate` reads the rates, which may also be `none`.
 * Throws UsageError SCHEDULE_INVALID.
 *
 * @example
 * parseScheduleRule('sat,sun 22:00-06:00 up=none', parseBytes);
 */
export function parseScheduleRule(text: string, parseRate: (text: string) => number): ScheduleRule {
  const words = text.trim().toLowerCase().split(/\s+/);
  const days = /^\d/.test(words[0] ?? '') ? new Set(DAYS.keys()) : parseDays(words.shift() ?? '', text);
  const hours = /^(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})$/.exec(words.shift() ?? '');
  const [startHour = 99, startMinute = 99, endHour = 99, endMinute = 99] = (hours ?? []).slice(1).map(Number);
  const start = startHour * 60 + startMinute;
  const end = endHour * 60 + endMinute;
  const fits = startMinute < 60 && endMinute < 60 && start < MINUTES_OF_DAY && end <= MINUTES_OF_DAY;
  if (!fits || start === end || words.length === 0) throw invalid(text);
  const limits: { download?: number | null; upload?: number | null } = {};
  for (const word of words) {
    const match = /^(down|up)=(.+)$/.exec(word);
    if (match === null) throw invalid(text);
    const rate = match[2] === 'none' ? null : parseRate(match[2] ?? '');
    if (match[1] === 'down') limits.download = rate;
    else limits.upload = rate;
  }
  return { days, start, end, ...limits };
}

/** The limits at a moment, from the ordinary ones and the rules. */
export function limitsAt(when: Date, ordinary: Limits, rules: readonly ScheduleRule[]): Limits {
  const rule = rules.findLast((each) => holds(each, when));
  if (rule === undefined) return ordinary;
  const pick = (given: number | null | undefined, usual: number | undefined): number | undefined =>
    given === undefined ? usual : (given ?? undefined);
  return { download: pick(rule.download, ordinary.download), upload: pick(rule.upload, ordinary.upload) };
}

function holds({ days, start, end }: ScheduleRule, when: Date): boolean {
  const minute = when.getHours() * 60 + when.getMinutes();
  const today = days.has(when.getDay());
  if (start < end) return today && minute >= start && minute < end;
  const yesterday = days.has((when.getDay() + 6) % 7);
  return (today && minute >= start) || (yesterday && minute < end);
}

function parseDays(text: string, rule: string): Set<number> {
  const days = new Set<number>();
  for (const part of text.split(',')) {
    const [first = '', last = first] = part.split('-');
    const from = DAYS.indexOf(first);
    const to = DAYS.indexOf(last);
    if (from < 0 || to < 0) throw invalid(rule);
    for (let day = from; ; day = (day + 1) % 7) {
      days.add(day);
      if (day === to) break;
    }
  }
  return days;
}

function invalid(received: string): UsageError {
  const expected = 'a rule such as "mon-fri 08:00-18:00 down=1M up=200K"';
  return new UsageError('SCHEDULE_INVALID', `"${received}" is not ${expected}`, { expected, received });
}
