// What every Storage has to do, whatever it stands on. An adapter's test calls this with a way to make one.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SystemError } from '../../src/core/errors.ts';
import type { FileRange } from '../../src/core/metainfo/geometry.ts';
import type { Storage, StorageFile, StoragePort } from '../../src/ports/storage.ts';

export interface StorageHarness {
  readonly port: StoragePort;
  readonly folder: string;
  dispose(): Promise<void>;
}

export function describeStorage(name: string, create: () => Promise<StorageHarness>): void {
  describe(`${name} as a Storage`, () => {
    let harness: StorageHarness;
    const opened: Storage[] = [];

    beforeEach(async () => {
      harness = await create();
    });

    afterEach(async () => {
      await Promise.all(opened.splice(0).map((storage) => storage.close()));
      await harness.dispose();
    });

    async function open(files: readonly StorageFile[]): Promise<Storage> {
      const storage = await harness.port.open(harness.folder, files);
      opened.push(storage);
      return storage;
    }

    it('gives back what was written, over files, padding and gaps', async () => {
      const storage = await open([file('a', 10), { ...file('pad', 6), pad: true }, file('b', 20)]);
      await storage.prepare('none');
      const ranges = [range(0, 2, 8), { ...range(1, 0, 6), pad: true }, range(2, 0, 5)];
      await storage.write(ranges, counting(19));
      const expected = counting(19).fill(0, 8, 14);
      expect(await read(storage, ranges, [19])).toEqual([expected]);
      expect(await read(storage, ranges, [3, 9, 7])).toEqual([
        expected.slice(0, 3),
        expected.slice(3, 12),
        expected.slice(12),
      ]);
    });

    it('keeps what is outside a write', async () => {
      const storage = await open([file('a', 30)]);
      await storage.write([range(0, 0, 30)], counting(30));
      await storage.write([range(0, 10, 5)], new Uint8Array(5));
      expect(await read(storage, [range(0, 0, 30)], [30])).toEqual([counting(30).fill(0, 10, 15)]);
    });

    it('refuses to read a file that is missing or short', async () => {
      const storage = await open([file('a', 30), file('b', 10)]);
      await storage.write([range(0, 0, 20)], counting(20));
      for (const missing of [range(0, 10, 20), range(1, 0, 10)]) {
        const error = await read(storage, [missing], [missing.length]).catch((reason: unknown) => reason);
        expect(error).toBeInstanceOf(SystemError);
        expect(error).toHaveProperty('code', expect.stringMatching(/^DISK_(SHORT_READ|MISSING)$/));
      }
    });

    it('tells which files are there and how long they are', async () => {
      const storage = await open([file('a', 30), file('b', 10), file('empty', 0)]);
      expect(await storage.stat()).toEqual([undefined, undefined, undefined]);
      await storage.prepare('none');
      await storage.write([range(0, 0, 20)], counting(20));
      const [a, , empty] = await storage.stat();
      expect(a?.length).toBe(20);
      expect(a?.modifiedMs).toBeGreaterThan(0);
      expect(empty?.length).toBe(0);
    });

    it('finds the content again', async () => {
      const files = [file('a', 30), file('b', 10)];
      const first = await open(files);
      await first.write([range(0, 0, 30), range(1, 0, 10)], counting(40));
      await first.flush();
      await first.close();
      const second = await open(files);
      expect(await read(second, [range(0, 0, 30), range(1, 0, 10)], [40])).toEqual([counting(40)]);
    });

    it.each(['sparse', 'full'] as const)('gives files their length by %s preallocation', async (mode) => {
      const storage = await open([file('a', 100_000), file('b', 3), { ...file('c', 5), wanted: false }]);
      await storage.prepare(mode);
      expect((await storage.stat()).map((stored) => stored?.length)).toEqual([100_000, 3, undefined]);
      expect(await read(storage, [range(0, 99_990, 10)], [10])).toEqual([new Uint8Array(10)]);
    });

    it('cuts a file that is too long', async () => {
      const first = await open([file('a', 30)]);
      await first.write([range(0, 0, 30)], counting(30));
      await first.close();
      const second = await open([file('a', 12)]);
      await second.prepare('none');
      expect((await second.stat())[0]?.length).toBe(12);
    });

    it('keeps parts of a file that is not wanted, and moves them into place once it is', async () => {
      const files = [file('a', 10), { ...file('b', 20), wanted: false }];
      const storage = await open(files);
      await storage.prepare('none');
      await storage.write([range(0, 0, 10), range(1, 0, 6)], counting(16));
      expect(await read(storage, [range(1, 0, 6)], [6])).toEqual([counting(16).slice(10)]);
      storage.setWanted([true, true]);
      await storage.write([range(1, 6, 14)], counting(14));
      const whole = Uint8Array.from([...counting(16).slice(10), ...counting(14)]);
      expect(await read(storage, [range(1, 0, 20)], [20])).toEqual([whole]);
      await storage.close();
      const again = await open([file('a', 10), file('b', 20)]);
      expect((await again.stat()).map((stored) => stored?.length)).toEqual([10, 20]);
    });

    it('takes writes to different ranges at once', async () => {
      const storage = await open([file('a', 64_000)]);
      const parts = Array.from({ length: 64 }, (_, i) => i);
      await Promise.all(
        parts.map((i) => storage.write([range(0, i * 1000, 1000)], new Uint8Array(1000).fill(i))),
      );
      const [all] = await read(storage, [range(0, 0, 64_000)], [64_000]);
      expect(parts.every((i) => all?.[i * 1000] === i && all[i * 1000 + 999] === i)).toBe(true);
    });
  });
}

/** Reads ranges into fresh buffers of these lengths. */
async function read(
  storage: Storage,
  ranges: readonly FileRange[],
  lengths: readonly number[],
): Promise<Uint8Array[]> {
  const targets = lengths.map((length) => new Uint8Array(length).fill(0xee));
  await storage.read(ranges, targets);
  return targets;
}

function file(name: string, length: number): StorageFile {
  return { path: ['root', name], length, pad: false, executable: false, symlink: undefined, wanted: true };
}

function range(index: number, offset: number, length: number): FileRange {
  return { file: index, offset, length, pad: false };
}

function counting(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 7 + 1) & 0xff);
}
