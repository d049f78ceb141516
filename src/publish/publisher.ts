// Publishes one path: a host with one item, whose site is that of the port.
import { join } from 'node:path';
import { getRequestListener } from '@hono/node-server';
import { toHex } from '../core/bytes/bytes.ts';
import type { Metainfo, MetainfoVersion } from '../core/metainfo/metainfo.ts';
import type { Torrent } from '../engine/api.ts';
import { createStateStore } from '../node/state-store.ts';
import type { Log } from '../ports/log.ts';
import type { StateStore } from '../ports/storage.ts';
import { loadSiteAssets } from './assets.ts';
import { openHost, type HostOptions, type PublishHost } from './host.ts';
import { openItem, type ItemOptions, type PublishedItem } from './item.ts';
import { createLinks, hostNameOf, type PublicLinks } from './links.ts';
import { OperatorDesk, type WatchedItem } from './operator/desk.ts';
import { openOperator, type Fetch, type Operator, type OperatorOptions } from './operator/operator.ts';
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
  /** The operator's view; none by default. */
  readonly operator?: OperatorOptions | undefined;
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
  readonly operator: Pick<Operator, 'page' | 'token' | 'tokenFile'> | undefined;
  readonly warnings: readonly string[];
  status(): PublicationStatus;
  /** Says goodbye to the trackers and closes everything. */
  close(): Promise<void>;
}

/** Rejects with UsageError WALK_*, PLAN_*, PUBLISH_*, SystemError LISTEN_*, FILE_*, DISK_*, or the signal's reason. */
export async function startPublisher(options: PublisherOptions, deps: PublisherDeps): Promise<Publisher> {
  const desk = options.operator === undefined ? undefined : new OperatorDesk();
  const host = await openHost(options, { log: deps.log, access: desk?.announces });
  try {
    return await publish(options, deps, { host, desk });
  } catch (error) {
    await host.close();
    throw error;
  }
}

async function publish(
  options: PublisherOptions,
  deps: PublisherDeps,
  { host, desk }: { readonly host: PublishHost; readonly desk: OperatorDesk | undefined },
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
    ...{ webSeed, store, publicHost: hostNameOf(base), assets: await loadSiteAssets() },
    onTrouble: deps.onTrouble,
  };
  const item = await openItem(prepared, links, { options: itemOptions, host });
  const site: Fetch = (request, bindings) => item.offer.site.fetch(request, bindings);
  const operator = desk && (await watch({ desk, options, host, item, links, site, store }));
  host.door.open(getRequestListener(operator?.fetch ?? site, { overrideGlobalObjects: false }));
  return {
    port: tracker.port,
    peerPort: session.port,
    links,
    magnet: item.offer.magnet,
    metainfo: item.metainfo,
    torrent: item.torrent,
    isReused: prepared.isReused,
    operator,
    warnings: prepared.warnings,
    status: () => item.status(),
    close: async () => {
      await operator?.close();
      await item.close();
      await host.close();
    },
  };
}

interface Watched {
  readonly desk: OperatorDesk;
  readonly options: PublisherOptions;
  readonly host: PublishHost;
  readonly item: PublishedItem;
  readonly links: PublicLinks;
  readonly site: Fetch;
  readonly store: StateStore;
}

function watch({ desk, options, host, item, links, site, store }: Watched): Promise<Operator> {
  const { name, private: isPrivate, infoHash, infoHashV2 } = item.metainfo;
  const key = toHex(infoHash ?? infoHashV2 ?? new Uint8Array(0));
  const watched: WatchedItem = { key, title: name, page: links.page, isPrivate, versions: [item] };
  const setting = {
    ...{ name: key, store, items: () => [watched], log: host.env.log },
    ...{ stateFolder: options.stateFolder, base: new URL(links.page), port: host.tracker.port },
  };
  return openOperator(desk, setting, { options: options.operator ?? {}, site });
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
