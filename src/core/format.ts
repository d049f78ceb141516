// Numbers and names as people read them, the same in the terminal and on the page.

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** `1.50 GiB`: three significant digits at most, powers of 1024. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1023.5 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  const digits = unit === 0 || Number.isInteger(value) || value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return `${value.toFixed(digits)} ${UNITS[unit] ?? 'B'}`;
}

/** `1h 02m`, `3m 20s`, `12s`. */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return 'unknown';
  const whole = Math.max(0, Math.round(seconds));
  const pad = (value: number): string => String(value).padStart(2, '0');
  if (whole < 60) return `${String(whole)}s`;
  if (whole < 3600) return `${String(Math.floor(whole / 60))}m ${pad(whole % 60)}s`;
  if (whole < 86400) return `${String(Math.floor(whole / 3600))}h ${pad(Math.floor((whole % 3600) / 60))}m`;
  return `${String(Math.floor(whole / 86400))}d ${pad(Math.floor((whole % 86400) / 3600))}h`;
}

/** `1,234 files`, `1 file`. By hand: the host's tables of languages take 14 ms to load. */
export function formatCount(count: number, noun: string): string {
  const grouped = String(count).replace(/(?<=\d)(?=(?:\d{3})+$)/g, ',');
  return `${grouped} ${noun}${count === 1 ? '' : 's'}`;
}

/** A name from a stranger without control and direction characters, which could rewrite a terminal or a line. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, '\ufffd');
}
