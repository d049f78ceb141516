// Tells one run of the operating system from the next.
import { readFileSync } from 'node:fs';
import { uptime } from 'node:os';
import { errnoOf } from './os-error.ts';

/** Linux gives each boot an id; elsewhere it is the minute of the start, and a set clock counts as a restart. */
export function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return `minute-${String(Math.round((Date.now() / 1000 - uptime()) / 60))}`;
  }
}
