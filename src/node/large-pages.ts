// Memory in pages of 2 MB where the system has them: a table of hundreds of MB that is read at random then needs far
// fewer look-ups of where its pages are.
import type { Libc } from './libc.ts';

const PAGE_BYTES = 2 * 1024 * 1024;
const MADV_HUGEPAGE = 14;

/** A wish: where the system does not grant it all stays as it was. Memory that is never touched still costs nothing. */
export function useLargePages(libc: Libc, memory: SharedArrayBuffer): void {
  const at = libc.address(new Uint8Array(memory));
  const start = Math.ceil(at / PAGE_BYTES) * PAGE_BYTES;
  const end = Math.floor((at + memory.byteLength) / PAGE_BYTES) * PAGE_BYTES;
  if (end > start) libc.advise(start, end - start, MADV_HUGEPAGE);
}
