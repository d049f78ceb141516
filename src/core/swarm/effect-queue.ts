// First in, first out queue of effects. Its array is reused: draining it to the end resets it without copying.
import type { SwarmEffect } from './effects.ts';

export class EffectQueue {
  #items: (SwarmEffect | undefined)[] = [];
  #head = 0;

  push(effect: SwarmEffect): void {
    this.#items.push(effect);
  }

  shift(): SwarmEffect | undefined {
    const effect = this.#items[this.#head];
    if (effect === undefined) return undefined;
    this.#items[this.#head] = undefined;
    this.#head++;
    if (this.#head === this.#items.length) {
      // Setting the length to 0 would give the memory back each time; a short array is kept as it is.
      this.#items = [];
      this.#head = 0;
    }
    return effect;
  }
}
