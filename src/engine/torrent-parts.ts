// What a torrent is made with, and how its parts are made from that.
import { truncateInfoHash, type InfoHash, type InfoHashV2, type PeerId } from '../core/ids.ts';
import { invariant } from '../core/invariant.ts';
import type { MagnetLink } from '../core/metainfo/magnet.ts';
import type { Metainfo } from '../core/metainfo/metainfo.ts';
import { parseInfo } from '../core/metainfo/parse.ts';
import type { AddOptions } from './api.ts';
import type { SessionContext } from './context.ts';
import { Discovery, type DiscoveryOptions } from './discovery.ts';
import { RateLimiter } from './rate-limiter.ts';
import { ResumeKeeper, type ResumeSource } from './resume-keeper.ts';
import { resumeKey, type ResumeData } from './resume.ts';
import { SwarmDriver, type TorrentEffect } from './swarm-driver.ts';

/** What is known when a torrent is added. At least one hash is there. */
export interface KnownTorrent {
  readonly infoHash: InfoHash | undefined;
  readonly infoHashV2: InfoHashV2 | undefined;
  readonly metainfo: Metainfo | undefined;
  readonly magnet: MagnetLink | undefined;
}

/** What does not change as long as the torrent lives. */
export interface TorrentParts {
  readonly source: KnownTorrent;
  readonly options: AddOptions;
  readonly context: SessionContext;
  readonly peerId: PeerId;
  /** The v1 hash, the truncated v2 hash, or both (BEP 52). */
  readonly hashes: readonly InfoHash[];
  /** The torrent's own limits. */
  readonly limiters: { readonly upload: RateLimiter; readonly download: RateLimiter };
}

const DEFAULT_MAX_PEERS = 80;

export function createParts(
  source: KnownTorrent,
  options: AddOptions,
  context: SessionContext,
): TorrentParts {
  const { clock } = context.env;
  const v2 = source.infoHashV2 === undefined ? undefined : truncateInfoHash(source.infoHashV2);
  return {
    source,
    options,
    context,
    peerId: context.newPeerId(),
    hashes: [source.infoHash, v2].filter((hash) => hash !== undefined),
    limiters: {
      upload: new RateLimiter(clock, options.uploadLimit),
      download: new RateLimiter(clock, options.downloadLimit),
    },
  };
}

export function createSwarm(parts: TorrentParts, onEffect: (effect: TorrentEffect) => void): SwarmDriver {
  const { source, options, peerId, limiters, context } = parts;
  return new SwarmDriver(
    {
      infoHash: source.infoHash,
      infoHashV2: source.infoHashV2,
      peerId,
      maxPeers: options.maxPeers ?? DEFAULT_MAX_PEERS,
      sequential: options.sequential ?? false,
      uploadLimiter: limiters.upload,
      downloadLimiter: limiters.download,
    },
    context,
    onEffect,
  );
}

export function createDiscovery(
  parts: TorrentParts,
  hooks: Omit<DiscoveryOptions, 'trackers' | 'ownTrackers' | 'infoHashes' | 'peerId'>,
): Discovery {
  const { source, options, hashes, peerId, context } = parts;
  const own = source.metainfo?.trackers ?? source.magnet?.trackers.map((url) => [url]) ?? [];
  const trackers = [...own, ...(options.trackers ?? []).map((url) => [url])];
  const ownTrackers = options.trackers ?? [];
  return new Discovery({ trackers, ownTrackers, infoHashes: hashes, peerId, ...hooks }, context);
}

function resumeKeyOf({ hashes, options, context }: TorrentParts): string {
  const [hash] = hashes;
  invariant(hash !== undefined, 'a torrent has a hash');
  return resumeKey(hash, context.env.resolveFolder(options.folder), context.env.digests);
}

export function createKeeper(
  parts: TorrentParts,
  source: Omit<ResumeSource, 'info'> & { readonly metainfo: () => Metainfo | undefined },
): ResumeKeeper {
  return new ResumeKeeper(resumeKeyOf(parts), parts.context.env, {
    ...source,
    info: () => {
      const metainfo = source.metainfo();
      if (parts.source.magnet === undefined || metainfo === undefined) return undefined;
      return { bytes: metainfo.infoBytes, pieceLayers: metainfo.pieceLayers };
    },
  });
}

/** The metainfo of an info dictionary that came from peers or resume data. Throws ProtocolError METAINFO_*. */
export function readInfo({ source, context }: TorrentParts, info: NonNullable<ResumeData['info']>): Metainfo {
  const { magnet } = source;
  const extras = {
    trackers: magnet?.trackers.map((url) => [url]),
    webSeeds: magnet?.webSeeds,
    pieceLayers: info.pieceLayers,
  };
  return parseInfo(info.bytes, extras, context.env.digests);
}
