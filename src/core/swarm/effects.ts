// Everything a torrent's swarm engine can ask of its driver.
import type { PeerAddress } from '../address.ts';
import type { Message } from '../wire/messages.ts';
import type { PeerKey } from './inputs.ts';

export type SwarmEffect =
  /** Encode and queue a message. Piece data never comes this way: see `upload`. */
  | { readonly kind: 'send'; readonly peer: PeerKey; readonly message: Message }
  /**
   * Serve consecutive blocks of a piece we have: whole requests merged. Each becomes a piece message of `blockLength`
   * bytes (nearly always 16 KiB); the last may be shorter. Report with `uploaded`.
   */
  | {
      readonly kind: 'upload';
      readonly peer: PeerKey;
      readonly piece: number;
      readonly begin: number;
      readonly length: number;
      readonly blockLength: number;
    }
  /** Close the connection. `ban` keeps the address out for the session's life. */
  | { readonly kind: 'disconnect'; readonly peer: PeerKey; readonly reason: string; readonly ban: boolean }
  /** Connect to an address, then do the handshake. Answered by `peer-connected` or `dial-failed`. */
  | {
      readonly kind: 'dial';
      readonly address: PeerAddress;
      /** Over uTP alone: the peer dials us at this moment too (BEP 55). */
      readonly punch?: true;
    }
  /** A peer runs a DHT node there (BEP 5). */
  | { readonly kind: 'dht-node'; readonly address: PeerAddress }
  /** Stop and start reading from a peer: the piece buffers' byte budget is spent, or free again. */
  | { readonly kind: 'pause-read'; readonly peer: PeerKey }
  | { readonly kind: 'resume-read'; readonly peer: PeerKey }
  /** Hash a whole piece. The driver only reads `data`, until it answers `piece-verified`. */
  | { readonly kind: 'verify-piece'; readonly piece: number; readonly data: Uint8Array }
  /** Write a verified piece. The driver only reads `data`, until it answers `piece-written` or `write-failed`. */
  | { readonly kind: 'write-piece'; readonly piece: number; readonly data: Uint8Array }
  /** The info dictionary came from peers and its hash is right (BEP 9). Answer with the input `metainfo`. */
  | {
      readonly kind: 'metadata-complete';
      readonly infoBytes: Uint8Array;
      readonly pieceLayers: ReadonlyMap<string, Uint8Array>;
    }
  /** A piece is on disk and announced to the peers. */
  | { readonly kind: 'piece-complete'; readonly piece: number }
  /** A piece that was on disk could not be read: it is missing again. */
  | { readonly kind: 'piece-lost'; readonly piece: number }
  /** The file's last piece is on disk. */
  | { readonly kind: 'file-complete'; readonly file: number }
  /** All wanted pieces are on disk. Comes again if more files are wanted later. */
  | { readonly kind: 'complete' }
  /** Downloading stopped: the disk failed. Seeding of what is there goes on. */
  | { readonly kind: 'stopped'; readonly error: Error };
