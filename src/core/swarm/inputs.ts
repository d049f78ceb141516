// Everything that can happen to a torrent's swarm engine. Read with effects.ts: the two are the architecture diagram.
import type { PeerAddress } from '../address.ts';
import type { PeerId } from '../ids.ts';
import type { Bitfield } from '../bytes/bitfield.ts';
import type { Metainfo } from '../metainfo/metainfo.ts';
import type { Millis } from '../time.ts';
import type { Capabilities, Message } from '../wire/messages.ts';

/** A connection's number, unique in its session and never reused. */
export type PeerKey = number;

export type PeerTransport = 'tcp' | 'utp' | 'webrtc' | 'webseed' | 'memory';

export type CandidateSource = 'tracker' | 'pex' | 'dht' | 'lsd' | 'magnet' | 'user';

/** 0 = do not download; higher goes first. Normal is 1. */
export type FilePriority = number;

/** A piece and the time of the machine's clock by which it should be on disk. */
export interface PieceDeadline {
  readonly piece: number;
  readonly at: Millis;
}

export type SwarmInput =
  /** The metainfo is known: from the start, or after BEP 9. `have` is what resume data or a check found on disk. */
  | { readonly kind: 'metainfo'; readonly metainfo: Metainfo; readonly have: Bitfield }
  /** A handshake is done both ways. */
  | {
      readonly kind: 'peer-connected';
      readonly peer: PeerKey;
      readonly transport: PeerTransport;
      readonly address: PeerAddress | undefined;
      readonly outgoing: boolean;
      /** Ciphered (MSE); for show alone. */
      readonly encrypted?: boolean | undefined;
      readonly peerId: PeerId;
      readonly capabilities: Capabilities;
    }
  | { readonly kind: 'message'; readonly peer: PeerKey; readonly message: Message }
  | { readonly kind: 'peer-closed'; readonly peer: PeerKey }
  /** The transport has taken this many bytes of `upload` effects. */
  | { readonly kind: 'uploaded'; readonly peer: PeerKey; readonly bytes: number }
  /** A piece could not be read for an `upload` effect; the disk lost it. */
  | { readonly kind: 'read-failed'; readonly peer: PeerKey; readonly piece: number }
  /** Answer to `verify-piece`. `data` of the effect is the engine's again. */
  | { readonly kind: 'piece-verified'; readonly piece: number; readonly ok: boolean }
  /** Answer to `write-piece`: the data may be reused. */
  | { readonly kind: 'piece-written'; readonly piece: number }
  /** The piece could not be written; the engine stops downloading and keeps what it has. */
  | { readonly kind: 'write-failed'; readonly piece: number; readonly error: Error }
  /** Addresses to try. */
  | {
      readonly kind: 'candidates';
      readonly source: CandidateSource;
      readonly addresses: readonly PeerAddress[];
    }
  /** A `dial` effect came to nothing. */
  | { readonly kind: 'dial-failed'; readonly address: PeerAddress }
  /** One priority for each file of the metainfo. */
  | { readonly kind: 'priorities'; readonly files: readonly FilePriority[] }
  /** Pieces that somebody waits for (streaming), in the place of all earlier ones; those of no wanted file are left. */
  | { readonly kind: 'deadlines'; readonly pieces: readonly PieceDeadline[] }
  | { readonly kind: 'pause' }
  | { readonly kind: 'resume' }
  /** Nothing happened but time passed: call when nextTimeout() is due. */
  | { readonly kind: 'tick' };
