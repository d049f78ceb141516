import { createMemoryStore } from '../support/stores.ts';
import { describePeerStore } from './peer-store.ts';

describePeerStore('memory', () => {
  const { store, now } = createMemoryStore();
  return Promise.resolve({
    heard: store,
    asked: store,
    now,
    settle: () => Promise.resolve(),
    dispose: () => Promise.resolve(),
  });
});
