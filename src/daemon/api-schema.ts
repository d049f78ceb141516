// What requests of the API may say. Unknown fields are refused: a typo is an error, not a setting without effect.
import * as v from 'valibot';
import { SETTING_NAMES, SettingsChangeSchema, type SettingsChange } from './entry.ts';

const Rate = v.nullable(v.pipe(v.number(), v.integer(), v.minValue(1)));
const Count = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(10_000));
/** Below the download folder, or an absolute path inside a folder that the daemon was started with. */
const Folder = v.optional(v.pipe(v.string(), v.maxLength(4096)));
const Flag = v.optional(v.picklist(['true', 'false']));
const Source = v.pipe(
  v.string(),
  v.maxLength(65_536),
  v.regex(/^(magnet:|https?:\/\/)/i, 'a magnet link or an http(s) address is needed'),
);

export interface AddRequest {
  /** A magnet link, or the address of a .torrent or of a publication. */
  readonly source: string;
  readonly folder?: string | undefined;
}

export interface ChangeRequest {
  /** Place in the queue, from 0. */
  readonly place?: number | undefined;
}

export interface SessionRequest {
  readonly downloadLimit?: number | null | undefined;
  readonly uploadLimit?: number | null | undefined;
  readonly maxDownloads?: number | undefined;
  readonly maxSeeds?: number | undefined;
}

const AddSchema: v.GenericSchema<unknown, AddRequest> = v.strictObject({ source: Source, folder: Folder });
const ChangeSchema: v.GenericSchema<unknown, ChangeRequest> = v.strictObject({ place: v.optional(Count) });

/** Beside a .torrent as the body. */
export const AddQuerySchema: v.GenericSchema<
  unknown,
  { readonly folder?: string | undefined; readonly paused?: 'true' | 'false' | undefined }
> = v.strictObject({ folder: Folder, paused: Flag });

export const SessionSchema: v.GenericSchema<unknown, SessionRequest> = v.strictObject({
  downloadLimit: v.optional(Rate),
  uploadLimit: v.optional(Rate),
  maxDownloads: v.optional(Count),
  maxSeeds: v.optional(Count),
});

export const LoginSchema: v.GenericSchema<unknown, { readonly token: string }> = v.strictObject({
  token: v.pipe(v.string(), v.maxLength(1024)),
});

/** `content=true` removes the downloaded files too. */
export const RemoveQuerySchema: v.GenericSchema<
  unknown,
  { readonly content?: 'true' | 'false' | undefined }
> = v.strictObject({ content: Flag });

/** Throws valibot's ValiError, as all schemas here do. */
export function parseAdd(body: unknown): AddRequest & { readonly settings: SettingsChange } {
  return withSettings(body, AddSchema);
}

export function parseChange(body: unknown): ChangeRequest & { readonly settings: SettingsChange } {
  return withSettings(body, ChangeSchema);
}

/** Settings stand beside the other fields of a request. */
function withSettings<T>(
  body: unknown,
  schema: v.GenericSchema<unknown, T>,
): T & { readonly settings: SettingsChange } {
  const fields = Object.entries(v.parse(v.record(v.string(), v.unknown()), body));
  const part = (isSetting: boolean): unknown =>
    Object.fromEntries(fields.filter(([name]) => SETTING_NAMES.has(name) === isSetting));
  return { ...v.parse(schema, part(false)), settings: v.parse(SettingsChangeSchema, part(true)) };
}
