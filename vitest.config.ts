// Two test projects: `unit` (no network beyond loopback, seconds) and `interop` (stock clients, namespaces, minutes).
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
          exclude: ['test/interop/**', 'test/e2e/**', 'node_modules/**', 'dist/**'],
          testTimeout: 20_000,
        },
      },
      {
        test: {
          name: 'interop',
          include: ['test/interop/**/*.test.ts', 'test/e2e/**/*.test.ts'],
          testTimeout: 180_000,
          hookTimeout: 120_000,
          // Stock clients spend most of their time waiting for each other.
          fileParallelism: false,
          maxConcurrency: 4,
        },
      },
    ],
  },
});
