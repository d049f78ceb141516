// Names of items in addresses: lower-case ASCII words with hyphens, made of the content's name and unique in a catalogue.
import { toHex, utf8Encode } from '../core/bytes/bytes.ts';
import { UsageError } from '../core/errors.ts';
import { nodeDigests } from '../node/digests.ts';

const MAX_LENGTH = 80;
const PATTERN = /^[a-z0-9]+(?:-[a-z0-9]+)*$/;

/** `isTaken` tells which are in use; a number is added until it is not. */
export function makeSlug(name: string, isTaken: (slug: string) => boolean): string {
  const words = name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/\p{M}/gu, '')
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, MAX_LENGTH - 6)
    .replace(/^-+|-+$/g, '');
  // A name of another script: something short that is always the same.
  const base = words === '' ? `item-${toHex(nodeDigests.sha256(utf8Encode(name))).slice(0, 8)}` : words;
  let slug = base;
  for (let n = 2; isTaken(slug); n++) slug = `${base}-${String(n)}`;
  return slug;
}

export function isSlug(text: string): boolean {
  return text.length <= MAX_LENGTH && PATTERN.test(text);
}

/** Throws UsageError SLUG_INVALID. */
export function parseSlug(text: string): string {
  if (isSlug(text)) return text;
  throw new UsageError('SLUG_INVALID', `"${text}" is not an item's name; "catalogue list" shows them`);
}
