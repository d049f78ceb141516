// Where the bytes of a served file come from. Law: they are those that were hashed; a file that changed on disk since
// then is not opened, and one that becomes shorter while it is read fails.
import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import type { ByteRange } from '../local-http/byte-ranges.ts';

/** A file as it was when it was hashed. */
export interface HashedFile {
  /** Undefined for padding (BEP 47): zeros that no disk holds, but that clients without BEP 47 ask for. */
  readonly diskPath: string | undefined;
  readonly length: number;
  /** Milliseconds since 1970, as the file system reports them. */
  readonly modifiedMs: number;
}

export interface ContentSource {
  /** Exactly the bytes of the run; rejects where they cannot be had. */
  read(run: ByteRange): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** Opens a file if it is still what was hashed. */
export async function openSource(file: HashedFile): Promise<ContentSource | 'missing' | 'changed'> {
  if (file.diskPath === undefined) return ZEROS;
  let handle: FileHandle;
  try {
    // Non-blocking, so that a pipe put in its place cannot stall us.
    handle = await open(file.diskPath, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch {
    return 'missing';
  }
  const stat = await handle.stat();
  if (stat.isFile() && stat.size === file.length && stat.mtimeMs === file.modifiedMs) {
    return { read: (run) => readRun(handle, run), close: () => handle.close() };
  }
  await handle.close();
  return 'changed';
}

const ZEROS: ContentSource = {
  read: (run) => Promise.resolve(new Uint8Array(run.end - run.start)),
  close: () => Promise.resolve(),
};

async function readRun(handle: FileHandle, run: ByteRange): Promise<Uint8Array> {
  const chunk = new Uint8Array(run.end - run.start);
  let filled = 0;
  while (filled < chunk.length) {
    const { bytesRead } = await handle.read(chunk, filled, chunk.length - filled, run.start + filled);
    if (bytesRead === 0) throw new Error('the file became shorter');
    filled += bytesRead;
  }
  return chunk;
}
