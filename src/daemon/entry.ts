// What the daemon remembers of a torrent, besides the content and its resume data.
import * as v from 'valibot';

const Rate = v.nullable(v.pipe(v.number(), v.integer(), v.minValue(1)));

/** What a user may set. Rates are bytes a second, null is unlimited; goals are null where seeding has no end. */
export const EntrySettings = v.strictObject({
  /** Stopped by the user; the queue never starts it. */
  paused: v.boolean(),
  sequential: v.boolean(),
  downloadLimit: Rate,
  uploadLimit: Rate,
  /** Indices of wanted files; null is all. */
  files: v.nullable(v.array(v.pipe(v.number(), v.integer(), v.minValue(0)))),
  /** Seeding ends with so many copies uploaded. */
  ratio: v.nullable(v.pipe(v.number(), v.minValue(0))),
  /** Seeding ends after so long, in seconds. */
  seedSeconds: v.nullable(v.pipe(v.number(), v.minValue(0))),
});

export type EntrySettings = v.InferOutput<typeof EntrySettings>;

/** As it is kept on disk. */
export const Entry = v.strictObject({
  version: v.literal(1),
  /** Hex of the v1 info hash, or of the v2 one where there is no other. */
  id: v.pipe(v.string(), v.regex(/^([0-9a-f]{40}|[0-9a-f]{64})$/)),
  /** The link it was added by; null for a .torrent, which is kept beside. */
  magnet: v.nullable(v.string()),
  /** Absolute. */
  folder: v.string(),
  /** Place in the queue, ascending. */
  position: v.number(),
  /** Milliseconds since 1970. */
  addedAt: v.number(),
  completedAt: v.nullable(v.number()),
  /** Seconds of seeding so far. */
  seededSeconds: v.number(),
  settings: EntrySettings,
});

export type Entry = v.InferOutput<typeof Entry>;

export const DEFAULT_SETTINGS: EntrySettings = {
  paused: false,
  sequential: false,
  downloadLimit: null,
  uploadLimit: null,
  files: null,
  ratio: null,
  seedSeconds: null,
};
