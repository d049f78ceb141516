// The tracker's configuration from a TOML file and the environment. Unknown names and values out of range are refused
// with their place; nothing is silently ignored.
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { parse } from 'smol-toml';
import * as v from 'valibot';
import { UsageError } from '../core/errors.ts';
import { toFileError } from '../node/file-error.ts';
import type { TrackerOptions } from './options.ts';
import { settingName, TRACKER_SETTINGS, type Setting } from './settings-table.ts';

const ENVIRONMENT_PREFIX = 'SWARMPRESS_TRACK_';
const ENTRIES = Object.entries(TRACKER_SETTINGS);
const SCHEMA = v.strictObject(
  Object.fromEntries(ENTRIES.map(([key, setting]) => [settingName(key), v.optional(schemaOf(setting))])),
);

/** Reads a file; rejects with SystemError FILE_* or UsageError CONFIG_INVALID. */
export async function readTrackerConfig(path: string): Promise<TrackerOptions> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw toFileError(error, path);
  }
  return parseTrackerConfig(text, path);
}

/** Parses TOML; paths in it are relative to the folder of `path`. Throws UsageError CONFIG_INVALID. */
export function parseTrackerConfig(text: string, path: string): TrackerOptions {
  let value: unknown;
  try {
    value = parse(text);
  } catch (error) {
    throw invalid(`${path}: ${error instanceof Error ? (error.message.split('\n')[0] ?? '') : 'not TOML'}`);
  }
  return check(value, { source: path, folder: dirname(path) });
}

/** Settings in variables such as SWARMPRESS_TRACK_MIN_INTERVAL; lists have commas. Throws UsageError CONFIG_INVALID. */
export function readTrackerEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
  folder: string,
): TrackerOptions {
  const found: Record<string, unknown> = {};
  for (const [name, text] of Object.entries(environment)) {
    if (!name.startsWith(ENVIRONMENT_PREFIX) || text === undefined || text === '') continue;
    const key = name.slice(ENVIRONMENT_PREFIX.length).toLowerCase().replaceAll('_', '-');
    const setting = ENTRIES.find(([each]) => settingName(each) === key)?.[1];
    found[key] = setting === undefined ? text : fromText(setting, text);
  }
  return check(found, { source: 'the environment', folder });
}

/** The text of a variable or flag as its kind; text that does not fit stays text, which the check refuses. */
function fromText(setting: Setting, text: string): unknown {
  if (setting.kind === 'number' && /^\d+$/.test(text)) return Number(text);
  if (setting.kind === 'boolean' && /^(true|false)$/.test(text)) return text === 'true';
  if (setting.kind === 'list') return text.split(',').map((each) => each.trim());
  return text;
}

function check(value: unknown, from: { readonly source: string; readonly folder: string }): TrackerOptions {
  const result = v.safeParse(SCHEMA, value);
  if (!result.success) {
    const [issue] = result.issues;
    const place = issue.path?.map(({ key }) => String(key)).join('.') ?? '';
    const unknown = issue.type === 'strict_object' && issue.expected === 'never';
    throw invalid(`${from.source}: ${place}: ${unknown ? 'there is no such setting' : issue.message}`);
  }
  const options: Record<string, unknown> = {};
  for (const [key, setting] of ENTRIES) {
    const given: unknown = result.output[settingName(key)];
    if (given === undefined) continue;
    options[key] = setting.kind === 'path' && typeof given === 'string' ? resolve(from.folder, given) : given;
  }
  return options;
}

function schemaOf(setting: Setting): v.GenericSchema {
  switch (setting.kind) {
    case 'number':
      return v.pipe(v.number(), v.integer(), v.minValue(setting.min), v.maxValue(setting.max));
    case 'boolean':
      return v.boolean();
    case 'list':
      return v.array(v.string());
    case 'text':
    case 'path':
      return v.pipe(v.string(), v.nonEmpty());
  }
}

function invalid(message: string): UsageError {
  return new UsageError('CONFIG_INVALID', message);
}
