// What a .torrent says, checked and sanitised: one type for v1 (BEP 3), v2 and hybrid (BEP 52).
import type { InfoHash, InfoHashV2 } from '../ids.ts';

export type MetainfoVersion = 'v1' | 'v2' | 'hybrid';

/** One file of the torrent, in stream order. Padding files (BEP 47) are listed too, with `pad` set. */
export interface FileEntry {
  /** Sanitised elements. A multi-file torrent's root folder is the first; a single file has one element. */
  readonly path: readonly string[];
  /** Bytes. */
  readonly length: number;
  /** Where the file starts in the piece stream, bytes. v2 files start at a piece boundary (BEP 52). */
  readonly offset: number;
  readonly pad: boolean;
  readonly executable: boolean;
  readonly hidden: boolean;
  /** Sanitised target path from the torrent's root folder (BEP 47), for a symlink of length 0. */
  readonly symlink: readonly string[] | undefined;
  /** Merkle root of the file, 32 bytes (BEP 52); undefined in v1 and for empty files. */
  readonly piecesRoot: Uint8Array | undefined;
}

/** A DHT node named in the torrent (BEP 5). */
export interface NodeAddress {
  readonly host: string;
  readonly port: number;
}

/** What the info dictionary fixes: the part that the info hash covers. */
export interface Info {
  readonly version: MetainfoVersion;
  readonly infoHash: InfoHash | undefined;
  readonly infoHashV2: InfoHashV2 | undefined;
  /** Sanitised; a safe single path element. */
  readonly name: string;
  /** Bytes. */
  readonly pieceLength: number;
  readonly pieceCount: number;
  /** Bytes of content; padding left out. */
  readonly length: number;
  readonly files: readonly FileEntry[];
  /** True when the torrent is one file without a folder. */
  readonly isSingleFile: boolean;
  readonly private: boolean;
  readonly source: string | undefined;
  /** v1 SHA-1 hashes, 20 bytes a piece; undefined in v2. */
  readonly pieceHashes: Uint8Array | undefined;
  /** The raw bencoded info dictionary: what the info hash is the hash of, and what BEP 9 transfers. */
  readonly infoBytes: Uint8Array;
}

/** A whole .torrent file. */
export interface Metainfo extends Info {
  /** v2: lower-case hex of a file's piecesRoot -> its piece layer, 32 bytes a piece (BEP 52). */
  readonly pieceLayers: ReadonlyMap<string, Uint8Array>;
  /** Tiers of announce URLs (BEP 12); a lone `announce` is one tier. */
  readonly trackers: readonly (readonly string[])[];
  /** BEP 19 `url-list`. */
  readonly webSeeds: readonly string[];
  /** BEP 17 `httpseeds`. */
  readonly httpSeeds: readonly string[];
  readonly nodes: readonly NodeAddress[];
  readonly comment: string | undefined;
  readonly createdBy: string | undefined;
  /** Seconds since 1970 UTC. */
  readonly creationDate: number | undefined;
  /** Things that are odd but harmless: fields skipped, names changed. One sentence each. */
  readonly warnings: readonly string[];
}
