// `get --serve`: the files of downloads for a media player, by number. The index is plain text, one URL a line.
import { Hono } from 'hono';
import { FileStreams } from '../engine/file-streams.ts';
import type { Torrent } from '../engine/api.ts';
import { hostGuard } from './host-guard.ts';
import { respondWithStream } from './stream-response.ts';

export interface StreamLink {
  readonly torrent: number;
  readonly file: number;
  /** Path of the URL, from the root. */
  readonly path: string;
  readonly name: string;
  readonly length: number;
}

/** The files that have been chosen and can be streamed, those of torrents without metadata left out. */
export function streamLinks(torrents: readonly Pick<Torrent, 'metainfo'>[]): StreamLink[] {
  return torrents.flatMap(({ metainfo }, torrent) =>
    (metainfo?.files ?? []).flatMap((file, index) => {
      const name = file.path.at(-1) ?? '';
      if (file.pad || file.length === 0) return [];
      const path = `/${String(torrent)}/${String(index)}/${encodeURIComponent(name)}`;
      return [{ torrent, file: index, path, name, length: file.length }];
    }),
  );
}

/** `torrents` is asked at each request: they may come later. */
export function createStreamSite(torrents: () => readonly Torrent[], names: readonly string[] = []): Hono {
  const site = new Hono();
  const streams = new WeakMap<Torrent, FileStreams>();
  site.use(hostGuard(names));
  site.get('/', (context) => {
    const base = `http://${context.req.header('host') ?? ''}`;
    return context.text(
      streamLinks(torrents())
        .map(({ path }) => `${base}${path}\n`)
        .join(''),
    );
  });
  site.get('/:torrent{\\d+}/:file{\\d+}/:name', (context) => {
    const torrent = torrents()[Number(context.req.param('torrent'))];
    const index = Number(context.req.param('file'));
    const file = torrent?.metainfo?.files[index];
    if (torrent === undefined || file === undefined || file.pad) return context.notFound();
    const shared = streams.get(torrent) ?? new FileStreams(torrent);
    streams.set(torrent, shared);
    const name = file.path.at(-1) ?? '';
    return respondWithStream({ streams: shared, index, name, length: file.length }, context.req.raw);
  });
  return site;
}
