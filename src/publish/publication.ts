// A publication: content on disk and the metainfo that describes it, bound file by file.
import { toHex } from '../core/bytes/bytes.ts';
import { UsageError } from '../core/errors.ts';
import type { Metainfo } from '../core/metainfo/metainfo.ts';
import type { ServedFile } from './file-response.ts';

/** What is known of a file on disk since it was hashed. */
export interface ContentFile {
  readonly diskPath: string;
  readonly length: number;
  /** Milliseconds since 1970, as the file system reports them. */
  readonly modifiedMs: number;
}

/** A file of the publication that can be downloaded. */
export interface PublishedFile extends ServedFile {
  /** Index in `Metainfo.files`. */
  readonly index: number;
  /** As in the metainfo: the root folder first, where there is one. */
  readonly path: readonly string[];
}

export interface Publication {
  readonly metainfo: Metainfo;
  /** The .torrent as it is handed out. */
  readonly torrentBytes: Uint8Array;
  /** Folder that holds the content's root, as a session wants it. */
  readonly folder: string;
  /** In the order of the metainfo; padding and symlinks are left out. */
  readonly files: readonly PublishedFile[];
}

/** Binds content to metainfo; throws UsageError CONTENT_MISSING when a file of the metainfo is not in the content. */
export function createPublication(
  parts: Pick<Publication, 'metainfo' | 'torrentBytes' | 'folder'>,
  content: ReadonlyMap<string, ContentFile>,
): Publication {
  const { metainfo } = parts;
  const tag = toHex(metainfo.infoHashV2 ?? metainfo.infoHash ?? new Uint8Array(0)).slice(0, 32);
  const files: PublishedFile[] = [];
  for (const [index, entry] of metainfo.files.entries()) {
    if (entry.pad || entry.symlink !== undefined) continue;
    const onDisk = content.get(entry.path.join('/'));
    if (onDisk === undefined) {
      throw new UsageError('CONTENT_MISSING', `${entry.path.join('/')} is in the torrent but not on disk`);
    }
    const name = entry.path.at(-1) ?? metainfo.name;
    files.push({ ...onDisk, index, path: entry.path, name, etag: `"${tag}-${String(index)}"` });
  }
  return { ...parts, files };
}

/** A file's path below the torrent's root folder; the name itself for a single file. */
export function pathInside(
  file: Pick<PublishedFile, 'path'>,
  metainfo: Pick<Metainfo, 'isSingleFile'>,
): readonly string[] {
  return metainfo.isSingleFile ? file.path : file.path.slice(1);
}
