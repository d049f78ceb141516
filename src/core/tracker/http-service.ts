// The server's side of HTTP trackers without HTTP: the target of a request in, the body of the response out.
import type { Millis } from '../time.ts';
import type { AnnounceCore } from './announce.ts';
import { AnnounceQuery } from './announce-query.ts';
import { HashList, HttpForm, parseAnnounceTarget, parseScrapeTarget, type Span } from './http-query.ts';
import type { Refusal } from './refusal.ts';
import { type ReplyWriter, writeAnnounceReply, writeFailure, writeScrapeFile } from './reply-writer.ts';
import { StoreCounts, StoreReply } from './store/store-query.ts';

export interface HttpServiceDeps {
  readonly core: AnnounceCore;
  /** Most peers of an answer, and most hashes of a scrape. */
  readonly maxPeers: number;
  readonly maxScrape: number;
}

/** Bytes that the longest body may need. */
export function httpBodyRoom(limits: { readonly maxPeers: number; readonly maxScrape: number }): number {
  // A peer in the long form takes up to 80 bytes, a file of a scrape up to 140.
  return 1024 + Math.max(80 * 2 * limits.maxPeers, 140 * limits.maxScrape);
}

export class HttpService {
  readonly #core: AnnounceCore;
  readonly #query: AnnounceQuery = new AnnounceQuery();
  readonly #form: HttpForm = new HttpForm();
  readonly #reply: StoreReply;
  readonly #counts: StoreCounts = new StoreCounts();
  readonly #hashes: HashList;

  constructor(deps: HttpServiceDeps) {
    this.#core = deps.core;
    this.#reply = new StoreReply(deps.maxPeers);
    this.#hashes = new HashList(deps.maxScrape);
  }

  /** `target` is `/announce…`; the body goes to `out`. `ip` is the client's address, 4 or 16 bytes. */
  announce(target: Span, ip: Uint8Array, context: { readonly now: Millis; readonly out: ReplyWriter }): void {
    const { now, out } = context;
    const query = this.#query;
    let refusal = parseAnnounceTarget(target, query, this.#form);
    query.setSource(ip);
    query.bothFamilies = true;
    refusal ??= this.#core.announce(query, now, this.#reply);
    if (refusal !== undefined) {
      writeFailure(out, refusal);
      return;
    }
    writeAnnounceReply(out, {
      reply: this.#reply,
      intervalSeconds: this.#core.intervalSeconds(),
      minIntervalSeconds: this.#core.policy.minIntervalSeconds,
      ip: query.address,
      compact: this.#form.compact,
    });
  }

  /** `target` is `/scrape…`; the body goes to `out`. */
  scrape(target: Span, ip: Uint8Array, context: { readonly now: Millis; readonly out: ReplyWriter }): void {
    const { now, out } = context;
    const hashes = this.#hashes;
    const refusal: Refusal | undefined =
      parseScrapeTarget(target, hashes) ?? this.#core.admitScrape(ip, now, hashes.count);
    if (refusal !== undefined) {
      writeFailure(out, refusal);
      return;
    }
    out.text('d5:filesd');
    for (const hash of sortedHashes(hashes)) {
      if (this.#core.scrape(hash, this.#counts)) writeScrapeFile(out, hash, this.#counts);
    }
    out.text('ee');
  }
}

/** Each hash once, in byte order, as bencode wants the keys of a dictionary. */
function sortedHashes(hashes: HashList): Uint8Array[] {
  const views = Array.from({ length: hashes.count }, (_, i) => hashes.bytes.subarray(20 * i, 20 * i + 20));
  if (views.length < 2) return views;
  views.sort(compareBytes);
  return views.filter((view, i) => i === 0 || compareBytes(view, views[i - 1] ?? view) !== 0);
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < 20; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
