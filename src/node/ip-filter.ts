// IP filter lists from files, plain or gzipped, as they are passed around.
import { readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { UsageError } from '../core/errors.ts';
import { IpFilter } from '../core/ip-filter.ts';
import { DISK_CODES, toSystemError } from './os-error.ts';

/** The largest lists have about a million lines of some 60 characters. */
const MAX_BYTES = 256 * 1024 * 1024;

/** All files as one filter. Throws UsageError IP_FILTER_INVALID where there is no range, SystemError DISK_*. */
export async function readIpFilter(paths: readonly string[]): Promise<IpFilter> {
  const texts = await Promise.all(paths.map(readList));
  const { filter, ranges } = IpFilter.parse(texts.join('\n'));
  if (ranges === 0) throw new UsageError('IP_FILTER_INVALID', 'the IP filter holds no ranges of addresses');
  return filter;
}

async function readList(path: string): Promise<string> {
  try {
    const bytes = await readFile(path);
    const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
    return (isGzip ? gunzipSync(bytes, { maxOutputLength: MAX_BYTES }) : bytes).toString('latin1');
  } catch (error) {
    throw toSystemError(error, DISK_CODES, `could not read ${path}`);
  }
}
