// File names from strangers, made safe: whatever a torrent says, the path stays below the download folder, can be
// created, and no two files share one. Names that are legal already stay as they are, so that content can be seeded
// from where it lies.
import { utf8Encode } from '../bytes/bytes.ts';

/** How far to go. */
export interface PathRules {
  /**
   * `posix`: legal on Linux and macOS. `portable`: legal on Windows too, and in a browser's downloads. `own`: for a
   * torrent of one's own content, which lies on this disk under just these names: only what could leave the folder goes.
   */
  readonly names: 'posix' | 'portable' | 'own';
  /** True: names that differ only in case or Unicode form count as the same, as they do on Windows and macOS. */
  readonly foldCase: boolean;
}

/** Longest name that common file systems take, bytes of UTF-8. */
const NAME_BYTES = 255;
/** Stands for what had to go. */
const PLACEHOLDER = '_';

// Zero-width and direction marks: invisible, used to make "gpj.exe" look like "exe.jpg".
const INVISIBLE = /[\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]/gu;
// Controls, and what the decoder put for bytes that are no UTF-8.
const UNPRINTABLE = /[\p{Cc}\p{Cs}\ufffd]+/gu;
const SEPARATORS = /[/\\]/g;
// The two characters that no posix name can have.
const LEAVING = /[/\0]/g;
const WINDOWS_CHARACTERS = /[:*?"<>|]/g;
const WINDOWS_TAIL = /[. ]+$/;
const WINDOWS_DEVICE = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$) *(?:\.|$)/i;
const ASCII = /^[\x20-\x7e]*$/;
/** Names of which nothing needs a closer look; by far the most common kind. */
const PLAIN = /^[A-Za-z0-9_][A-Za-z0-9_ ()+,=-]*(?:\.[A-Za-z0-9_-]+)*$/;

/** One path element made safe, or undefined if nothing of it is left ("", ".", ".." and separators alone). */
export function sanitizeName(name: string, names: PathRules['names']): string | undefined {
  if (names !== 'portable' && name.length <= NAME_BYTES && PLAIN.test(name)) return name;
  if (names === 'own') return refuseDots(name.replace(LEAVING, PLACEHOLDER));
  const visible = name.replace(UNPRINTABLE, PLACEHOLDER).replace(INVISIBLE, '').replace(SEPARATORS, '');
  return refuseDots(names === 'posix' ? cutName(visible, NAME_BYTES) : toPortable(visible));
}

/** A whole path made safe. Elements that vanish are left out; what is empty to begin with, or ends so, becomes "_". */
export function sanitizePath(elements: readonly string[], names: PathRules['names']): string[] {
  const path: string[] = [];
  for (const element of elements) {
    const safe = element === '' ? PLACEHOLDER : sanitizeName(element, names);
    if (safe !== undefined) path.push(safe);
  }
  return path.length === 0 ? [PLACEHOLDER] : path;
}

/** Shortens a name to so many bytes of UTF-8. Keeps the extension if it fits, and never cuts inside a character. */
export function cutName(name: string, maxBytes: number): string {
  if (name.length * 3 <= maxBytes || byteLength(name) <= maxBytes) return name;
  const dot = name.lastIndexOf('.');
  const extension = dot < 0 ? '' : name.slice(dot);
  const room = maxBytes - byteLength(extension);
  return room < 0
    ? cutText(name, maxBytes)
    : cutText(name.slice(0, name.length - extension.length), room) + extension;
}

/**
 * Gives each path a name of its own: a later twin of "a/b.txt" becomes "a/b.1.txt". A file where another path has a
 * folder is a twin too. Works in place, in linear time, and returns how many were renamed.
 */
export function renameTwins(paths: string[][], foldCase: boolean): number {
  const keyOf = (path: readonly string[]): string => (foldCase ? fold(path.join('/')) : path.join('/'));
  const keys = paths.map(keyOf);
  const folders = foldersOf(keys);
  const taken = new Set<string>();
  const next = new Map<string, number>();
  let renamed = 0;
  for (const [index, path] of paths.entries()) {
    const wanted = keys[index] ?? '';
    if (taken.has(wanted) || folders.has(wanted)) {
      const name = path.at(-1) ?? PLACEHOLDER;
      let number = next.get(wanted) ?? 1;
      let key: string;
      do {
        path[path.length - 1] = numbered(name, number++);
        key = keyOf(path);
      } while (taken.has(key) || folders.has(key));
      next.set(wanted, number);
      taken.add(key);
      renamed++;
    } else {
      taken.add(wanted);
    }
  }
  return renamed;
}

/** All folders on the way to the files. Neighbours mostly share theirs, so the last one is tried first. */
function foldersOf(keys: readonly string[]): Set<string> {
  const folders = new Set<string>();
  let last = '';
  for (const key of keys) {
    let end = key.lastIndexOf('/');
    if (end === last.length && key.startsWith(last)) continue;
    last = key.slice(0, Math.max(end, 0));
    for (; end > 0; end = key.lastIndexOf('/', end - 1)) {
      const folder = key.slice(0, end);
      if (folders.has(folder)) break;
      folders.add(folder);
    }
  }
  return folders;
}

function toPortable(name: string): string {
  // Cut first: searching for a tail takes quadratic time. One byte is left for the placeholder.
  const cut = cutName(name, NAME_BYTES - PLACEHOLDER.length);
  const safe = cut.replace(WINDOWS_CHARACTERS, PLACEHOLDER).replace(WINDOWS_TAIL, '');
  return WINDOWS_DEVICE.test(safe) ? PLACEHOLDER + safe : safe;
}

function refuseDots(name: string): string | undefined {
  return name === '' || name === '.' || name === '..' ? undefined : name;
}

function numbered(name: string, number: number): string {
  const dot = name.lastIndexOf('.');
  const stem = dot < 0 ? name : name.slice(0, dot);
  const tail = `.${String(number)}${dot < 0 ? '' : name.slice(dot)}`;
  return cutText(stem, NAME_BYTES - byteLength(tail)) + tail;
}

/** Upper before lower: brings together letters that share a capital. */
function fold(path: string): string {
  return ASCII.test(path) ? path.toLowerCase() : path.normalize('NFC').toUpperCase().toLowerCase();
}

function cutText(text: string, maxBytes: number): string {
  let bytes = 0;
  let end = 0;
  for (const character of text) {
    bytes += byteLength(character);
    if (bytes > maxBytes) break;
    end += character.length;
  }
  return text.slice(0, end);
}

function byteLength(text: string): number {
  return utf8Encode(text).length;
}
