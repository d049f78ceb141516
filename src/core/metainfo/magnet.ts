// Magnet links: v1 btih, v2 btmh, hybrid (BEP 9, BEP 52, BEP 53).
import type { InfoHash, InfoHashV2 } from '../ids.ts';

/** A checked magnet link; at least one of the hashes is there. */
export interface MagnetLink {
  readonly infoHash: InfoHash | undefined;
  readonly infoHashV2: InfoHashV2 | undefined;
  readonly name: string | undefined;
  readonly trackers: readonly string[];
  /** `ws`. */
  readonly webSeeds: readonly string[];
  /** `x.pe`: `host:port`, host may be a name. */
  readonly peers: readonly { readonly host: string; readonly port: number }[];
  /** `xs` / `as`: URLs of the .torrent. */
  readonly sources: readonly string[];
  /** `so`: selected file indices (BEP 53); undefined selects all. */
  readonly selected: readonly number[] | undefined;
}
