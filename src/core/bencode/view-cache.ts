// Short strings as views, equal ones shared: the folders in a torrent's paths come again with every file, and a view
// takes a hundred bytes. A table with one place for each hash; a collision only costs the making of a view.

const PLACES = 256;
/** Longer strings are hashes and texts, which do not come again. */
const LONGEST = 31;

export class ViewCache {
  readonly #views = new Array<Uint8Array | undefined>(PLACES).fill(undefined);
  readonly #starts = new Uint32Array(PLACES);

  /** A view on the bytes [start, end). */
  read(bytes: Uint8Array, start: number, end: number): Uint8Array {
    const length = end - start;
    if (length === 0 || length > LONGEST) return viewOf(bytes, start, end);
    const middle = bytes[start + (length >>> 1)] ?? 0;
    const place = ((bytes[start] ?? 0) + middle * 5 + (bytes[end - 1] ?? 0) * 11 + length * 3) & (PLACES - 1);
    const cached = this.#views[place];
    if (cached?.length === length) {
      const other = this.#starts[place] ?? 0;
      let same = 0;
      while (same < length && bytes[other + same] === bytes[start + same]) same++;
      if (same === length) return cached;
    }
    const view = viewOf(bytes, start, end);
    this.#views[place] = view;
    this.#starts[place] = start;
    return view;
  }
}

/** Faster than `subarray`, and a plain Uint8Array whatever the input is. */
export function viewOf(bytes: Uint8Array, start: number, end: number): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset + start, end - start);
}
