// Publishes a path: tracker, page and direct downloads on one port, a seeding session on another.
// Law: both ports are open before anything is hashed, and the session is closed before the tracker it says goodbye to.
import { join } from 'node:path';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { truncateInfoHash, type InfoHash } from '../core/ids.ts';
import { editTorrent } from '../core/metainfo/edit.ts';
import { Geometry } from '../core/metainfo/geometry.ts';
import { formatMagnet } from '../core/metainfo/magnet.ts';
import type { Metainfo, MetainfoVersion } from '../core/metainfo/metainfo.ts';
import { parseTorrent } from '../core/metainfo/parse.ts';
import { toMagnet } from '../core/metainfo/to-magnet.ts';
import { HashFilter } from '../core/tracker/policy.ts';
import type { ReachOptions, Session, Torrent } from '../engine/api.ts';
import type { Env } from '../engine/env.ts';
import { createSession } from '../engine/session.ts';
import { nodeDigests } from '../node/digests.ts';
import { createNodeEnv } from '../node/env.ts';
import { createStateStore } from '../node/state-store.ts';
import type { Log } from '../ports/log.ts';
import { createTracker, type Tracker } from '../server/tracker.ts';
import { loadAssets } from './assets.ts';
import { ChecksumKeeper } from './checksum-keeper.ts';
import { createLinks, type PublicLinks } from './links.ts';
import { preparePublication, type Prepared } from './prepare.ts';
import { createPublication, type Publication } from './publication.ts';
import { createSite } from './site.ts';
import { createStatus, type PublicationStatus } from './status.ts';

export interface PublisherOptions {
  /** A file or a folder. */
  readonly path: string;
  /** TCP and UDP port of page and tracker; 0 picks a free one. */
  readonly port: number;
  /** Port that peers connect to; 0 picks a free one. */
  readonly peerPort: number;
  /** Address to listen on; all by default. */
  readonly host?: string | undefined;
  /** What strangers see, from the port that was opened. */
  readonly baseUrl: (port: number) => URL;
  /** Trackers of others, besides our own. */
  readonly trackers?: readonly string[] | undefined;
  /** Offer the files over HTTP too, which makes the page a web seed. Default true. */
  readonly webSeed?: boolean | undefined;
  /** Default `hybrid`. */
  readonly version?: MetainfoVersion | undefined;
  readonly private?: boolean | undefined;
  readonly exclude?: readonly string[] | undefined;
  readonly hidden?: boolean | undefined;
  readonly comment?: string | undefined;
  readonly createdBy: string;
  /** Bytes a second to peers. */
  readonly uploadLimit?: number | undefined;
  /** How peers are found and connected to. A private publication uses neither the DHT nor the local network. */
  readonly reach?: ReachOptions | undefined;
  /** Where torrents and resume data are kept. */
  readonly stateFolder: string;
}

export interface PublisherDeps {
  readonly signal: AbortSignal;
  /** Bytes hashed; not called when an earlier torrent is taken. */
  readonly onProgress: (done: number, total: number) => void;
  /** A published file is not what was hashed any more; said once for each file. */
  readonly onTrouble?: ((path: string, reason: 'missing' | 'changed') => void) | undefined;
  readonly log?: Log | undefined;
}

export interface Publisher {
  readonly port: number;
  readonly peerPort: number;
  readonly links: PublicLinks;
  readonly magnet: string;
  readonly metainfo: Metainfo;
  readonly torrent: Torrent;
  /** The torrent was made at an earlier start. */
  readonly isReused: boolean;
  readonly warnings: readonly string[];
  status(): PublicationStatus;
  /** Says goodbye to the trackers and closes everything. */
  close(): Promise<void>;
}

/** Rejects with UsageError WALK_*, PLAN_*, PUBLISH_*, SystemError LISTEN_*, FILE_*, DISK_*, or the signal's reason. */
export async function startPublisher(options: PublisherOptions, deps: PublisherDeps): Promise<Publisher> {
  const door = new Door();
  const env = createNodeEnv({ stateFolder: join(options.stateFolder, 'resume'), log: deps.log });
  const closers: (() => Promise<void>)[] = [() => env.close()];
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    const { port, peerPort, host, uploadLimit } = options;
    const tracker = await createTracker(
      { port, host },
      { log: deps.log, fallback: door.listener, torrents: door },
    );
    closers.push(() => tracker.close());
    const session = await createSession({ ...options.reach, port: peerPort, host, uploadLimit }, env);
    closers.push(() => session.close());
    const published = await publish(options, deps, { door, env, tracker, session });
    closers.push(() => published.checksums.close());
    return { ...published.result, close };
  } catch (error) {
    await close();
    throw error;
  }
}

interface Parts {
  readonly door: Door;
  readonly env: Env;
  readonly tracker: Tracker;
  readonly session: Session;
}

async function publish(
  options: PublisherOptions,
  deps: PublisherDeps,
  { door, env, tracker, session }: Parts,
): Promise<{ readonly result: Omit<Publisher, 'close'>; readonly checksums: ChecksumKeeper }> {
  const store = createStateStore(join(options.stateFolder, 'publish'));
  const prepared = await prepare(options, { ...deps, store, hasher: env.hasher });
  const base = options.baseUrl(tracker.port);
  const { name, isSingleFile } = prepared.metainfo;
  const links = createLinks({
    ...{ base, name, isSingleFile, udpPort: tracker.port },
    ...{ extraTrackers: options.trackers ?? [], webSeed: options.webSeed ?? true },
  });
  const publication = bind(prepared, links);
  const { metainfo } = publication;
  const hashes = hashesOf(metainfo);
  const peers = [{ host: base.hostname.replace(/^\[|\]$/g, ''), port: session.port }];
  const magnet = formatMagnet({ ...toMagnet(metainfo), peers });
  door.track(hashes);
  const torrent = await session.add(metainfo, { folder: publication.folder, check: 'trust' });
  const checksums = new ChecksumKeeper(publication, { ...prepared, store, log: env.log });
  const startedAt = performance.now();
  const troubled = new Set<number>();
  let sentDirectly = 0;
  const status = (): PublicationStatus =>
    createStatus({
      length: metainfo.length,
      paddedLength: new Geometry(metainfo).streamLength,
      snapshot: torrent.snapshot(),
      swarms: hashes.map((hash) => tracker.counts(hash)),
      sentDirectly,
      uptimeSeconds: (performance.now() - startedAt) / 1000,
    });
  const site = createSite({
    ...{ publication, links, magnet, status, direct: options.webSeed ?? true, assets: await loadAssets() },
    sha256Of: (file) => checksums.of(file),
    onDirectBytes: (bytes) => {
      sentDirectly += bytes;
    },
    onTrouble: ({ index, diskPath }, reason) => {
      if (troubled.has(index)) return;
      troubled.add(index);
      deps.onTrouble?.(diskPath, reason);
    },
  });
  door.open(getRequestListener(site.fetch, { overrideGlobalObjects: false }));
  const { isReused, warnings } = prepared;
  const result = {
    port: tracker.port,
    peerPort: session.port,
    links,
    magnet,
    metainfo,
    torrent,
    isReused,
    warnings,
  };
  return { result: { ...result, status }, checksums };
}

function prepare(
  options: PublisherOptions,
  deps: PublisherDeps & Pick<Parameters<typeof preparePublication>[1], 'store' | 'hasher'>,
): Promise<Prepared> {
  const { path, comment, createdBy, version = 'hybrid', exclude = [], hidden = false } = options;
  const now = Math.floor(Date.now() / 1000);
  return preparePublication(
    { path, comment, createdBy, version, exclude, hidden, now, private: options.private ?? false },
    deps,
  );
}

/** Puts our addresses into the torrent: our tracker's two URLs are one tier, each other tracker is one of its own. */
function bind(prepared: Prepared, links: PublicLinks): Publication {
  const [http = '', udp = '', ...others] = links.trackers;
  const torrentBytes = editTorrent(prepared.torrentBytes, {
    trackers: [[http, udp], ...others.map((url) => [url])],
    webSeeds: links.webSeed === undefined ? null : [links.webSeed],
  });
  const metainfo = parseTorrent(torrentBytes, nodeDigests);
  return createPublication({ metainfo, torrentBytes, folder: prepared.folder }, prepared.files);
}

function hashesOf({ infoHash, infoHashV2 }: Metainfo): InfoHash[] {
  return [
    ...(infoHash === undefined ? [] : [infoHash]),
    ...(infoHashV2 === undefined ? [] : [truncateInfoHash(infoHashV2)]),
  ];
}

type Listener = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** The port before and after there is something to show: the tracker listens first, the publication comes later. */
class Door {
  #site: Listener | undefined;
  #tracked = new HashFilter('allow', []);
  readonly listener = (request: IncomingMessage, response: ServerResponse): void => {
    if (this.#site !== undefined) void this.#site(request, response);
    else {
      response.writeHead(503, { 'content-type': 'text/plain; charset=utf-8', 'retry-after': '5' });
      response.end('The publication is being prepared.\n');
    }
  };

  allows(infoHash: Uint8Array): boolean {
    return this.#tracked.allows(infoHash);
  }

  track(hashes: readonly InfoHash[]): void {
    this.#tracked = new HashFilter('allow', hashes);
  }

  open(site: Listener): void {
    this.#site = site;
  }
}
