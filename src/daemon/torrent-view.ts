// A torrent of the daemon as the API shows it.
import { toHex } from '../core/bytes/bytes.ts';
import { formatMagnet } from '../core/metainfo/magnet.ts';
import { toMagnet } from '../core/metainfo/to-magnet.ts';
import type { TorrentState } from '../engine/api.ts';
import type { EntrySettings } from './entry.ts';
import type { Managed } from './managed.ts';

export interface TorrentView {
  readonly id: string;
  readonly name: string;
  /** `queued`: it waits for its turn. */
  readonly state: TorrentState | 'queued';
  readonly infoHash: string | null;
  readonly infoHashV2: string | null;
  readonly folder: string;
  /** Place in the queue from 0. */
  readonly place: number;
  /** Bytes wanted and there; null before the metadata is known. */
  readonly wanted: number | null;
  readonly completed: number;
  /** 0..1 while the content is being checked. */
  readonly checked: number | null;
  readonly downloadRate: number;
  readonly uploadRate: number;
  readonly downloaded: number;
  readonly uploaded: number;
  readonly etaSeconds: number | null;
  readonly connected: number;
  readonly seeders: number;
  readonly leechers: number;
  /** Milliseconds since 1970. */
  readonly addedAt: number;
  readonly completedAt: number | null;
  readonly seededSeconds: number;
  readonly settings: EntrySettings;
  readonly error: { readonly code: string; readonly message: string } | null;
}

export function viewTorrent(managed: Managed, place: number): TorrentView {
  const { entry, source } = managed;
  const snapshot = managed.snapshot();
  return {
    id: entry.id,
    name: managed.name,
    state: stateOf(managed),
    infoHash: source.infoHash === undefined ? null : toHex(source.infoHash),
    infoHashV2: source.infoHashV2 === undefined ? null : toHex(source.infoHashV2),
    folder: entry.folder,
    place,
    wanted: snapshot?.wanted ?? null,
    completed: snapshot?.completed ?? 0,
    checked: snapshot?.checked ?? null,
    downloadRate: snapshot?.downloadRate ?? 0,
    uploadRate: snapshot?.uploadRate ?? 0,
    downloaded: snapshot?.downloaded ?? 0,
    uploaded: snapshot?.uploaded ?? 0,
    etaSeconds: snapshot?.etaSeconds ?? null,
    connected: snapshot?.connected ?? 0,
    seeders: snapshot?.seeders ?? 0,
    leechers: snapshot?.leechers ?? 0,
    addedAt: entry.addedAt,
    completedAt: entry.completedAt,
    seededSeconds: Math.round(entry.seededSeconds),
    settings: entry.settings,
    error: managed.error ?? snapshot?.error ?? null,
  };
}

export interface FileView {
  readonly index: number;
  readonly path: string;
  readonly length: number;
  readonly wanted: boolean;
  /** For a media player: ranges are served while the file comes. */
  readonly stream: string;
}

/** The files without padding; `ticket` makes the word that opens a file's stream. */
export function viewFiles(managed: Managed, ticket: (file: number) => string): FileView[] {
  const { metainfo, entry } = managed;
  const { files } = entry.settings;
  return (metainfo?.files ?? []).flatMap((file, index) =>
    file.pad
      ? []
      : [
          {
            index,
            path: file.path.join('/'),
            length: file.length,
            wanted: files === null || files.includes(index),
            stream: `/stream/${entry.id}/${String(index)}/${ticket(index)}/${encodeURIComponent(file.path.at(-1) ?? '')}`,
          },
        ],
  );
}

export function magnetOf(managed: Managed): string {
  return 'infoBytes' in managed.source
    ? formatMagnet(toMagnet(managed.source))
    : (managed.entry.magnet ?? '');
}

function stateOf({ entry, running, error, ...rest }: Managed): TorrentView['state'] {
  const state = rest.torrent?.snapshot().state;
  if (error !== undefined || state === 'failed') return 'failed';
  if (state === 'checking') return 'checking';
  if (entry.settings.paused) return 'paused';
  if (!running || state === undefined) return 'queued';
  return state;
}
