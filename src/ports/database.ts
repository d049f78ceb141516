// An embedded store for what outlives the process and is more than a file: ordered keys, bytes as values.
// Guarantees of every adapter: a transaction happens as a whole or not at all, alone among all writers (those of other
// processes included), and is on the medium when its promise resolves. A process that is killed loses what was not
// resolved, and nothing else.

export interface DatabaseReader {
  /** The bytes are the caller's to keep. */
  get(key: string): Uint8Array | undefined;
  /** All entries whose key starts with `prefix`, in the order of the UTF-8 bytes of their keys. */
  entries(prefix: string): readonly (readonly [key: string, value: Uint8Array])[];
}

/** Valid until the work of its transaction returns. It reads what was written through it. */
export interface DatabaseWriter extends DatabaseReader {
  put(key: string, value: Uint8Array): void;
  remove(key: string): void;
}

/** Keys are 1 to 500 bytes of UTF-8 without NUL. Reads see every transaction that has been resolved anywhere. */
export interface Database extends DatabaseReader {
  /**
   * Runs `work`, which is synchronous. If it throws, nothing of it has happened and the promise rejects with what it
   * threw; rejects with SystemError DATABASE_* where the medium fails.
   */
  transact<T>(work: (writer: DatabaseWriter) => T): Promise<T>;
  /** Waits for transactions that are under way. */
  close(): Promise<void>;
}
