import { describe, expect, it } from 'vitest';
import { UsageError } from '../core/errors.ts';
import { limitsAt, parseScheduleRule } from './schedule.ts';

const rule = (text: string) => parseScheduleRule(text, Number);
/** 2026-01-05 was a Monday. */
const at = (day: number, hour: number, minute = 0): Date => new Date(2026, 0, 4 + day, hour, minute);
const ORDINARY = { download: 100, upload: 50 };

describe('a schedule', () => {
  it('limits during its hours, on its days', () => {
    const rules = [rule('mon-fri 08:00-18:00 down=7')];
    expect(limitsAt(at(1, 8), ORDINARY, rules)).toEqual({ download: 7, upload: 50 });
    expect(limitsAt(at(5, 17, 59), ORDINARY, rules).download).toBe(7);
    expect(limitsAt(at(5, 18), ORDINARY, rules)).toEqual(ORDINARY);
    expect(limitsAt(at(6, 12), ORDINARY, rules)).toEqual(ORDINARY);
  });

  it('reaches over midnight into a day that it does not name', () => {
    const rules = [rule('fri 22:00-06:00 up=none')];
    expect(limitsAt(at(5, 23), ORDINARY, rules).upload).toBeUndefined();
    expect(limitsAt(at(6, 5, 59), ORDINARY, rules).upload).toBeUndefined();
    expect(limitsAt(at(5, 5), ORDINARY, rules).upload).toBe(50);
    expect(limitsAt(at(6, 23), ORDINARY, rules).upload).toBe(50);
  });

  it('lets the last rule that holds decide', () => {
    const rules = [rule('00:00-24:00 down=1 up=1'), rule('sat-mon 10:00-11:00 down=9')];
    expect(limitsAt(at(0, 10), ORDINARY, rules)).toEqual({ download: 9, upload: 50 });
    expect(limitsAt(at(3, 10), ORDINARY, rules)).toEqual({ download: 1, upload: 1 });
  });

  it.each([
    '',
    'mon',
    'noday 08:00-09:00 up=1',
    '08:00-08:00 up=1',
    '08:61-09:00 up=1',
    '25:00-26:00 up=1',
    '08:00-09:00',
    '08:00-09:00 sideways=1',
  ])('refuses %j', (text) => {
    expect(() => rule(text)).toThrow(UsageError);
  });
});
