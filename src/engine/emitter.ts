// Events by name with typed values. A listener that throws is the caller's bug and is not caught.

export class Emitter<Events extends object> {
  readonly #listeners: { [K in keyof Events]?: Set<(value: Events[K]) => void> } = {};

  on<K extends keyof Events>(event: K, listener: (value: Events[K]) => void): () => void {
    const listeners = this.#listeners[event] ?? new Set<(value: Events[K]) => void>();
    this.#listeners[event] = listeners;
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  }

  emit<K extends keyof Events>(event: K, value: Events[K]): void {
    for (const listener of [...(this.#listeners[event] ?? [])]) listener(value);
  }
}
