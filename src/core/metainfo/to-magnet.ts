// The magnet link of a torrent (BEP 9, BEP 52).
import type { MagnetLink } from './magnet.ts';
import type { Metainfo } from './metainfo.ts';

/**
 * A link with both hashes of a hybrid, the name, all trackers and web seeds.
 *
 * @example formatMagnet(toMagnet(metainfo)) // 'magnet:?xt=urn:btih:…'
 */
export function toMagnet(metainfo: Metainfo): MagnetLink {
  return {
    infoHash: metainfo.infoHash,
    infoHashV2: metainfo.infoHashV2,
    name: metainfo.name,
    trackers: metainfo.trackers.flat(),
    webSeeds: metainfo.webSeeds,
    peers: [],
    nodes: [],
    sources: [],
    selected: undefined,
  };
}
