// What a publisher remembers of a path it has published: the torrent it made and the files as they were then. A
// restart with unchanged files carries on with the same info hash and reads nothing again.
import { createHash } from 'node:crypto';
import * as v from 'valibot';
import { utf8Decode, utf8Encode } from '../core/bytes/bytes.ts';
import type { MetainfoVersion } from '../core/metainfo/metainfo.ts';
import type { StateStore } from '../ports/storage.ts';

export interface RecordedFile {
  /** Elements below the published path, joined by slashes. */
  readonly path: string;
  readonly length: number;
  readonly modifiedMs: number;
  /** Lower-case hex. */
  readonly sha256?: string | undefined;
}

export interface PublicationRecord {
  readonly format: 1;
  /** The .torrent as first made, base64; its trackers and web seeds are set anew at each start. */
  readonly torrent: string;
  readonly files: readonly RecordedFile[];
}

const RecordSchema: v.GenericSchema<unknown, PublicationRecord> = v.strictObject({
  format: v.literal(1),
  torrent: v.string(),
  files: v.array(
    v.strictObject({
      path: v.string(),
      length: v.number(),
      modifiedMs: v.number(),
      sha256: v.optional(v.string()),
    }),
  ),
});

/** What makes another torrent of the same path. */
export interface PublicationIdentity {
  /** Absolute, symlinks resolved. */
  readonly path: string;
  readonly version: MetainfoVersion;
  readonly private: boolean;
  readonly exclude: readonly string[];
  readonly hidden: boolean;
  readonly updateUrl?: string | undefined;
}

export function stateKey({
  path,
  version,
  private: isPrivate,
  exclude,
  hidden,
  updateUrl,
}: PublicationIdentity): string {
  return createHash('sha256')
    .update(
      JSON.stringify([
        path,
        version,
        isPrivate,
        exclude,
        hidden,
        ...(updateUrl === undefined ? [] : [updateUrl]),
      ]),
    )
    .digest('hex');
}

/** The record, or undefined where there is none or it cannot be understood: then everything is hashed again. */
export async function loadRecord(store: StateStore, key: string): Promise<PublicationRecord | undefined> {
  const bytes = await store.load(key);
  if (bytes === undefined) return undefined;
  try {
    const result = v.safeParse(RecordSchema, JSON.parse(utf8Decode(bytes)));
    return result.success ? result.output : undefined;
  } catch {
    return undefined;
  }
}

export async function saveRecord(store: StateStore, key: string, record: PublicationRecord): Promise<void> {
  await store.save(key, utf8Encode(JSON.stringify(record)));
}

/** True if the same files are there, each with its length and time of change. */
export function isSameContent(
  recorded: readonly RecordedFile[],
  found: readonly {
    readonly path: readonly string[];
    readonly length: number;
    readonly modifiedMs: number;
  }[],
): boolean {
  const before = new Map(recorded.map((file) => [file.path, file]));
  return (
    before.size === found.length &&
    found.every((file) => {
      const known = before.get(file.path.join('/'));
      return known?.length === file.length && known.modifiedMs === file.modifiedMs;
    })
  );
}
