// The storage worker: keeps one torrent's files in the origin's private file system, named by their index, so that
// no name out of a torrent ever becomes a path. Access handles are opened when first needed.
import {
  STORAGE_ROOT,
  type NumberedRequest,
  type StorageAnswer,
  type StorageRequest,
  type StoredRange,
} from './storage-messages.ts';

/** A page that is reloaded meets its former self, which lets go of the files within a moment. */
const OPEN_ATTEMPTS = 20;
const OPEN_PAUSE_MS = 150;

let folder: FileSystemDirectoryHandle | undefined;
let sizes: number[] = [];
const handles = new Map<number, Promise<FileSystemSyncAccessHandle>>();

self.addEventListener('message', (event: MessageEvent<NumberedRequest>) => {
  void answer(event.data);
});

async function answer({ id, request }: NumberedRequest): Promise<void> {
  try {
    const result = await perform(request);
    const message: StorageAnswer = { id, ok: true, ...result };
    self.postMessage(message, { transfer: result.data === undefined ? [] : [result.data.buffer] });
  } catch (error) {
    const name = error instanceof Error ? error.name : 'Error';
    const message: StorageAnswer = { id, ok: false, name, message: String(error) };
    self.postMessage(message);
  }
}

async function perform(
  request: StorageRequest,
): Promise<{ sizes?: readonly number[]; data?: Uint8Array<ArrayBuffer> }> {
  switch (request.op) {
    case 'open':
      await open(request.folder, request.fileCount);
      return {};
    case 'stat':
      return { sizes };
    case 'prepare':
      await prepare(request.files);
      return {};
    case 'read':
      return { data: await read(request.ranges) };
    case 'write':
      await write(request.ranges, request.data);
      return {};
    case 'flush':
      for (const handle of await Promise.all(handles.values())) handle.flush();
      return {};
    case 'close':
      await close();
      return {};
  }
}

async function open(name: string, fileCount: number): Promise<void> {
  const root = await navigator.storage.getDirectory();
  const home = await root.getDirectoryHandle(STORAGE_ROOT, { create: true });
  folder = await home.getDirectoryHandle(name, { create: true });
  sizes = [];
  for (let file = 0; file < fileCount; file++) sizes.push(await sizeOf(folder, file));
}

async function prepare(files: readonly StoredRange[]): Promise<void> {
  for (const { file, length } of files) {
    if (sizes[file] === length) continue;
    (await accessTo(file)).truncate(length);
    sizes[file] = length;
  }
}

async function sizeOf(home: FileSystemDirectoryHandle, file: number): Promise<number> {
  try {
    const handle = await home.getFileHandle(String(file));
    return (await handle.getFile()).size;
  } catch {
    return -1;
  }
}

async function read(ranges: readonly StoredRange[]): Promise<Uint8Array<ArrayBuffer>> {
  const data = new Uint8Array(ranges.reduce((sum, range) => sum + range.length, 0));
  let at = 0;
  for (const range of ranges) {
    const handle = await accessTo(range.file);
    const got = handle.read(data.subarray(at, at + range.length), { at: range.offset });
    if (got !== range.length) throw new RangeError(`file ${String(range.file)} is short`);
    at += range.length;
  }
  return data;
}

async function write(ranges: readonly StoredRange[], data: Uint8Array): Promise<void> {
  let at = 0;
  for (const range of ranges) {
    const handle = await accessTo(range.file);
    handle.write(data.subarray(at, at + range.length), { at: range.offset });
    at += range.length;
    sizes[range.file] = Math.max(sizes[range.file] ?? 0, range.offset + range.length);
  }
}

function accessTo(file: number): Promise<FileSystemSyncAccessHandle> {
  const known = handles.get(file);
  if (known !== undefined) return known;
  const opened = openAccess(file);
  handles.set(file, opened);
  opened.catch(() => handles.delete(file));
  return opened;
}

async function openAccess(file: number): Promise<FileSystemSyncAccessHandle> {
  if (folder === undefined) throw new Error('the storage is not open');
  const handle = await folder.getFileHandle(String(file), { create: true });
  for (let attempt = 1; ; attempt++) {
    try {
      return await handle.createSyncAccessHandle();
    } catch (error) {
      const isTaken = error instanceof DOMException && error.name === 'NoModificationAllowedError';
      if (!isTaken || attempt === OPEN_ATTEMPTS) throw error;
      await new Promise((resolve) => setTimeout(resolve, OPEN_PAUSE_MS));
    }
  }
}

async function close(): Promise<void> {
  const open = await Promise.allSettled(handles.values());
  handles.clear();
  for (const result of open) if (result.status === 'fulfilled') result.value.close();
}
