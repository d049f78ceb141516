// What a torrent sees of a connected peer, be it a byte stream or a web seed.
import type { Message } from '../core/wire/messages.ts';

export interface PeerLink {
  /** Queues a message for the next flush. */
  send(message: Message): void;
  /** Carries out an `upload` effect. */
  upload(piece: number, begin: number, length: number): void;
  pauseRead(): void;
  resumeRead(): void;
  /** Everything queued leaves in one write. */
  flush(): void;
  close(): void;
}
