// Option texts to values, for options of several commands. Each throws UsageError OPTION_INVALID.
import { UsageError } from '../core/errors.ts';
import type { NodeAddress } from '../core/metainfo/metainfo.ts';
import { isPieceLength } from '../core/metainfo/piece-length.ts';
import { parseBytes, parseHttpUrl, parseTrackerUrl } from './quantity.ts';

/** Exponents of two that are taken for piece lengths: 16 KiB to 1 GiB. */
const LEAST_EXPONENT = 14;
const MOST_EXPONENT = 30;

/** Adds a value of an option that may come several times. */
export function collect(text: string, previous: readonly string[] = []): string[] {
  return [...previous, text];
}

/** A size, or the exponent of two that some programs take: `1MiB` is `20`. */
export function parsePieceLength(text: string): number {
  const exponent = /^\d\d$/.test(text) ? Number(text) : Number.NaN;
  const bytes = exponent >= LEAST_EXPONENT && exponent <= MOST_EXPONENT ? 2 ** exponent : parseBytes(text);
  if (isPieceLength(bytes) && bytes <= 2 ** MOST_EXPONENT) return bytes;
  throw invalid(text, 'a piece length: a power of two from 16KiB to 1GiB, or its exponent from 14 to 30');
}

/** A whole number from 1 on. */
export function parseCount(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw invalid(text, 'a whole number from 1 on');
}

/** Seconds since 1970, or an ISO date like 2026-01-31T12:00:00Z; returns seconds. */
export function parseDate(text: string): number {
  const seconds = /^\d+$/.test(text) ? Number(text) : Math.floor(Date.parse(text) / 1000);
  if (Number.isSafeInteger(seconds) && seconds >= 0) return seconds;
  throw invalid(text, 'a date such as 2026-01-31 or a number of seconds since 1970');
}

/** One more tier: URLs with commas between them (BEP 12). */
export function collectTiers(
  text: string,
  previous: readonly (readonly string[])[] = [],
): (readonly string[])[] {
  return [...previous, text.split(',').map((url) => parseTrackerUrl(url.trim()))];
}

export function collectWebSeeds(text: string, previous: readonly string[] = []): string[] {
  return [...previous, parseHttpUrl(text)];
}

/** One more DHT node: `host:port`, `[::1]:6881`. */
export function collectNodes(text: string, previous: readonly NodeAddress[] = []): NodeAddress[] {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host !== undefined && port >= 1 && port <= 65535) return [...previous, { host, port }];
  throw invalid(text, 'a DHT node such as router.example:6881');
}

function invalid(received: string, expected: string): UsageError {
  return new UsageError('OPTION_INVALID', `"${received}" is not ${expected}`, { expected, received });
}
