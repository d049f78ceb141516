// What every Database has to do, whatever it stands on. An adapter's test calls this with a way to open the same one
// again and again.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { utf8Decode, utf8Encode } from '../../src/core/bytes/bytes.ts';
import type { Database } from '../../src/ports/database.ts';

export interface DatabaseHarness {
  open(): Promise<Database>;
  dispose(): Promise<void>;
}

export function describeDatabase(name: string, create: () => Promise<DatabaseHarness>): void {
  describe(`${name} as a Database`, () => {
    let harness: DatabaseHarness;
    let database: Database;

    beforeEach(async () => {
      harness = await create();
      database = await harness.open();
    });

    afterEach(async () => {
      await database.close();
      await harness.dispose();
    });

    const put = (entries: Readonly<Record<string, string>>): Promise<void> =>
      database.transact((writer) => {
        for (const [key, value] of Object.entries(entries)) writer.put(key, utf8Encode(value));
      });
    const text = (key: string): string | undefined => {
      const value = database.get(key);
      return value === undefined ? undefined : utf8Decode(value);
    };

    it('gives back what was put, replaced and removed', async () => {
      await put({ a: 'one', b: '' });
      expect([text('a'), text('b'), text('c')]).toEqual(['one', '', undefined]);
      await put({ a: 'two' });
      await database.transact((writer) => {
        writer.remove('b');
        writer.remove('never there');
      });
      expect([text('a'), text('b')]).toEqual(['two', undefined]);
    });

    it('lists a prefix in the order of bytes, and nothing beside it', async () => {
      await put({ 'b/2': '2', 'a/9': 'x', 'b/1': '1', 'b/é': '3', b0: 'x', b: 'x' });
      expect(database.entries('b/').map(([key, value]) => [key, utf8Decode(value)])).toEqual([
        ['b/1', '1'],
        ['b/2', '2'],
        ['b/é', '3'],
      ]);
      expect(database.entries('c')).toEqual([]);
    });

    it('undoes all of a transaction whose work throws', async () => {
      await put({ a: 'before' });
      const failing = database.transact((writer) => {
        writer.put('a', utf8Encode('after'));
        writer.put('b', utf8Encode('new'));
        throw new Error('no');
      });
      await expect(failing).rejects.toThrow('no');
      expect([text('a'), text('b')]).toEqual(['before', undefined]);
    });

    it('shows a transaction its own writes, and nobody else before it is done', async () => {
      await put({ 'k/a': 'old', 'k/b': 'old' });
      const seen = await database.transact((writer) => {
        writer.put('k/c', utf8Encode('new'));
        writer.remove('k/a');
        return [writer.get('k/a'), writer.entries('k/').map(([key]) => key), text('k/c')];
      });
      expect(seen).toEqual([undefined, ['k/b', 'k/c'], undefined]);
    });

    it('runs transactions one after the other: no update is lost', async () => {
      await put({ n: '0' });
      const add = (): Promise<void> =>
        database.transact((writer) => {
          const value = Number(utf8Decode(writer.get('n') ?? new Uint8Array()));
          writer.put('n', utf8Encode(String(value + 1)));
        });
      await Promise.all(Array.from({ length: 100 }, add));
      expect(text('n')).toBe('100');
    });

    it('keeps what it was given even if the giver changes it', async () => {
      const bytes = utf8Encode('abc');
      await database.transact((writer) => {
        writer.put('a', bytes);
        bytes[0] = 0x7a;
      });
      const read = database.get('a');
      if (read !== undefined) read[1] = 0x7a;
      expect(text('a')).toBe('abc');
    });

    it('refuses keys that a store cannot hold', async () => {
      for (const key of ['', 'x'.repeat(501), 'a\0b']) {
        await expect(put({ [key]: 'x' })).rejects.toThrow(/key is|DATABASE_KEY_INVALID/);
      }
    });
  });
}
