import { appendFile, mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createTestIo, type TestIo } from '../../../test/support/cli-io.ts';
import { createTorrent } from '../../node/create-torrent.ts';
import { runCli } from '../run.ts';
import { verifyCommand } from './verify.ts';

let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'swarmpress-cli-verify-'));
  await mkdir(join(folder, 'films'));
  await writeFile(join(folder, 'films/a'), 'a'.repeat(20_000));
  await writeFile(join(folder, 'films/b'), 'b');
  const { bytes } = await createTorrent([join(folder, 'films')]);
  await writeFile(join(folder, 'films.torrent'), bytes);
});

afterEach(() => rm(folder, { recursive: true }));

async function run(...argv: readonly string[]): Promise<TestIo & { code: number }> {
  const io = createTestIo({ cwd: folder });
  return { ...io, code: await runCli(['verify', ...argv], io, [verifyCommand]) };
}

describe('swarmpress verify', () => {
  test('whole content exits with 0', async () => {
    const { code, out } = await run('films.torrent', '.');
    expect([code, out()]).toEqual([0, 'films: 2 files of 2 right, 3 pieces of 3 right\n']);
    expect((await run('films.torrent', 'films', '--all')).out()).toContain('right  films/a');
  });

  test('missing, damaged and long files exit with 1 and are named', async () => {
    await writeFile(join(folder, 'films/a'), 'a'.repeat(16_384) + 'x'.repeat(3616));
    await appendFile(join(folder, 'films/b'), 'bb');
    const damaged = await run('films.torrent', '.');
    expect(damaged.code).toBe(1);
    expect(damaged.out()).toContain('damaged  films/a');
    expect(damaged.out()).toContain('too long by 2 bytes  films/b');
    await rm(join(folder, 'films/b'));
    const { code, out } = await run('films.torrent', '.', '--json');
    expect(code).toBe(1);
    expect(JSON.parse(out())).toMatchObject({
      ok: false,
      pieceCount: 3,
      piecesRight: 1,
      files: [
        { path: 'films/a', state: 'damaged', length: 20_000, actualLength: 20_000 },
        { path: 'films/b', state: 'missing', length: 1, actualLength: null },
      ],
    });
  });

  test('a place that is not there and a magnet link are errors', async () => {
    expect(await run('films.torrent', 'nowhere')).toMatchObject({ code: 1 });
    expect(await run('magnet:?xt=urn:btih:d2474e86c95b19b8bcfdb92bc12c9d44667cfa36', '.')).toMatchObject({
      code: 2,
    });
  });
});
