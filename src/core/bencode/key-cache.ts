// Dictionary keys as text, each made once: a torrent says "length" and "path" for every file.
// A table with one place for each hash; a collision only costs the making of a string.
import { latin1Slice } from '../bytes/bytes.ts';

const PLACES = 128;
/** Longer keys are nearly all data (file names, merkle roots), not words that come again. */
const LONGEST = 13;

export class KeyCache {
  readonly #texts = new Array<string>(PLACES).fill('');

  /** The bytes [start, end) as text, one character a byte. */
  read(bytes: Uint8Array, start: number, end: number): string {
    const length = end - start;
    if (length === 0) return '';
    if (length > LONGEST) return latin1Slice(bytes, start, end);
    const place = ((bytes[start] ?? 0) * 7 + (bytes[end - 1] ?? 0) * 3 + length) & (PLACES - 1);
    const cached = this.#texts[place] ?? '';
    let same = 0;
    while (same < length && cached.charCodeAt(same) === bytes[start + same]) same++;
    if (same === length && cached.length === length) return cached;
    const text = latin1Slice(bytes, start, end);
    this.#texts[place] = text;
    return text;
  }
}
