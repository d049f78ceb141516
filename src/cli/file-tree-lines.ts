// A list of files drawn as a tree, folders in the order of their first file.
import type { FileEntry } from '../core/metainfo/metainfo.ts';
import { formatBytes, formatCount, printable } from '../core/format.ts';

interface Folder {
  readonly folders: Map<string, Folder>;
  readonly entries: (readonly [name: string, entry: FileEntry | Folder])[];
}

/** Lines of the tree; after `limit` files one line tells how many more there are. */
export function fileTreeLines(files: readonly FileEntry[], limit: number): string[] {
  const root: Folder = createFolder();
  for (const file of files.slice(0, limit)) {
    let folder = root;
    for (const name of file.path.slice(0, -1)) folder = enter(folder, name);
    folder.entries.push([file.path.at(-1) ?? '', file]);
  }
  const lines = draw(root, '');
  if (files.length > limit)
    lines.push(`… and ${formatCount(files.length - limit, 'more file')} (--all lists them)`);
  return lines;
}

function createFolder(): Folder {
  return { folders: new Map(), entries: [] };
}

function enter(folder: Folder, name: string): Folder {
  const known = folder.folders.get(name);
  if (known !== undefined) return known;
  const created = createFolder();
  folder.folders.set(name, created);
  folder.entries.push([name, created]);
  return created;
}

function draw(folder: Folder, indent: string): string[] {
  return folder.entries.flatMap(([name, entry], i) => {
    const isLast = i === folder.entries.length - 1;
    const line = `${indent}${isLast ? '└─ ' : '├─ '}${printable(name)}`;
    if ('entries' in entry) return [`${line}/`, ...draw(entry, `${indent}${isLast ? '   ' : '│  '}`)];
    const target = entry.symlink === undefined ? '' : ` → ${printable(entry.symlink.join('/'))}`;
    return [`${line}${target}  ${entry.symlink === undefined ? formatBytes(entry.length) : 'symlink'}`];
  });
}
