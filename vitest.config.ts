// Test projects: `unit` (no network beyond loopback, seconds), `interop` (stock clients, namespaces, minutes) and `e2e`
// (browsers and whole publications, minutes).
import { defineConfig } from 'vitest/config';

/** Stock clients and browsers spend most of their time waiting for each other. */
const PATIENT = { testTimeout: 180_000, hookTimeout: 120_000, fileParallelism: false, maxConcurrency: 4 };

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
          include: ['test/interop/**/*.test.ts'],
          ...PATIENT,
        },
      },
      { test: { name: 'e2e', include: ['test/e2e/**/*.test.ts'], ...PATIENT } },
    ],
  },
});
