// What a torrent sees of a connected peer, be it a byte stream or a web seed.
import type { Message } from '../core/wire/messages.ts';
import type { BlockRun } from './piece-cache.ts';

export interface PeerLink {
  /** Queues a message for the next flush. */
  send(message: Message): void;
  /** Carries out an `upload` effect. */
  upload(piece: number, run: BlockRun): void;
  pauseRead(): void;
  resumeRead(): void;
  /** Everything queued leaves in one write. */
  flush(): void;
  close(): void;
}
