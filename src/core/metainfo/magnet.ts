// Magnet links: v1 btih, v2 btmh, hybrid (BEP 9, BEP 52, BEP 53). Reading is tolerant: a parameter that makes no sense
// is passed over, and only a link without any usable info hash is refused.
import { fromBase32, fromHex, toHex, utf8Decode, utf8Encode } from '../bytes/bytes.ts';
import { parseIp } from '../address.ts';
import { toInfoHash, toInfoHashV2 } from '../ids.ts';
import type { InfoHash, InfoHashV2 } from '../ids.ts';
import { LIMITS } from '../limits.ts';
import { formatSelection, parseSelection } from './file-selection.ts';
import type { NodeAddress } from './metainfo.ts';
import { refuse } from './refuse.ts';

/** A checked magnet link; at least one of the hashes is there. */
export interface MagnetLink {
  readonly infoHash: InfoHash | undefined;
  readonly infoHashV2: InfoHashV2 | undefined;
  /** `dn`: a name to show until the torrent's own is known; not sanitised. */
  readonly name: string | undefined;
  readonly trackers: readonly string[];
  /** `ws`. */
  readonly webSeeds: readonly string[];
  /** `x.pe`: `host:port`, host may be a name. */
  readonly peers: readonly { readonly host: string; readonly port: number }[];
  /** `dht`: nodes to start the DHT from. */
  readonly nodes: readonly NodeAddress[];
  /** `xs` / `as`: URLs of the .torrent. */
  readonly sources: readonly string[];
  /** `so`: selected file indices (BEP 53); undefined selects all. */
  readonly selected: readonly number[] | undefined;
}

const SCHEME = /^(?:stream-)?magnet:[^?]*\?/i;
const TRACKER = /^(?:https?|udp|wss?):\/\/./i;
const WEB = /^https?:\/\/./i;
const BTIH = /^urn:btih:(.*)$/is;
/** The multihash of SHA-256: code 0x12, length 0x20 (BEP 52). */
const BTMH = /^urn:btmh:1220([0-9a-f]{64})$/i;
const HOST_PORT = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+)):([0-9]{1,5})$/i;

/**
 * Reads a magnet link, or a bare info hash (40 hex digits, or 32 of base32). Throws ProtocolError MAGNET_TOO_LONG,
 * MAGNET_NO_MAGNET, or MAGNET_NO_HASH.
 * @example parseMagnet('magnet:?xt=urn:btih:d2474e86c95b19b8bcfdb92bc12c9d44667cfa36&dn=Leaves').name // 'Leaves'
 */
export function parseMagnet(uri: string): MagnetLink {
  if (uri.length > LIMITS.magnetBytes.value) refuse('MAGNET_TOO_LONG', 'the magnet link is too long');
  const bare = toHash(uri);
  const scheme = SCHEME.exec(uri);
  if (scheme === null && bare === undefined) refuse('MAGNET_NO_MAGNET', 'not a magnet link (BEP 9)');
  const parameters = readParameters(uri.slice(scheme?.[0].length ?? uri.length));
  const all = (key: string): readonly string[] => parameters.get(key) ?? [];
  const infoHash = bare ?? firstOf(all('xt'), (urn) => toHash(BTIH.exec(urn)?.[1] ?? ''));
  const infoHashV2 = firstOf(all('xt'), (urn) => toHashV2(BTMH.exec(urn)?.[1]));
  if (infoHash === undefined && infoHashV2 === undefined) {
    refuse('MAGNET_NO_HASH', 'the magnet link has no usable info hash (BEP 9, BEP 52)');
  }
  return {
    infoHash,
    infoHashV2,
    name: all('dn')[0],
    trackers: unique(all('tr').filter((url) => TRACKER.test(url))),
    webSeeds: unique(all('ws').filter((url) => WEB.test(url))),
    peers: readAddresses(all('x.pe')),
    nodes: readAddresses(all('dht')),
    sources: unique([...all('xs'), ...all('as')].filter((url) => WEB.test(url))),
    selected: parseSelection(all('so')),
  };
}

/**
 * Writes a link, hashes first; what `parseMagnet` reads back is the same.
 * @example formatMagnet({ ...parseMagnet('d2474e86c95b19b8bcfdb92bc12c9d44667cfa36'), name: 'Leaves' })
 */
export function formatMagnet(link: MagnetLink): string {
  const parts = [
    ...(link.infoHash === undefined ? [] : [`xt=urn:btih:${toHex(link.infoHash)}`]),
    ...(link.infoHashV2 === undefined ? [] : [`xt=urn:btmh:1220${toHex(link.infoHashV2)}`]),
    ...(link.name === undefined ? [] : [`dn=${escape(link.name).replaceAll('%20', '+')}`]),
    ...link.trackers.map((url) => `tr=${escape(url)}`),
    ...link.webSeeds.map((url) => `ws=${escape(url)}`),
    ...link.sources.map((url) => `xs=${escape(url)}`),
    ...link.peers.map((peer) => `x.pe=${formatAddress(peer)}`),
    ...link.nodes.map((node) => `dht=${formatAddress(node)}`),
    ...(link.selected === undefined ? [] : [`so=${formatSelection(link.selected)}`]),
  ];
  return `magnet:?${parts.join('&')}`;
}

/** Values by lower-case key; `tr.1` counts as `tr`. What is not escaped properly is left out. */
function readParameters(query: string): Map<string, string[]> {
  const parameters = new Map<string, string[]>();
  for (const part of query.split('&')) {
    const equals = part.indexOf('=');
    if (equals < 0) continue;
    const key = part
      .slice(0, equals)
      .toLowerCase()
      .replace(/\.[0-9]+$/, '');
    const raw = part.slice(equals + 1);
    // A space may be written as "+" in a name; in a URL "+" is itself.
    const value = unescape(key === 'dn' ? raw.replaceAll('+', ' ') : raw);
    if (value === undefined || value === '') continue;
    const values = parameters.get(key);
    if (values === undefined) parameters.set(key, [value]);
    else values.push(value);
  }
  return parameters;
}

/** Percent-encoding undone, bytes that are no UTF-8 replaced; undefined for a "%" without two hex digits. */
function unescape(text: string): string | undefined {
  if (!text.includes('%')) return text;
  if (/%(?![0-9a-f]{2})/i.test(text)) return undefined;
  const raw = utf8Encode(text);
  const bytes = new Uint8Array(raw.length);
  let length = 0;
  for (let at = 0; at < raw.length; at++) {
    const escaped = raw[at] === 0x25;
    bytes[length++] = escaped
      ? Number.parseInt(utf8Decode(raw.subarray(at + 1, at + 3)), 16)
      : (raw[at] ?? 0);
    if (escaped) at += 2;
  }
  return utf8Decode(bytes.subarray(0, length));
}

/** As `encodeURIComponent`, and also what some readers take for the end of a link in running text. */
function escape(text: string): string {
  return encodeURIComponent(utf8Decode(utf8Encode(text))).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** BEP 9: 40 digits of hex, or 32 of base32. */
function toHash(text: string): InfoHash | undefined {
  if (/^[0-9a-f]{40}$/i.test(text)) return toInfoHash(fromHex(text));
  return /^[a-z2-7]{32}$/i.test(text) ? toInfoHash(fromBase32(text)) : undefined;
}

function toHashV2(hex: string | undefined): InfoHashV2 | undefined {
  return hex === undefined ? undefined : toInfoHashV2(fromHex(hex));
}

function readAddresses(values: readonly string[]): NodeAddress[] {
  const addresses = new Map<string, NodeAddress>();
  for (const value of values) {
    const [, ipv6, name, port] = HOST_PORT.exec(value) ?? [];
    const host = ipv6 ?? name;
    if (host === undefined || (ipv6 !== undefined && parseIp(ipv6)?.length !== 16)) continue;
    if (Number(port) > 0 && Number(port) < 65536) addresses.set(value, { host, port: Number(port) });
  }
  return [...addresses.values()];
}

function formatAddress({ host, port }: NodeAddress): string {
  return host.includes(':') ? `[${host}]:${String(port)}` : `${host}:${String(port)}`;
}

function firstOf<T>(values: readonly string[], read: (value: string) => T | undefined): T | undefined {
  for (const value of values) {
    const found = read(value);
    if (found !== undefined) return found;
  }
  return undefined;
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values)];
}
