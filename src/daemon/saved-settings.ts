// Limits and queue as they were last set through the API. What the command line says goes before them.
import { readFile } from 'node:fs/promises';
import * as v from 'valibot';
import { writeFileAtomic } from '../node/atomic-write.ts';

export interface SavedSettings {
  readonly downloadLimit: number | null;
  readonly uploadLimit: number | null;
  readonly maxDownloads: number;
  readonly maxSeeds: number;
}

const Saved: v.GenericSchema<unknown, SavedSettings> = v.strictObject({
  version: v.literal(1),
  downloadLimit: v.nullable(v.number()),
  uploadLimit: v.nullable(v.number()),
  maxDownloads: v.number(),
  maxSeeds: v.number(),
});

/** Undefined where there are none, or none that can be read. */
export async function loadSettings(path: string): Promise<SavedSettings | undefined> {
  try {
    const result = v.safeParse(Saved, JSON.parse(await readFile(path, 'utf8')));
    return result.success ? result.output : undefined;
  } catch {
    return undefined;
  }
}

/** Rejects with SystemError DISK_*, FILE_*. */
export async function saveSettings(path: string, settings: SavedSettings): Promise<void> {
  const text = JSON.stringify({ version: 1, ...settings });
  await writeFileAtomic(path, new TextEncoder().encode(text), { overwrite: true });
}
