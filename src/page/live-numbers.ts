// Keeps the numbers of the publication page fresh from status.json. The page is complete without it.
import { formatBytes, formatDuration } from '../core/format.ts';

const INTERVAL_MS = 2000;
const RETRY_MS = 10_000;
const HISTORY_LENGTH = 120;

type Status = Readonly<Record<string, unknown>>;

const FORMATS: Readonly<Record<string, (value: number) => string>> = {
  uploadRate: (value) => `${formatBytes(value)}/s`,
  copies: (value) => value.toFixed(2),
  uptimeSeconds: formatDuration,
};

const history: number[] = [];

/** Refreshes every element with `data-live` as long as the page is open; pages without any are left alone. */
export function keepNumbersFresh(): void {
  if (document.querySelector('[data-live]') !== null) void refresh();
}

async function refresh(): Promise<void> {
  if (document.hidden) {
    again(INTERVAL_MS);
    return;
  }
  try {
    const response = await fetch('./status.json', {
      cache: 'no-store',
      signal: AbortSignal.timeout(RETRY_MS),
    });
    if (!response.ok) throw new Error(`status ${String(response.status)}`);
    const status: unknown = await response.json();
    if (typeof status === 'object' && status !== null) show({ ...status });
    say('');
    again(INTERVAL_MS);
  } catch {
    say('The publisher does not answer at the moment; other peers may still have the files.');
    again(RETRY_MS);
  }
}

function again(delayMs: number): void {
  setTimeout(() => void refresh(), delayMs);
}

function show(status: Status): void {
  for (const element of document.querySelectorAll<HTMLElement>('[data-live]')) {
    const field = element.dataset['live'] ?? '';
    const value = status[field];
    if (typeof value === 'number') element.textContent = (FORMATS[field] ?? String)(value);
  }
  const rate = status['uploadRate'];
  if (typeof rate === 'number') draw(rate);
}

/** Adds a rate to the line of the last minutes. */
function draw(rate: number): void {
  history.push(rate);
  if (history.length > HISTORY_LENGTH) history.shift();
  const top = Math.max(0, ...history);
  if (top === 0) return;
  const offset = HISTORY_LENGTH - history.length;
  const points = history.map((value, i) => `${String(offset + i)},${(23 - (value / top) * 22).toFixed(1)}`);
  document.querySelector('#history polyline')?.setAttribute('points', points.join(' '));
}

function say(text: string): void {
  const element = document.querySelector('#live-state');
  if (element !== null) element.textContent = text;
}
