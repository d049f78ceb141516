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

  /** Resolves at the next `event`; rejects at one of `ends`, with the error made of its value. */
  next<K extends keyof Events>(
    event: K,
    ends: { readonly [E in keyof Events]?: (value: Events[E]) => Error },
  ): Promise<Events[K]> {
    return new Promise((resolve, reject) => {
      const offs: (() => void)[] = [];
      const settle = (act: () => void): void => {
        for (const off of offs) off();
        act();
      };
      const listen = <E extends keyof Events>(end: E, toError: (value: Events[E]) => Error): void => {
        offs.push(this.on(end, (value) => settle(() => reject(toError(value)))));
      };
      offs.push(this.on(event, (value) => settle(() => resolve(value))));
      for (const end in ends) {
        const toError = ends[end];
        if (toError !== undefined) listen(end, toError);
      }
    });
  }
}
