// The adapters of the Database port, through one suite; and what only one on a disk can show.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { utf8Decode, utf8Encode } from '../../src/core/bytes/bytes.ts';
import { openLmdbDatabase } from '../../src/node/lmdb-database.ts';
import { MemoryDatabase } from '../support/memory-database.ts';
import { Stage } from '../support/stage.ts';
import { describeDatabase } from './database.ts';

describeDatabase('memory', () =>
  Promise.resolve({
    open: () => Promise.resolve(new MemoryDatabase()),
    dispose: () => Promise.resolve(),
  }),
);

describeDatabase('LMDB', () => {
  const stage = new Stage();
  return Promise.resolve({
    open: () => openLmdbDatabase(join(stage.folder, 'state', 'catalogue.lmdb')),
    dispose: () => stage.close(),
  });
});

describe('LMDB on a disk', () => {
  let stage: Stage;
  let path: string;

  beforeEach(() => {
    stage = new Stage();
    path = join(stage.folder, 'data.lmdb');
  });

  afterEach(() => stage.close());

  it('is there again after it was closed', async () => {
    const first = await openLmdbDatabase(path);
    await first.transact((writer) => {
      writer.put('a', utf8Encode('kept'));
    });
    await first.close();
    const second = await openLmdbDatabase(path);
    expect(utf8Decode(second.get('a') ?? new Uint8Array())).toBe('kept');
    await second.close();
  });

  it('shows at once what another process has written', async () => {
    const database = await openLmdbDatabase(path);
    await database.transact((writer) => {
      writer.put('n', utf8Encode('0'));
    });
    const writer = startWriter(path);
    await writer.reached(3);
    expect(Number(utf8Decode(database.get('n') ?? new Uint8Array()))).toBeGreaterThanOrEqual(3);
    writer.kill();
    await database.close();
  });

  it('has every transaction that was confirmed, and no half one, after kill -9 at any moment', async () => {
    for (let round = 0; round < 6; round++) {
      const writer = startWriter(path);
      const wanted = await writer.reached(5 + round * 7);
      writer.kill();
      const confirmed = await writer.ended;
      const database = await openLmdbDatabase(path);
      const count = Number(utf8Decode(database.get('n') ?? new Uint8Array()));
      expect(confirmed).toBeGreaterThanOrEqual(wanted);
      expect(count).toBeGreaterThanOrEqual(confirmed);
      // Each transaction writes both halves.
      expect(utf8Decode(database.get('twin') ?? new Uint8Array())).toBe(String(count));
      await database.close();
    }
  });
});

interface Writer {
  /** Resolves with the number confirmed when it has come so far in this process. */
  reached(transactions: number): Promise<number>;
  kill(): void;
  /** The last number that was confirmed. */
  readonly ended: Promise<number>;
}

/** Counts up in another process, and says so after each transaction was confirmed. */
function startWriter(path: string): Writer {
  const script = `
    import { openLmdbDatabase } from ${JSON.stringify(new URL('../../dist/node/lmdb-database.js', import.meta.url).href)};
    const database = await openLmdbDatabase(${JSON.stringify(path)});
    for (;;) {
      const value = await database.transact((writer) => {
        const next = String(Number(Buffer.from(writer.get('n') ?? Buffer.from('0')).toString()) + 1);
        writer.put('n', Buffer.from(next));
        writer.put('twin', Buffer.from(next));
        return next;
      });
      process.stdout.write(value + '\\n');
    }`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const lines = (): string[] => output.split('\n').slice(0, -1);
  return {
    reached: async (transactions) => {
      while (lines().length < transactions) await once(child.stdout, 'data');
      return Number(lines().at(-1));
    },
    kill: () => child.kill('SIGKILL'),
    ended: once(child, 'close').then(() => Number(lines().at(-1))),
  };
}
