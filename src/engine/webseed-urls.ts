// Where a web seed keeps what a run of blocks needs: URLs and byte ranges (BEP 19), or a script to ask (BEP 17).
import type { InfoHash } from '../core/ids.ts';
import type { Geometry } from '../core/metainfo/geometry.ts';
import type { Metainfo } from '../core/metainfo/metainfo.ts';

export interface Block {
  readonly piece: number;
  readonly begin: number;
  readonly length: number;
}

/** Bytes to be had by one HTTP request. */
export interface Fetch {
  /** Undefined for padding: zeros that nobody has to send (BEP 47). */
  readonly url: string | undefined;
  /** First byte wanted of the resource, for a Range header; undefined asks for all of it. */
  readonly from: number | undefined;
  readonly length: number;
}

/** How a kind of web seed is asked. */
export interface WebSource {
  /** Whether a block may join a run that ends right before it. */
  joins(last: Block, next: Block): boolean;
  fetches(run: readonly Block[]): Fetch[];
}

/** BEP 19: plain files under a URL. */
export function createFileSource(url: string, metainfo: Metainfo, geometry: Geometry): WebSource {
  return {
    joins: (last, next) => endOf(geometry, last) === next.piece * geometry.pieceLength + next.begin,
    fetches: (run) => {
      const fetches: { url: string | undefined; from: number; length: number; file: number }[] = [];
      for (const { piece, begin, length } of run) {
        for (const range of geometry.ranges(piece, begin, length)) {
          const last = fetches.at(-1);
          if (last?.file === range.file) last.length += range.length;
          else {
            const target = range.pad ? undefined : fileUrl(url, metainfo, range.file);
            fetches.push({ url: target, from: range.offset, length: range.length, file: range.file });
          }
        }
      }
      return fetches;
    },
  };
}

/** BEP 17: a script that is asked for ranges of a piece. */
export function createScriptSource(url: string, infoHash: InfoHash): WebSource {
  const hash = Array.from(infoHash, (byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
  const separator = url.includes('?') ? '&' : '?';
  return {
    joins: (last, next) => last.piece === next.piece && last.begin + last.length === next.begin,
    fetches: (run) => {
      const [first] = run;
      const last = run.at(-1);
      if (first === undefined || last === undefined) return [];
      const end = last.begin + last.length;
      const ranges = `${String(first.begin)}-${String(end - 1)}`;
      return [
        {
          url: `${url}${separator}info_hash=${hash}&piece=${String(first.piece)}&ranges=${ranges}`,
          from: undefined,
          length: end - first.begin,
        },
      ];
    },
  };
}

/**
 * BEP 19: a URL that ends in a slash gets the torrent's name; that of a torrent with several files always does, as it
 * is the folder above it.
 */
function fileUrl(url: string, metainfo: Metainfo, file: number): string {
  const path = metainfo.files[file]?.path ?? [];
  if (metainfo.isSingleFile && !url.endsWith('/')) return url;
  const base = url.endsWith('/') ? url : `${url}/`;
  return base + path.map(encodeURIComponent).join('/');
}

function endOf(geometry: Geometry, block: Block): number {
  return block.piece * geometry.pieceLength + block.begin + block.length;
}
