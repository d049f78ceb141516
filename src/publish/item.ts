// One published thing: its torrent is tracked and seeded, and a site shows it. Hosts hold one or many of them.
import { toHex } from '../core/bytes/bytes.ts';
import { truncateInfoHash, type InfoHash } from '../core/ids.ts';
import { editTorrent } from '../core/metainfo/edit.ts';
import { Geometry } from '../core/metainfo/geometry.ts';
import { formatMagnet } from '../core/metainfo/magnet.ts';
import type { Metainfo } from '../core/metainfo/metainfo.ts';
import { parseTorrent } from '../core/metainfo/parse.ts';
import { toMagnet } from '../core/metainfo/to-magnet.ts';
import type { Torrent } from '../engine/api.ts';
import { nodeDigests } from '../node/digests.ts';
import type { StateStore } from '../ports/storage.ts';
import type { Assets } from '../local-http/assets.ts';
import { ChecksumKeeper } from './checksum-keeper.ts';
import { DirectVisits } from './direct-visits.ts';
import type { PublishHost } from './host.ts';
import type { PublicLinks } from './links.ts';
import type { PageExtras } from './page-model.ts';
import type { Prepared } from './prepare.ts';
import { createPublication, type Publication } from './publication.ts';
import { createSite, type Site } from './site.ts';
import { createStatus, type PublicationStatus } from './status.ts';

export interface ItemOptions {
  /** Offer the files over HTTP too. */
  readonly webSeed: boolean;
  /** Host and port of ours that magnet links name. */
  readonly publicHost: string;
  readonly assets: Assets;
  /** Where checksums are kept. */
  readonly store: StateStore;
  /** Changes the .torrent once more before it is handed out, its info dictionary left as it is. */
  readonly seal?: ((torrentBytes: Uint8Array, links: PublicLinks) => Uint8Array) | undefined;
  /** What the page says besides. */
  readonly extras?: ((links: PublicLinks) => PageExtras) | undefined;
  /** A published file is not what was hashed any more; said once for each file. */
  readonly onTrouble?: ((path: string, reason: 'missing' | 'changed') => void) | undefined;
}

/** How something published is handed out: who is let in may differ in links and trackers. */
export interface Offer {
  readonly links: PublicLinks;
  readonly magnet: string;
  readonly torrentBytes: Uint8Array;
  readonly site: Site;
}

export interface PublishedItem {
  readonly publication: Publication;
  readonly metainfo: Metainfo;
  readonly torrent: Torrent;
  /** With the links it was opened with. */
  readonly offer: Offer;
  /** The same content under other links. */
  offerAt(links: PublicLinks): Offer;
  status(): PublicationStatus;
  sha256Of(file: number): string | undefined;
  /** What goes over HTTP. */
  readonly direct: DirectVisits;
  /** As clients announce it, in lower-case hex of 20 bytes. */
  readonly hashes: readonly string[];
  /** Ends the seeding and forgets the swarm. */
  close(): Promise<void>;
}

/** Rejects with UsageError PUBLISH_* or TORRENT_EXISTS. */
export async function openItem(
  prepared: Prepared,
  links: PublicLinks,
  { options, host }: { readonly options: ItemOptions; readonly host: PublishHost },
): Promise<PublishedItem> {
  const bound = bind(prepared, links, options.seal);
  const hashes = hashesOf(bound.metainfo);
  host.door.track(hashes);
  try {
    const torrent = await host.session.add(bound.metainfo, { folder: bound.folder, check: 'trust' });
    const memory = {
      ...{ ...prepared, store: options.store, log: host.env.log, thread: host.digestThread },
    };
    return new Item({ prepared, bound, links, hashes, torrent }, new ChecksumKeeper(bound, memory), {
      ...options,
      host,
    });
  } catch (error) {
    host.door.untrack(hashes);
    throw error;
  }
}

interface ItemParts {
  readonly prepared: Prepared;
  readonly bound: Publication;
  readonly links: PublicLinks;
  readonly hashes: readonly InfoHash[];
  readonly torrent: Torrent;
}

class Item implements PublishedItem {
  readonly publication: Publication;
  readonly torrent: Torrent;
  readonly offer: Offer;
  readonly direct: DirectVisits = new DirectVisits(() => performance.now());
  readonly hashes: readonly string[];
  readonly #parts: ItemParts;
  readonly #checksums: ChecksumKeeper;
  readonly #options: ItemOptions & { readonly host: PublishHost };
  readonly #troubled = new Set<number>();
  readonly #paddedLength: number;
  readonly #startedAt = performance.now();

  constructor(
    parts: ItemParts,
    checksums: ChecksumKeeper,
    options: ItemOptions & { readonly host: PublishHost },
  ) {
    this.#parts = parts;
    this.#checksums = checksums;
    this.#options = options;
    this.publication = parts.bound;
    this.torrent = parts.torrent;
    this.hashes = parts.hashes.map(toHex);
    this.#paddedLength = new Geometry(parts.bound.metainfo).streamLength;
    this.offer = this.#offer(parts.bound, parts.links);
  }

  get metainfo(): Metainfo {
    return this.publication.metainfo;
  }

  offerAt(links: PublicLinks): Offer {
    return this.#offer(bind(this.#parts.prepared, links, this.#options.seal), links);
  }

  status(): PublicationStatus {
    return createStatus({
      length: this.metainfo.length,
      paddedLength: this.#paddedLength,
      snapshot: this.torrent.snapshot(),
      swarms: this.#parts.hashes.map((hash) => this.#options.host.tracker.counts(hash)),
      sentDirectly: this.direct.sent,
      uptimeSeconds: (performance.now() - this.#startedAt) / 1000,
    });
  }

  sha256Of(file: number): string | undefined {
    return this.#checksums.of(file);
  }

  async close(): Promise<void> {
    this.#options.host.door.untrack(this.#parts.hashes);
    await Promise.all([this.#checksums.close(), this.torrent.close()]);
  }

  #offer(publication: Publication, links: PublicLinks): Offer {
    const { host, publicHost, webSeed, assets, extras, onTrouble } = this.#options;
    const peers = [{ host: publicHost, port: host.session.port }];
    const magnet = formatMagnet({ ...toMagnet(publication.metainfo), peers });
    const site = createSite({
      ...{ publication, links, magnet, assets, direct: webSeed },
      extras: () => extras?.(links) ?? {},
      status: () => this.status(),
      sha256Of: (file) => this.#checksums.of(file),
      onDirect: (request) => this.direct.begin(request),
      onTrouble: ({ index, diskPath }, reason) => {
        if (this.#troubled.has(index)) return;
        this.#troubled.add(index);
        onTrouble?.(diskPath, reason);
      },
    });
    return { links, magnet, torrentBytes: publication.torrentBytes, site };
  }
}

/** Puts our addresses into the torrent: our tracker's two URLs are one tier, each other tracker is one of its own. */
function bind(prepared: Prepared, links: PublicLinks, seal: ItemOptions['seal']): Publication {
  const [http = '', udp = '', ...others] = links.trackers;
  const edited = editTorrent(prepared.torrentBytes, {
    trackers: [[http, udp], ...others.map((url) => [url])],
    webSeeds: links.webSeed === undefined ? null : [links.webSeed],
  });
  const torrentBytes = seal?.(edited, links) ?? edited;
  const metainfo = parseTorrent(torrentBytes, nodeDigests);
  return createPublication({ metainfo, torrentBytes, folder: prepared.folder }, prepared.files);
}

/** What clients may announce it as. */
export function hashesOf({ infoHash, infoHashV2 }: Pick<Metainfo, 'infoHash' | 'infoHashV2'>): InfoHash[] {
  return [
    ...(infoHash === undefined ? [] : [infoHash]),
    ...(infoHashV2 === undefined ? [] : [truncateInfoHash(infoHashV2)]),
  ];
}
