// The last word of a stored peer: port, what it is, and when it was last heard of.
//   31..16 port | 15 seed | 14 partial seed | 13 completion counted | 12..11 early announces | 10..0 tick
// A tick is 8 s; ages are differences modulo 2048 ticks (4.5 h), so a peer must not be kept longer than 4 h.

export const TICK_MS = 8000;
const TICK_MASK = 0x7ff;

export const SEED: number = 1 << 15;
export const PARTIAL: number = 1 << 14;
/** Either kind: gives and takes nothing. */
export const GIVER: number = SEED | PARTIAL;
export const COUNTED: number = 1 << 13;
const EARLY_UNIT = 1 << 11;
const EARLY_MASK = 3 << 11;

export function tickOf(nowMs: number): number {
  return Math.floor(nowMs / TICK_MS) & TICK_MASK;
}

/** Ticks since the peer was last heard of. */
export function ageOf(word: number, tick: number): number {
  return (tick - word) & TICK_MASK;
}

/** How often in a row the peer announced before its time, up to 3. */
export function earlyOf(word: number): number {
  return (word & EARLY_MASK) / EARLY_UNIT;
}

export function earlyBits(count: number): number {
  return count * EARLY_UNIT;
}

/** `flags`: SEED, PARTIAL and COUNTED bits. */
export function packPeerWord(port: number, flags: number, tick: number): number {
  return (port << 16) | flags | tick;
}
