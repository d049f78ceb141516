// Quantities as people type them in options: bytes, rates, durations, ratios, ports, addresses.
// Each parser throws UsageError OPTION_INVALID that names what it expected.
import { parseIp, type PeerAddress } from '../core/address.ts';
import { UsageError } from '../core/errors.ts';

const FACTORS: Readonly<Record<string, number>> = {
  '': 1,
  ...{ k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 },
};

const SECONDS: Readonly<Record<string, number>> = { '': 1, s: 1, m: 60, h: 3600, d: 86400 };

/** Bytes or bytes a second: `500K`, `1.5M`, `2 GiB`, `10MB/s`; units are powers of 1024. */
export function parseBytes(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([kmgt]?)(?:i?b)?(?:\/s)?$/i.exec(text.trim());
  const bytes = Math.round(Number(match?.[1]) * (FACTORS[(match?.[2] ?? '').toLowerCase()] ?? Number.NaN));
  if (match === null || !Number.isSafeInteger(bytes) || bytes === 0) {
    throw invalid(text, 'an amount such as 500K, 1.5M or 2G');
  }
  return bytes;
}

/** Seconds: `90`, `90s`, `15m`, `2h`, `1d`, `1h30m`. */
export function parseDuration(text: string): number {
  const parts = [...text.trim().matchAll(/(\d+(?:\.\d+)?)([smhd]?)/gi)];
  const seconds = parts.reduce(
    (sum, part) => sum + Number(part[1]) * (SECONDS[(part[2] ?? '').toLowerCase()] ?? Number.NaN),
    0,
  );
  const isWhole = parts.map((part) => part[0]).join('') === text.trim();
  if (parts.length === 0 || !isWhole || !Number.isFinite(seconds)) {
    throw invalid(text, 'a duration such as 90s, 15m, 2h or 1d');
  }
  return seconds;
}

/** Uploaded bytes over the size of the content: `1`, `2.5`. */
export function parseRatio(text: string): number {
  if (!/^\d+(\.\d+)?$/.test(text)) throw invalid(text, 'a ratio such as 1 or 2.5');
  return Number(text);
}

export function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(port <= 65535)) throw invalid(text, 'a port from 0 to 65535');
  return port;
}

/** `1.2.3.4:6881` or `[::1]:6881`. */
export function parsePeer(text: string): PeerAddress {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text);
  const ip = match?.[1] ?? match?.[2] ?? '';
  const port = Number(match?.[3]);
  if (parseIp(ip) === undefined || !(port >= 1 && port <= 65535)) {
    throw invalid(text, 'a peer such as 192.0.2.1:6881 or [2001:db8::1]:6881');
  }
  return { ip, port };
}

/** An announce URL of a kind that a client speaks. */
export function parseTrackerUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['http:', 'https:', 'udp:', 'ws:', 'wss:'].includes(url.protocol)) {
    throw invalid(text, 'an announce URL that starts with http, https, udp, ws or wss');
  }
  return text;
}

/** A web seed's URL. */
export function parseHttpUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol)) throw invalid(text, 'an http(s) URL');
  return text;
}

function invalid(received: string, expected: string): UsageError {
  return new UsageError('OPTION_INVALID', `"${received}" is not ${expected}`, { expected, received });
}
