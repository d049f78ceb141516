// What requests of the API may say. Unknown fields are refused: a typo is an error, not a setting without effect.
import * as v from 'valibot';
import { EntrySettings } from './entry.ts';

const settings = v.partial(EntrySettings).entries;
const Rate = v.nullable(v.pipe(v.number(), v.integer(), v.minValue(1)));
const Count = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(10_000));
/** Below the download folder, or an absolute path inside a folder that the daemon was started with. */
const Folder = v.optional(v.pipe(v.string(), v.maxLength(4096)));

/** `source` is a magnet link, or the address of a .torrent or of a publication. */
export const AddBody = v.strictObject({
  source: v.pipe(v.string(), v.maxLength(65_536), v.regex(/^(magnet:|https?:\/\/)/i, 'a magnet link or an http(s) address')),
  folder: Folder,
  ...settings,
});

/** Beside a .torrent as the body. */
export const AddQuery = v.strictObject({
  folder: Folder,
  paused: v.optional(
    v.pipe(
      v.picklist(['true', 'false']),
      v.transform((text) => text === 'true'),
    ),
  ),
});

/** `place` is the place in the queue, from 0. */
export const ChangeBody = v.strictObject({ ...settings, place: v.optional(Count) });

export const SessionBody = v.strictObject({
  downloadLimit: v.optional(Rate),
  uploadLimit: v.optional(Rate),
  maxDownloads: v.optional(Count),
  maxSeeds: v.optional(Count),
});

export const LoginBody = v.strictObject({ token: v.pipe(v.string(), v.maxLength(1024)) });

/** `content=true` removes the downloaded files too. */
export const RemoveQuery = v.strictObject({ content: v.optional(v.picklist(['true', 'false'])) });
