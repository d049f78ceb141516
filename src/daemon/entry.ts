// What the daemon remembers of a torrent, besides the content and its resume data.
import * as v from 'valibot';

/** What a user may set. Rates are bytes a second, null is unlimited; goals are null where seeding has no end. */
export interface EntrySettings {
  /** Stopped by the user; the queue never starts it. */
  readonly paused: boolean;
  readonly sequential: boolean;
  readonly downloadLimit: number | null;
  readonly uploadLimit: number | null;
  /** Indices of wanted files; null is all. */
  readonly files: readonly number[] | null;
  /** Seeding ends with so many copies uploaded. */
  readonly ratio: number | null;
  /** Seeding ends after so long, in seconds. */
  readonly seedSeconds: number | null;
}

/** Some of the settings; what is left out or undefined stays as it is. */
export type SettingsChange = { readonly [K in keyof EntrySettings]?: EntrySettings[K] | undefined };

/** As it is kept on disk. */
export interface Entry {
  readonly version: 1;
  /** Hex of the v1 info hash, or of the v2 one where there is no other. */
  readonly id: string;
  /** The link it was added by; null for a .torrent, which is kept beside. */
  readonly magnet: string | null;
  /** Absolute. */
  readonly folder: string;
  /** Place in the queue, ascending. */
  readonly position: number;
  /** Milliseconds since 1970. */
  readonly addedAt: number;
  readonly completedAt: number | null;
  /** Seconds of seeding so far. */
  readonly seededSeconds: number;
  readonly settings: EntrySettings;
}

const Rate = v.nullable(v.pipe(v.number(), v.integer(), v.minValue(1)));
const Goal = v.nullable(v.pipe(v.number(), v.minValue(0)));
const Indices = v.nullable(v.array(v.pipe(v.number(), v.integer(), v.minValue(0))));

const settingsEntries = {
  paused: v.boolean(),
  sequential: v.boolean(),
  downloadLimit: Rate,
  uploadLimit: Rate,
  files: Indices,
  ratio: Goal,
  seedSeconds: Goal,
};

export const EntrySchema: v.GenericSchema<unknown, Entry> = v.strictObject({
  version: v.literal(1),
  id: v.pipe(v.string(), v.regex(/^([0-9a-f]{40}|[0-9a-f]{64})$/)),
  magnet: v.nullable(v.string()),
  folder: v.string(),
  position: v.number(),
  addedAt: v.number(),
  completedAt: v.nullable(v.number()),
  seededSeconds: v.number(),
  settings: v.strictObject(settingsEntries),
});

/** For requests: each setting by itself. */
export const SettingsChangeSchema: v.GenericSchema<unknown, SettingsChange> = v.partial(
  v.object(settingsEntries),
);

/** Names of the settings, to tell them from what else a request may say. */
export const SETTING_NAMES: ReadonlySet<string> = new Set(Object.keys(settingsEntries));

export const DEFAULT_SETTINGS: EntrySettings = {
  paused: false,
  sequential: false,
  downloadLimit: null,
  uploadLimit: null,
  files: null,
  ratio: null,
  seedSeconds: null,
};

/** The settings with some of them changed. */
export function changeSettings(
  settings: EntrySettings,
  ...changes: readonly SettingsChange[]
): EntrySettings {
  const given = changes.flatMap((change) =>
    Object.entries(change).filter(([, value]) => value !== undefined),
  );
  return { ...settings, ...(Object.fromEntries(given) as Partial<EntrySettings>) };
}
