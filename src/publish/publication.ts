// A publication: content on disk and the metainfo that describes it, bound file by file.
import { toHex } from '../core/bytes/bytes.ts';
import { UsageError } from '../core/errors.ts';
import type { Metainfo } from '../core/metainfo/metainfo.ts';
import type { WalkedFile } from '../node/fs-walk.ts';
import type { ServedFile } from './file-response.ts';

/** A file of the publication that can be downloaded. */
export interface PublishedFile extends ServedFile {
  readonly diskPath: string;
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
  /** Padding (BEP 47) by path, for clients that take it for files. */
  readonly padding: ReadonlyMap<string, ServedFile>;
}

/**
 * Binds the files on disk (in the metainfo's order, no padding) to what describes them. Throws UsageError
 * PUBLISH_NAME_UNSAFE for a name that clients would change: the swarm and the direct download would disagree.
 */
export function createPublication(
  parts: Pick<Publication, 'metainfo' | 'torrentBytes' | 'folder'>,
  content: readonly WalkedFile[],
): Publication {
  const { metainfo } = parts;
  const tag = toHex(metainfo.infoHashV2 ?? metainfo.infoHash ?? new Uint8Array(0)).slice(0, 32);
  const files: PublishedFile[] = [];
  const padding = new Map<string, ServedFile>();
  let next = 0;
  for (const [index, { path, pad, length }] of metainfo.files.entries()) {
    const name = path.at(-1) ?? '';
    const etag = `"${tag}-${String(index)}"`;
    if (pad) {
      padding.set(path.join('/'), { ...{ name, length, etag }, diskPath: undefined, modifiedMs: 0 });
      continue;
    }
    const file = content[next++];
    if (file?.path.join('/') !== pathInside({ path }, metainfo).join('/')) {
      throw new UsageError(
        'PUBLISH_NAME_UNSAFE',
        `${file?.location ?? name} has a name that clients change for safety; rename it, for example to ${name}`,
      );
    }
    if (file.symlink !== undefined) continue;
    const { location: diskPath, modifiedMs } = file;
    files.push({ index, path, name, length, modifiedMs, etag, diskPath });
  }
  return { ...parts, files, padding };
}

/** A file's path below the torrent's root folder; the name itself for a single file. */
export function pathInside(
  file: Pick<PublishedFile, 'path'>,
  metainfo: Pick<Metainfo, 'isSingleFile'>,
): readonly string[] {
  return metainfo.isSingleFile ? file.path : file.path.slice(1);
}
