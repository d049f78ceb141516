// Watches processes from outside: bytes over their network namespace's link, memory, processor time.
import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';

/** Bytes over eth0 as the process sees it, headers included; zeros once the process is gone. */
export function linkBytes(pid: number): { readonly sent: number; readonly received: number } {
  const line = /eth0:\s*(.*)/.exec(readOr(`/proc/${String(pid)}/net/dev`))?.[1] ?? '';
  const fields = line.split(/\s+/).map(Number);
  return { sent: fields[8] ?? 0, received: fields[0] ?? 0 };
}

/** Bytes of memory that are the process's own: no file mappings, no shared pages. */
export function privateBytes(pid: number): number {
  return Number(/RssAnon:\s+(\d+) kB/.exec(readOr(`/proc/${String(pid)}/status`))?.[1] ?? 0) * 1024;
}

/** Calls `sample` every `everyMs` until the promise settles. */
export async function sampleWhile<T>(promise: Promise<T>, everyMs: number, sample: () => void): Promise<T> {
  const settled = promise.then(
    () => true,
    () => true,
  );
  for (;;) {
    sample();
    if (await Promise.race([setTimeout(everyMs, false), settled])) return promise;
  }
}

function readOr(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // The process has ended.
  }
}
