// Hands finished files to the visitor: as downloads of the browser, or written through a handle that the visitor chose.
// Names come out of a torrent whose paths are sanitised when it is parsed.
import { SystemError } from '../core/errors.ts';

/** How long the browser may take to begin reading a download before its URL ends. */
const URL_LIFE_MS = 120_000;

/** Saves as the browser saves downloads: no memory is taken for what is backed by a disk. */
export function saveAsDownload(content: Blob, name: string): void {
  // Of no type that a browser knows better: it would add an ending to the name.
  const url = URL.createObjectURL(content.slice(0, content.size, 'application/octet-stream'));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => {
    URL.revokeObjectURL(url);
  }, URL_LIFE_MS);
}

/** Writes through a handle of showSaveFilePicker. Rejects with SystemError SAVE_FAILED. */
export async function saveToFile(content: Blob, target: FileSystemFileHandle): Promise<void> {
  try {
    await content.stream().pipeTo(await target.createWritable());
  } catch (cause) {
    throw new SystemError('SAVE_FAILED', `could not write ${target.name}`, { cause });
  }
}

/** Writes to a path below a folder of showDirectoryPicker. Rejects with SystemError SAVE_FAILED. */
export async function saveToFolder(
  content: Blob,
  path: readonly string[],
  target: FileSystemDirectoryHandle,
): Promise<void> {
  let folder = target;
  const name = path.at(-1) ?? 'file';
  try {
    for (const part of path.slice(0, -1)) folder = await folder.getDirectoryHandle(part, { create: true });
    await saveToFile(content, await folder.getFileHandle(name, { create: true }));
  } catch (cause) {
    if (cause instanceof SystemError) throw cause;
    throw new SystemError('SAVE_FAILED', `could not write ${name}`, { cause });
  }
}
