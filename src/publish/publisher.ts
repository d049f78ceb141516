// Publishes one path: a host with one item, whose site is that of the port.
import { join } from 'node:path';
import { getRequestListener } from '@hono/node-server';
import type { Metainfo, MetainfoVersion } from '../core/metainfo/metainfo.ts';
import type { Torrent } from '../engine/api.ts';
import { createStateStore } from '../node/state-store.ts';
import type { Log } from '../ports/log.ts';
import { loadAssets } from './assets.ts';
import { openHost, type HostOptions, type PublishHost } from './host.ts';
import { openItem, type ItemOptions } from './item.ts';
import { createLinks, hostNameOf, type PublicLinks } from './links.ts';
import { preparePublication, type Prepared } from './prepare.ts';
import type { PublicationStatus } from './status.ts';

export interface PublisherOptions extends HostOptions {
  /** A file or a folder. */
  readonly path: string;
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
  const host = await openHost(options, { log: deps.log });
  try {
    return await publish(options, deps, host);
  } catch (error) {
    await host.close();
    throw error;
  }
}

async function publish(
  options: PublisherOptions,
  deps: PublisherDeps,
  host: PublishHost,
): Promise<Publisher> {
  const { tracker, session, env } = host;
  const store = createStateStore(join(options.stateFolder, 'publish'));
  const prepared = await prepare(options, { ...deps, store, hasher: env.hasher });
  const base = options.baseUrl(tracker.port);
  const { name, isSingleFile } = prepared.metainfo;
  const webSeed = options.webSeed ?? true;
  const links = createLinks({
    ...{ base, name, isSingleFile, webSeed, udpPort: tracker.port, extraTrackers: options.trackers ?? [] },
  });
  const itemOptions: ItemOptions = {
    ...{ webSeed, store, publicHost: hostNameOf(base), assets: await loadAssets() },
    onTrouble: deps.onTrouble,
  };
  const item = await openItem(prepared, links, { options: itemOptions, host });
  host.door.open(getRequestListener(item.offer.site.fetch, { overrideGlobalObjects: false }));
  return {
    port: tracker.port,
    peerPort: session.port,
    links,
    magnet: item.offer.magnet,
    metainfo: item.metainfo,
    torrent: item.torrent,
    isReused: prepared.isReused,
    warnings: prepared.warnings,
    status: () => item.status(),
    close: async () => {
      await item.close();
      await host.close();
    },
  };
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
