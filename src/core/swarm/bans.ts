// Who is to blame for a piece that fails its hash.
import type { ActivePiece } from './active-piece.ts';
import type { Content } from './content.ts';
import type { SwarmContext } from './context.ts';

export class Bans {
  readonly #context: SwarmContext;

  constructor(context: SwarmContext) {
    this.#context = context;
  }

  /** The piece's hash is right. */
  good(_active: ActivePiece): void {
    return;
  }

  /** The piece's hash is wrong. The one peer that sent it all is the liar. */
  bad(_content: Content, active: ActivePiece): void {
    const senders = active.senders();
    const only = senders.length === 1 ? this.#context.peers.get(senders[0] ?? -1) : undefined;
    if (only !== undefined) this.#context.disconnect(only, 'sent a piece that fails its hash', true);
  }
}
