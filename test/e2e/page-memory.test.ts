// The page stays small however large the file is: what it takes is reached long before 512 MiB. With 2 GiB, which
// takes minutes, it is measured by `node bench/run.mjs browser --memory-mib 2048`.
import { describe, expect, it } from 'vitest';
import { measurePageMemory } from '../support/page-memory.ts';
import { onStage } from '../support/stage.ts';

const BYTES = 512 * 1024 * 1024;
const MOST = 300e6;
const PATIENCE_MS = 150_000;

describe('a long download', () => {
  it('keeps the page below 300 MB and is saved as it was published', async () => {
    await onStage(async (stage) => {
      const { samples, saved, published } = await measurePageMemory(stage, BYTES, PATIENCE_MS);
      expect(saved).toBe(published);
      expect(Math.max(...samples)).toBeLessThan(MOST);
      expect(Math.min(...samples), 'something was measured').toBeGreaterThan(MOST / 30);
    });
  });
});
