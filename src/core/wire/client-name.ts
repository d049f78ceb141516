// What client a peer id tells of (BEP 20 and older habits): for people to read, never to decide by.
import { latin1Decode } from '../bytes/bytes.ts';
import type { PeerId } from '../ids.ts';
import { CLIENT_CODES, CLIENT_PREFIXES, SHADOW_LETTERS } from './client-names.ts';
import type { ClientCode, VersionStyle } from './client-names.ts';

/** Name and version where the id tells them, else its printable beginning. Never has control characters. */
export function clientName(peerId: PeerId): string {
  const text = latin1Decode(peerId);
  return byCode(text) ?? byDashes(text) ?? byPrefix(text) ?? byLetter(text) ?? printable(text.slice(0, 8));
}

/** `-TR4000-…`: two letters and four characters of version (BEP 20). Some end the version with another byte. */
function byCode(text: string): string | undefined {
  const match = /^-([A-Za-z~]{2})([0-9A-Za-z]{3})([^])/.exec(text);
  if (match === null) return undefined;
  const [, code = '', version = '', last = ''] = match;
  const { name, style }: ClientCode = CLIENT_CODES.get(code) ?? { name: code, style: 'four' };
  return named(name, versionOf(style, version, last));
}

/** `M4-20-8-`, `Q1-23-4-`, `A2-1-36-0-`: numbers between dashes. */
function byDashes(text: string): string | undefined {
  const match = /^(M|Q|S3|A2)-?(\d{1,2}(?:-\d{1,2}){2})-/.exec(text);
  const name = { M: 'Mainline', Q: 'Queen Bee', S3: 'Amazon S3', A2: 'aria2' }[match?.[1] ?? ''];
  return name === undefined ? undefined : named(name, match?.[2]?.replaceAll('-', '.') ?? '');
}

/** `S58B-----`: a letter and up to five characters of version, filled up with dashes. */
function byLetter(text: string): string | undefined {
  const match = /^([A-Z])([0-9A-Za-z]{0,5})--/.exec(text);
  const name = SHADOW_LETTERS.get(match?.[1] ?? '');
  return name === undefined ? undefined : named(name, numbers(match?.[2] ?? ''));
}

function byPrefix(text: string): string | undefined {
  return CLIENT_PREFIXES.find(([prefix]) => text.startsWith(prefix))?.[1];
}

function versionOf(style: VersionStyle, version: string, last: string): string {
  switch (style) {
    case 'none':
      return '';
    case 'two':
      return last === '0'
        ? `${version.slice(0, 1)}.${version.slice(1)}`
        : `${version.slice(1, 2)}.${version.slice(2)}${last}`;
    case 'three':
      return numbers(version) + build(last);
    case 'four':
      return numbers(/[1-9A-Za-z]/.test(last) ? version + last : version);
    case 'transmission':
      if (version.startsWith('00')) return `0.${version === '000' ? last : version.slice(2) + last}`;
      return /^[0-3]/.test(version)
        ? `${version.slice(0, 1)}.${version.slice(1)}${build(last)}`
        : numbers(version) + build(last);
  }
}

function build(last: string): string {
  if (last === 'B' || last === 'b') return ' (Beta)';
  return last === 'X' || last === 'Z' ? ' (Dev)' : '';
}

/** `1B0` as 1.11.0. */
function numbers(version: string): string {
  return Array.from(version, (char) => String(DIGITS.indexOf(char))).join('.');
}

function named(name: string, version: string): string {
  return version === '' ? name : `${name} ${version}`;
}

/** Bytes that are no plain text as %XX. */
function printable(text: string): string {
  return text.replace(/[^\x21-\x7e]/g, (char) => `%${char.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
