// What was delivered and what the server paid for it, item by item, since the books were opened; over all starts.
import * as v from 'valibot';
import { utf8Decode, utf8Encode } from '../../core/bytes/bytes.ts';
import { SavedHistorySchema, type SavedHistory } from './history.ts';

/** Bytes and downloads of one item. They only grow. */
export interface Account {
  /** Bytes that people got, by whatever way: see `Readers`, and whole files over plain HTTP. */
  readonly delivered: number;
  /** Bytes that this server sent to peers, and over HTTP. */
  readonly toPeers: number;
  readonly directly: number;
  /** Downloads that peers reported as finished. */
  readonly finished: number;
}

export const NOTHING: Account = { delivered: 0, toPeers: 0, directly: 0, finished: 0 };

export interface Books {
  /** Seconds since 1970 at which they were opened. */
  readonly since: number;
  readonly accounts: Readonly<Record<string, Account>>;
  readonly history: SavedHistory;
}

const amount = v.pipe(v.number(), v.minValue(0));

const BooksSchema: v.GenericSchema<unknown, Books> = v.object({
  since: amount,
  accounts: v.record(
    v.string(),
    v.object({ delivered: amount, toPeers: amount, directly: amount, finished: amount }),
  ),
  history: SavedHistorySchema,
});

export function encodeBooks(books: Books): Uint8Array {
  return utf8Encode(JSON.stringify(books));
}

/** Undefined for what no version of ours has written. */
export function decodeBooks(bytes: Uint8Array): Books | undefined {
  let value: unknown;
  try {
    value = JSON.parse(utf8Decode(bytes));
  } catch {
    return undefined;
  }
  const parsed = v.safeParse(BooksSchema, value);
  return parsed.success ? parsed.output : undefined;
}

export function addAccounts(a: Account, b: Account): Account {
  return {
    delivered: a.delivered + b.delivered,
    toPeers: a.toPeers + b.toPeers,
    directly: a.directly + b.directly,
    finished: a.finished + b.finished,
  };
}
