// Whole reads and writes at a position of an open file: short counts are continued, the end of the file is an error.
import { fdatasync, read, readv, write } from 'node:fs';
import { SystemError } from '../core/errors.ts';

/** What the system takes in one vectored call (IOV_MAX on Linux and macOS). */
const MAX_VECTORS = 1024;

/** Writes all of `data` at `position`. Rejects with the system's error. */
export async function writeFully(fd: number, data: Uint8Array, position: number): Promise<void> {
  let done = 0;
  while (done < data.length) {
    done += await new Promise<number>((resolve, reject) => {
      write(fd, data, done, data.length - done, position + done, (error, count) => {
        if (error === null) resolve(count);
        else reject(error);
      });
    });
  }
}

/** Fills all targets from `position` on. Rejects with SystemError DISK_SHORT_READ at the end of the file. */
export async function readFully(fd: number, targets: readonly Uint8Array[], position: number): Promise<void> {
  let at = position;
  let rest = targets;
  while (rest.length > 0) {
    const count = await readSome(fd, rest.slice(0, MAX_VECTORS), at);
    if (count === 0) throw new SystemError('DISK_SHORT_READ', 'the file ends before the data');
    at += count;
    rest = skip(rest, count);
  }
}

/** Waits until what was written to the file is on the medium. */
export function syncData(fd: number): Promise<void> {
  return new Promise((resolve, reject) => {
    fdatasync(fd, (error) => {
      if (error === null) resolve();
      else reject(error);
    });
  });
}

function readSome(fd: number, targets: readonly Uint8Array[], position: number): Promise<number> {
  const only = targets.length === 1 ? targets[0] : undefined;
  return new Promise((resolve, reject) => {
    const done = (error: Error | null, count: number): void => {
      if (error === null) resolve(count);
      else reject(error);
    };
    if (only === undefined) readv(fd, targets, position, done);
    else read(fd, only, 0, only.length, position, done);
  });
}

/** The targets without their first `count` bytes. */
function skip(targets: readonly Uint8Array[], count: number): readonly Uint8Array[] {
  let left = count;
  for (const [i, target] of targets.entries()) {
    if (left < target.length)
      return left === 0 ? targets.slice(i) : [target.subarray(left), ...targets.slice(i + 1)];
    left -= target.length;
  }
  return [];
}
