// How much of what is published the audience has got, peer by peer: from what peers say on the wire and to the tracker.
// Law: a floor. A byte counts when a peer is known to have got it here; what cannot be told is not counted, the same peer
// seen twice (tracker and wire, v1 and v2, IPv4 and IPv6, after a restart) counts once, and no count ever goes back.

/** Something that was seen of one peer of one item. */
export interface Sighting {
  readonly item: string;
  /** Bytes of the item's content. */
  readonly length: number;
  /** Hex; peers of some clients have another one on each connection. */
  readonly peerId: string;
  /** Where it takes connections; empty where that is not known. */
  readonly listens: string;
  /** Its address without a port; empty where there is none. */
  readonly ip: string;
  /** On the wire: bytes that it has, and bytes of them that we have sent on this connection. */
  readonly wire?: { readonly had: number; readonly sent: number } | undefined;
  /** At the tracker: what it says that it has downloaded since its start, and whether it has just finished. */
  readonly told?: { readonly downloaded: number; readonly finished: boolean; readonly seed: boolean };
}

interface Reader {
  readonly item: string;
  readonly length: number;
  readonly names: Set<string>;
  /** What it had when it was first seen on the wire, without what we had sent it by then. */
  first: number | undefined;
  had: number;
  sent: number;
  downloaded: number;
  finished: boolean;
  gain: number;
}

/** Of the audience of one item. */
interface Sum {
  gained: number;
  finished: number;
  /** Counted twice before two readers turned out to be one: taken off what comes next. */
  owed: number;
}

const MAX_READERS = 100_000;
const MAX_NAMES = 16;
const MAX_IPS = 100_000;
/** As long as clients stay silent between announces, and a little. */
const READING_MS = 35 * 60_000;
const FINISHED_MS = 60_000;

export class Readers {
  readonly #byName = new Map<string, Reader>();
  /** Longest unseen first. */
  readonly #all = new Set<Reader>();
  readonly #sums = new Map<string, Sum>();
  /** Addresses of readers that are not finished → until when that is believed. */
  readonly #reading = new Map<string, number>();

  /** Bytes that the audience of an item got, since this was made. */
  gained(item: string): number {
    return this.#sums.get(item)?.gained ?? 0;
  }

  /** Readers of an item that have said that they are finished, or that they got all of it, since this was made. */
  finished(item: string): number {
    return this.#sums.get(item)?.finished ?? 0;
  }

  /** Somebody at this address downloads as a peer: what it fetches over HTTP is counted there. */
  isReading(item: string, ip: string, now: number): boolean {
    return (this.#reading.get(`${item} ${ip}`) ?? 0) > now;
  }

  /** `now`: milliseconds of the clock that `isReading` is asked with. */
  see(sighting: Sighting, now: number): void {
    const { wire, told, length } = sighting;
    // Whoever comes with everything got nothing here, and most announces of a swarm are of such.
    if (told?.seed === true && !told.finished && told.downloaded === 0) return;
    const reader = this.#readerOf(sighting);
    if (wire !== undefined) {
      reader.first ??= Math.max(0, wire.had - wire.sent);
      reader.had = Math.max(reader.had, wire.had);
      reader.sent = Math.max(reader.sent, wire.sent);
    }
    if (told !== undefined) {
      reader.downloaded = Math.max(reader.downloaded, told.downloaded);
      // Who is quick by way of a web seed has it all before it announces: it has no completion to tell.
      const isFinished = told.finished || (told.seed && told.downloaded >= length);
      if (isFinished && !reader.finished) this.#sumOf(reader.item).finished++;
      reader.finished ||= isFinished;
    }
    this.#count(reader);
    const isDone = reader.finished || reader.had >= length;
    if (sighting.ip !== '') this.#read(`${sighting.item} ${sighting.ip}`, isDone, now);
  }

  #read(place: string, isDone: boolean, now: number): void {
    if (isDone && !this.#reading.has(place)) return;
    this.#reading.delete(place);
    const [oldest] = this.#reading.keys();
    if (this.#reading.size >= MAX_IPS && oldest !== undefined) this.#reading.delete(oldest);
    this.#reading.set(place, now + (isDone ? FINISHED_MS : READING_MS));
  }

  /** The reader that goes by any of the sighting's names; two that share a sighting are one. */
  #readerOf({ item, length, peerId, listens }: Sighting): Reader {
    const names = [`${item} ${peerId}`, ...(listens === '' ? [] : [`${item} ${listens}`])];
    const known = new Set(names.map((name) => this.#byName.get(name)).filter((one) => one !== undefined));
    const [first, second] = known;
    const reader = first ?? { ...FRESH, item, length, names: new Set() };
    if (second !== undefined) this.#merge(reader, second);
    for (const name of names) {
      if (reader.names.size >= MAX_NAMES) break;
      reader.names.add(name);
      this.#byName.set(name, reader);
    }
    this.#all.delete(reader);
    this.#all.add(reader);
    const [oldest] = this.#all;
    if (this.#all.size > MAX_READERS && oldest !== undefined) this.#forget(oldest);
    return reader;
  }

  #merge(into: Reader, other: Reader): void {
    this.#sumOf(into.item).owed += Math.min(into.gain, other.gain);
    into.gain = Math.max(into.gain, other.gain);
    if (other.first !== undefined) into.first = Math.min(into.first ?? other.first, other.first);
    into.had = Math.max(into.had, other.had);
    into.sent = Math.max(into.sent, other.sent);
    into.downloaded = Math.max(into.downloaded, other.downloaded);
    into.finished ||= other.finished;
    this.#all.delete(other);
    for (const name of other.names) {
      into.names.add(name);
      this.#byName.set(name, into);
    }
  }

  #forget(reader: Reader): void {
    this.#all.delete(reader);
    for (const name of reader.names) this.#byName.delete(name);
  }

  #count(reader: Reader): void {
    const gain = gainOf(reader);
    if (gain <= reader.gain) return;
    const sum = this.#sumOf(reader.item);
    const more = gain - reader.gain;
    reader.gain = gain;
    const paidBack = Math.min(sum.owed, more);
    sum.owed -= paidBack;
    sum.gained += more - paidBack;
  }

  #sumOf(item: string): Sum {
    const known = this.#sums.get(item);
    if (known !== undefined) return known;
    const sum = { gained: 0, finished: 0, owed: 0 };
    this.#sums.set(item, sum);
    return sum;
  }
}

const FRESH = {
  ...{ first: undefined, had: 0, sent: 0, downloaded: 0, finished: false, gain: 0 },
};

/** What a reader is known to have got here. A client says `downloaded` with what it threw away: never above the length. */
function gainOf({ length, first, had, sent, downloaded, finished }: Reader): number {
  const seen = first === undefined ? 0 : had - first;
  const whole = !finished ? 0 : first !== undefined ? length - first : downloaded > 0 ? downloaded : length;
  return Math.min(length, Math.max(seen, sent, downloaded, whole));
}
