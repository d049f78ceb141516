// Which address others see us at (BEP 42): believed when enough different nodes agree.
import type { PeerAddress } from '../address.ts';

const VOTES_NEEDED = 4;
const MAX_VOTERS = 50;

export class ExternalAddress {
  readonly #votes = new Map<string, string>();
  #current: string | undefined;

  /** Counts a node's word; returns the address when it has just become the one believed. */
  vote(voter: PeerAddress, seen: PeerAddress): PeerAddress | undefined {
    this.#votes.delete(voter.ip);
    this.#votes.set(voter.ip, seen.ip);
    const oldest = this.#votes.keys().next();
    if (this.#votes.size > MAX_VOTERS && oldest.done !== true) this.#votes.delete(oldest.value);
    let agreeing = 0;
    for (const ip of this.#votes.values()) if (ip === seen.ip) agreeing++;
    if (agreeing < VOTES_NEEDED || agreeing * 2 <= this.#votes.size || seen.ip === this.#current)
      return undefined;
    this.#current = seen.ip;
    return seen;
  }
}
