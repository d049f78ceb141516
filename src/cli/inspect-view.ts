// Torrents and magnet links as people read them. Law: text from a torrent is printed through `printable`.
import { toHex } from '../core/bytes/bytes.ts';
import type { MagnetLink } from '../core/metainfo/magnet.ts';
import type { Metainfo } from '../core/metainfo/metainfo.ts';
import { fileTreeLines } from './file-tree-lines.ts';
import { formatBytes, formatCount, printable } from '../core/format.ts';
import type { Output } from './output.ts';

export interface MetainfoViewOptions {
  /** Bytes of the .torrent. */
  readonly torrentLength: number;
  readonly allFiles: boolean;
}

/** Files that are listed unasked. */
const LISTED_FILES = 200;

export function showMetainfo(metainfo: Metainfo, output: Output, options: MetainfoViewOptions): void {
  const files = metainfo.files.filter((file) => !file.pad);
  const { creationDate: date } = metainfo;
  output.line(output.colors.bold(printable(metainfo.name)));
  rows(output, [
    ['version', `${metainfo.version}, .torrent of ${formatBytes(options.torrentLength)}`],
    ['info hash', hexOf(metainfo.infoHash)],
    ['info hash v2', hexOf(metainfo.infoHashV2)],
    ['content', `${formatCount(files.length, 'file')}, ${formatBytes(metainfo.length)}`],
    ['pieces', `${formatCount(metainfo.pieceCount, 'piece')} of ${formatBytes(metainfo.pieceLength)}`],
    ['private', metainfo.private ? 'yes' : undefined],
    ['source', metainfo.source],
    ['comment', metainfo.comment],
    ['created by', metainfo.createdBy],
    ['created', date === undefined ? undefined : formatDate(date)],
    ...metainfo.trackers.map((tier, i) => [`tracker ${String(i + 1)}`, tier.join(' ')] as const),
    ...metainfo.webSeeds.map((url) => ['web seed', url] as const),
    ...metainfo.httpSeeds.map((url) => ['http seed', url] as const),
    ...metainfo.nodes.map(({ host, port }) => ['DHT node', `${host}:${String(port)}`] as const),
    ...metainfo.warnings.map((warning) => ['warning', warning] as const),
  ]);
  const limit = options.allFiles ? Infinity : LISTED_FILES;
  for (const line of fileTreeLines(files, limit)) output.line(`  ${line}`);
}

export function showMagnet(link: MagnetLink, output: Output): void {
  output.line(output.colors.bold(printable(link.name ?? 'magnet link without a name')));
  rows(output, [
    ['info hash', hexOf(link.infoHash)],
    ['info hash v2', hexOf(link.infoHashV2)],
    ...link.trackers.map((url) => ['tracker', url] as const),
    ...link.webSeeds.map((url) => ['web seed', url] as const),
    ...link.sources.map((url) => ['.torrent at', url] as const),
    ...link.peers.map(({ host, port }) => ['peer', `${host}:${String(port)}`] as const),
    ['files', link.selected?.join(', ')],
  ]);
}

type Row = readonly [label: string, value: string | undefined];

function rows(output: Output, list: readonly Row[]): void {
  for (const [label, value] of list) {
    if (value !== undefined) output.line(`  ${output.colors.dim(label.padEnd(12))}  ${printable(value)}`);
  }
}

function hexOf(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : toHex(bytes);
}

/** ISO, or the number itself where no calendar has such a day. */
function formatDate(seconds: number): string {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? String(seconds) : date.toISOString().replace('.000Z', 'Z');
}
