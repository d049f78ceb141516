// First in, first out queue of effects. Drained to its end it starts again from the front of the same array, so that
// the hot path makes no garbage but the effects themselves.
import type { SwarmEffect } from './effects.ts';

export class EffectQueue {
  readonly #items: (SwarmEffect | undefined)[] = [];
  #head = 0;
  #tail = 0;

  push(effect: SwarmEffect): void {
    this.#items[this.#tail++] = effect;
  }

  shift(): SwarmEffect | undefined {
    if (this.#head === this.#tail) return undefined;
    const effect = this.#items[this.#head];
    this.#items[this.#head++] = undefined;
    if (this.#head === this.#tail) {
      this.#head = 0;
      this.#tail = 0;
    }
    return effect;
  }
}
