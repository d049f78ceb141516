import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createTestIo, type TestIo, type TestIoOptions } from '../../../test/support/cli-io.ts';
import { parseTorrent } from '../../core/metainfo/parse.ts';
import type { Metainfo } from '../../core/metainfo/metainfo.ts';
import { nodeDigests } from '../../node/digests.ts';
import { runCli } from '../run.ts';
import { createCommand } from './create.ts';

let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'swarmpress-cli-create-'));
  for (const name of ['films/a.txt', 'films/b/c.bin', 'films/.hidden', 'other.txt']) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), name.repeat(100));
  }
});

afterEach(() => rm(folder, { recursive: true }));

async function run(argv: readonly string[], options: TestIoOptions = {}): Promise<TestIo & { code: number }> {
  const io = createTestIo({ cwd: folder, ...options });
  return { ...io, code: await runCli(['create', ...argv], io, [createCommand]) };
}

async function read(name: string): Promise<Metainfo> {
  return parseTorrent(new Uint8Array(await readFile(join(folder, name))), nodeDigests);
}

describe('swarmpress create', () => {
  test('writes a hybrid torrent named after the content', async () => {
    const { code, out, err } = await run(['films', '-t', 'udp://t.example:1/a']);
    expect([code, err()]).toEqual([0, '']);
    expect(out()).toContain('magnet:?xt=urn:btih:');
    const metainfo = await read('films.torrent');
    expect(metainfo).toMatchObject({ version: 'hybrid', name: 'films', trackers: [['udp://t.example:1/a']] });
    expect(metainfo.createdBy).toMatch(/^swarmpress\/\d/);
    expect(metainfo.creationDate).toBeGreaterThan(1_700_000_000);
    expect(metainfo.files.filter((file) => !file.pad).map((file) => file.path.join('/'))).toEqual([
      'films/a.txt',
      'films/b/c.bin',
    ]);
  });

  test('takes options in every form', async () => {
    const { code } = await run([
      ...['films', '-o', 'x.torrent', '-m', 'v1', '-l', '15', '--padding', '--hidden', '--name', 'N'],
      ...[
        '-t',
        'http://a/,http://b/',
        '-t',
        'wss://c/',
        '-w',
        'https://w/',
        '--node',
        '[::1]:5',
        '-c',
        'hello',
      ],
      ...[
        '-p',
        '-s',
        'SRC',
        '--date',
        '2026-01-02T03:04:05Z',
        '--created-by',
        'me',
        '--exclude',
        '*.bin',
        '-j',
        '1',
      ],
    ]);
    expect(code).toBe(0);
    const metainfo = await read('x.torrent');
    expect(metainfo).toMatchObject({
      version: 'v1',
      name: 'N',
      pieceLength: 32768,
      private: true,
      source: 'SRC',
      trackers: [['http://a/', 'http://b/'], ['wss://c/']],
      webSeeds: ['https://w/'],
      nodes: [{ host: '::1', port: 5 }],
      comment: 'hello',
      createdBy: 'me',
      creationDate: Date.UTC(2026, 0, 2, 3, 4, 5) / 1000,
    });
    expect(metainfo.files.map((file) => file.path.at(-1))).toEqual([
      '.hidden',
      expect.anything(),
      'a.txt',
      expect.anything(),
    ]);
  });

  test('without date and program name the same content gives the same bytes', async () => {
    const plain = ['films', '--no-date', '--no-created-by', '-o', '-'];
    const [first, second] = [await run(plain), await run(plain)];
    expect(second.outBytes()).toEqual(first.outBytes());
    expect(parseTorrent(first.outBytes(), nodeDigests)).toMatchObject({
      creationDate: undefined,
      createdBy: undefined,
    });
  });

  test('SOURCE_DATE_EPOCH fixes the date, --date goes before it', async () => {
    const env = { SOURCE_DATE_EPOCH: '12345' };
    await run(['films', '-o', 'a.torrent'], { env });
    await run(['films', '-o', 'b.torrent', '--date', '5'], { env });
    expect([(await read('a.torrent')).creationDate, (await read('b.torrent')).creationDate]).toEqual([
      12345, 5,
    ]);
  });

  test('prints one JSON object', async () => {
    const { out, code } = await run(['films', '--json', '--quiet']);
    expect(code).toBe(0);
    const metainfo = await read('films.torrent');
    expect(JSON.parse(out())).toMatchObject({
      ok: true,
      file: join(folder, 'films.torrent'),
      name: 'films',
      length: metainfo.length,
      pieceLength: 16384,
      pieceCount: 2,
      files: 2,
      infoHash: Buffer.from(metainfo.infoHash ?? []).toString('hex'),
    });
  });

  test('keeps an existing file unless forced', async () => {
    await writeFile(join(folder, 'films.torrent'), 'precious');
    const refused = await run(['films']);
    expect([refused.code, refused.err()]).toEqual([1, expect.stringContaining('OUTPUT_EXISTS')]);
    expect(await readFile(join(folder, 'films.torrent'), 'utf8')).toBe('precious');
    expect((await run(['films', '-f'])).code).toBe(0);
    expect(await readdir(folder)).toEqual(['films', 'films.torrent', 'other.txt']);
  });

  test('its own output inside the content is left out', async () => {
    const argv = ['films', '-o', 'films/x.torrent', '--no-date', '-f'];
    await run(argv);
    const first = await readFile(join(folder, 'films/x.torrent'));
    await run(argv);
    expect(await readFile(join(folder, 'films/x.torrent'))).toEqual(first);
  });

  test('a torrent of the folder it is made in leaves out itself', async () => {
    const inside = { cwd: join(folder, 'films') };
    expect((await run(['.', '--no-date'], inside)).code).toBe(0);
    const first = await readFile(join(folder, 'films/films.torrent'));
    expect((await run(['.', '--no-date', '-f'], inside)).code).toBe(0);
    expect(await readFile(join(folder, 'films/films.torrent'))).toEqual(first);
  });

  test('a dry run reads and writes nothing', async () => {
    const { out, code } = await run(['films', '--dry-run']);
    expect(code).toBe(0);
    expect(out()).toContain('b/c.bin');
    expect(out()).toContain('2 pieces of 16 KiB');
    expect(await readdir(folder)).toEqual(['films', 'other.txt']);
    const json = await run(['films', '--dry-run', '--json']);
    expect(JSON.parse(json.out())).toMatchObject({ dryRun: true, pieceCount: 2, name: 'films' });
  });

  test('several paths need a name and become a folder', async () => {
    expect(await run(['films', 'other.txt'])).toMatchObject({ code: 2 });
    expect((await run(['films', 'other.txt', '-n', 'all'])).code).toBe(0);
    expect((await read('all.torrent')).files.map((file) => file.path.join('/'))).toContain('all/other.txt');
  });

  test.each([
    [['missing'], 1, 'FILE_NOT_FOUND'],
    [['films', '-l', '100KiB'], 2, 'OPTION_INVALID'],
    [['films', '-t', 'nonsense'], 2, 'OPTION_INVALID'],
    [['films', '-w', 'ftp://x/'], 2, 'OPTION_INVALID'],
    [['films', '--date', 'yesterday'], 2, 'OPTION_INVALID'],
    [['films', '--node', 'x'], 2, 'OPTION_INVALID'],
    [['films', '-j', '0'], 2, 'OPTION_INVALID'],
    [['films', '-m', 'v3'], 2, 'USAGE'],
    [['films', '--include', 'nothing'], 2, 'PLAN_EMPTY'],
    [['films', '-o', '-', '--json'], 2, 'OUTPUT_TWICE'],
    [['films', '-o', 'no/such/x.torrent'], 1, 'FILE_NOT_FOUND'],
  ])('%j exits with %i and says %s', async (argv, code, word) => {
    const result = await run(argv);
    expect(result.code).toBe(code);
    expect(result.err()).toContain(`swarmpress: ${word} `);
    expect(await readdir(folder)).toEqual(['films', 'other.txt']);
  });

  test('a torrent is not printed on a terminal', async () => {
    const { code, err } = await run(['films', '-o', '-'], { isTTY: true });
    expect([code, err()]).toEqual([2, expect.stringContaining('OUTPUT_TERMINAL')]);
  });

  test('an interruption ends it with 130 and leaves nothing', async () => {
    const { code } = await run(['films'], { signal: AbortSignal.abort() });
    expect(code).toBe(130);
    expect(await readdir(folder)).toEqual(['films', 'other.txt']);
  });
});
