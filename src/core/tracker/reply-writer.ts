// Writes tracker answers into one reusable buffer: bencode for HTTP (BEP 3, 7, 23, 24, 31, 48). Keys in byte order.
import { formatIp } from '../address.ts';
import type { StoreCounts, StoreReply } from './store/store-query.ts';
import type { TrackerFailure } from './model.ts';

/** A buffer that is written from the front. Its size is the caller's promise: 64 bytes and 40 for each peer or file. */
export class ReplyWriter {
  readonly bytes: Uint8Array;
  length = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** ASCII text. */
  text(text: string): void {
    for (let i = 0; i < text.length; i++) this.bytes[this.length + i] = text.charCodeAt(i);
    this.length += text.length;
  }

  /** A whole number that is not negative, in decimal. */
  number(value: number): void {
    if (value < 10) {
      this.bytes[this.length++] = 0x30 + value;
      return;
    }
    let digits = 1;
    for (let rest = value; rest >= 10; rest = Math.floor(rest / 10)) digits++;
    let rest = value;
    for (let at = this.length + digits - 1; at >= this.length; at--) {
      const tenth = Math.floor(rest / 10);
      this.bytes[at] = 0x30 + (rest - 10 * tenth);
      rest = tenth;
    }
    this.length += digits;
  }

  /** A byte string with its length in front. */
  string(source: Uint8Array, length: number): void {
    this.number(length);
    this.bytes[this.length++] = 0x3a;
    this.raw(source, length);
  }

  raw(source: Uint8Array, length: number): void {
    const { bytes } = this;
    const to = this.length;
    if (length > 64) bytes.set(source.length === length ? source : source.subarray(0, length), to);
    else for (let i = 0; i < length; i++) bytes[to + i] = source[i] ?? 0;
    this.length += length;
  }
}

export interface HttpAnswer {
  readonly reply: StoreReply;
  readonly intervalSeconds: number;
  readonly minIntervalSeconds: number;
  /** The asker's address as seen (BEP 24): 4 or 16 bytes. */
  readonly ip: Uint8Array;
  readonly compact: boolean;
}

/** The body of an announce response. */
export function writeAnnounceReply(out: ReplyWriter, answer: HttpAnswer): void {
  const { reply } = answer;
  out.text('d8:completei');
  out.number(reply.seeders);
  out.text('e10:downloadedi');
  out.number(reply.downloads);
  out.text('e11:external ip');
  out.string(answer.ip, answer.ip.length);
  out.text('10:incompletei');
  out.number(reply.leechers);
  out.text('e8:intervali');
  out.number(answer.intervalSeconds);
  out.text('e12:min intervali');
  out.number(answer.minIntervalSeconds);
  out.text('e5:peers');
  if (answer.compact) {
    out.string(reply.peers4, reply.length4);
    if (reply.length6 > 0) {
      out.text('6:peers6');
      out.string(reply.peers6, reply.length6);
    }
  } else {
    out.text('l');
    writePeerDicts(out, reply.peers4.subarray(0, reply.length4), 4);
    writePeerDicts(out, reply.peers6.subarray(0, reply.length6), 16);
    out.text('e');
  }
  out.text('e');
}

/** Peer ids are left out: they are not kept. */
function writePeerDicts(out: ReplyWriter, peers: Uint8Array, ipLength: 4 | 16): void {
  for (let at = 0; at < peers.length; at += ipLength + 2) {
    const ip = formatIp(peers.subarray(at, at + ipLength));
    out.text(`d2:ip${String(ip.length)}:${ip}4:porti`);
    out.number(((peers[at + ipLength] ?? 0) << 8) | (peers[at + ipLength + 1] ?? 0));
    out.text('ee');
  }
}

/** BEP 31: `retry in` is a number of minutes or `never`. */
export function writeFailure(out: ReplyWriter, failure: TrackerFailure): void {
  out.text(`d14:failure reason${String(failure.message.length)}:${failure.message}`);
  if (failure.retryMinutes === 'never') out.text('8:retry in5:never');
  else if (failure.retryMinutes !== undefined) out.text(`8:retry ini${String(failure.retryMinutes)}e`);
  out.text('e');
}

/** One file of a scrape response (BEP 48, 21). */
export function writeScrapeFile(out: ReplyWriter, infoHash: Uint8Array, counts: StoreCounts): void {
  out.text('20:');
  out.raw(infoHash, 20);
  out.text('d8:completei');
  out.number(counts.seeders);
  out.text('e10:downloadedi');
  out.number(counts.downloads);
  out.text('e11:downloadersi');
  out.number(counts.downloaders);
  out.text('e10:incompletei');
  out.number(counts.leechers);
  out.text('ee');
}
