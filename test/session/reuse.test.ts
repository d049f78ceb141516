// Torrents of content of which a part was hashed before: the same bytes as if nothing had been known, and fewer reads.
import { appendFile, mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { knownFiles, toVersionFiles } from '../../src/catalogue/known-files.ts';
import type { MetainfoVersion } from '../../src/core/metainfo/metainfo.ts';
import { createFromPlan, planContent } from '../../src/node/create-torrent.ts';
import { createHashPool } from '../../src/node/hash-pool.ts';
import { onStage } from '../support/stage.ts';

const PIECE = 16384;

describe('hashes that are known', () => {
  it.each<MetainfoVersion>(['v2', 'hybrid'])(
    'give the same %s torrent, and unchanged files are not read',
    (version) =>
      onStage(async (stage) => {
        const folder = join(stage.folder, 'content');
        await mkdir(folder);
        const sizes = { a: 3 * PIECE + 5, b: 2 * PIECE, c: 700, d: 5 * PIECE + 1, e: 0 };
        for (const [name, size] of Object.entries(sizes)) {
          await writeFile(join(folder, name), Buffer.alloc(size, name));
        }
        const options = { version, pieceLength: PIECE };
        const before = await planContent([folder], options);
        const { metainfo } = await createFromPlan(before);
        const files = toVersionFiles(before.files);

        // One file grows, one goes away, and one comes before all others.
        await appendFile(join(folder, 'b'), 'more');
        await writeFile(join(folder, '0'), Buffer.alloc(PIECE + 1, '0'));
        const after = await planContent([folder], options);
        const fresh = await createFromPlan(after);
        const pool = createHashPool();
        const read: string[] = [];
        const reused = await createFromPlan(after, {
          known: knownFiles(metainfo, files),
          hasher: {
            parallelism: pool.parallelism,
            hash: (job) => {
              if (job.source.kind === 'files')
                read.push(...job.source.parts.map((part) => part.path?.at(-1) ?? 'pad'));
              return pool.hash(job);
            },
            close: () => pool.close(),
          },
        });
        await pool.close();
        expect(reused.bytes).toEqual(fresh.bytes);
        expect(new Set(read.filter((name) => name !== 'pad'))).toEqual(new Set(['0', 'b']));
        expect((await stat(join(folder, 'a'))).size).toBe(sizes.a);
      }),
  );
});
