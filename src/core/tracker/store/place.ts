// Where an announce takes effect in a store, and how bytes become the words that are searched for.
import type { PeerLists } from './peer-lists.ts';

/** Where an announce takes effect; one object for all announces. */
export class Place {
  record = 0;
  list = 0;
  lists: PeerLists;
  /** Position of the asker, -1 if it is not stored. */
  position = -1;
  tick = 0;

  constructor(lists: PeerLists) {
    this.lists = lists;
  }
}

/** Fills the words from big-endian bytes. */
export function loadWords(words: Int32Array, bytes: Uint8Array): void {
  for (let i = 0; i < words.length; i++) {
    const at = 4 * i;
    words[i] =
      ((bytes[at] ?? 0) << 24) |
      ((bytes[at + 1] ?? 0) << 16) |
      ((bytes[at + 2] ?? 0) << 8) |
      (bytes[at + 3] ?? 0);
  }
}
