import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestIo, type TestIo, type TestIoOptions } from '../../../test/support/cli-io.ts';
import { encodeBencode } from '../../core/bencode/encode.ts';
import { runCli } from '../run.ts';
import { inspectCommand } from './inspect.ts';

const HASH = 'd2474e86c95b19b8bcfdb92bc12c9d44667cfa36';
const MAGNET = `magnet:?xt=urn:btih:${HASH}&dn=Leaves&tr=http%3A%2F%2Ft%2F&ws=https%3A%2F%2Fw%2F`;
const torrent = encodeBencode({
  'announce-list': [['http://a/', 'http://b/'], ['udp://c:1']],
  'url-list': ['https://w/'],
  comment: 'hi \u001b[31mred',
  info: {
    files: [
      { length: 5, path: ['sub', 'a'] },
      { attr: 'p', length: 16379, path: ['.pad', '16379'] },
      { length: 7, path: ['..', 'b'] },
    ],
    name: 'root',
    'piece length': 16384,
    pieces: new Uint8Array(40),
    private: 1,
  },
});

let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'swarmpress-cli-inspect-'));
  await writeFile(join(folder, 'a.torrent'), torrent);
  await writeFile(join(folder, 'bad.torrent'), 'hello');
});

afterAll(() => rm(folder, { recursive: true }));

async function run(argv: readonly string[], options: TestIoOptions = {}): Promise<TestIo & { code: number }> {
  const io = createTestIo({ cwd: folder, ...options });
  return { ...io, code: await runCli(['inspect', ...argv], io, [inspectCommand]) };
}

function lines(text: string): unknown[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line): unknown => JSON.parse(line));
}

describe('swarmpress inspect', () => {
  test('--json prints the stable form of a torrent', async () => {
    const { out, code } = await run(['a.torrent', '--json']);
    expect(code).toBe(0);
    expect(lines(out())).toEqual([
      {
        input: 'a.torrent',
        ok: true,
        infoHash: expect.stringMatching(/^[0-9a-f]{40}$/) as unknown,
        infoHashV2: null,
        name: 'root',
        length: 12,
        pieceLength: 16384,
        pieceCount: 2,
        private: true,
        files: [
          { path: 'root/sub/a', length: 5 },
          { path: 'root/b', length: 7 },
        ],
        trackers: [['http://a/', 'http://b/'], ['udp://c:1']],
        webSeeds: ['https://w/'],
        warnings: [],
      },
    ]);
  });

  test('--json prints the same form of a magnet link', async () => {
    const { out, code } = await run([MAGNET, '--json']);
    expect(code).toBe(0);
    expect(lines(out())).toEqual([
      {
        input: MAGNET,
        ok: true,
        infoHash: HASH,
        infoHashV2: null,
        name: 'Leaves',
        length: null,
        pieceLength: null,
        pieceCount: null,
        private: false,
        files: [],
        trackers: [['http://t/']],
        webSeeds: ['https://w/'],
        warnings: [],
      },
    ]);
  });

  test('one bad input spoils the exit code and not the others', async () => {
    const { out, err, code } = await run(['bad.torrent', 'a.torrent', 'missing', 'magnet:?x=y', '--json']);
    expect(code).toBe(1);
    expect(lines(out())).toMatchObject([
      { input: 'bad.torrent', ok: false, code: 'BENCODE_NO_DICT', error: expect.any(String) as unknown },
      { input: 'a.torrent', ok: true },
      { input: 'missing', ok: false, code: 'FILE_NOT_FOUND' },
      { input: 'magnet:?x=y', ok: false, code: 'MAGNET_NO_HASH' },
    ]);
    expect(err().trimEnd().split('\n')).toHaveLength(3);
  });

  test('people get a summary with a tree, without control characters', async () => {
    const { out } = await run(['a.torrent']);
    expect(out()).toContain('└─ root/\n     ├─ sub/\n     │  └─ a  5 B\n     └─ b  7 B\n');
    expect(out()).toContain('tracker 1     http://a/ http://b/');
    expect(out()).toContain('2 pieces of 16 KiB');
    expect(out()).not.toContain('\u001b');
  });

  test('shows a magnet link', async () => {
    const { out } = await run([MAGNET]);
    expect(out()).toContain('Leaves\n');
    expect(out()).toContain(HASH);
  });

  test('reads stdin', async () => {
    const { out, code } = await run(['-', '--json'], { stdin: torrent });
    expect(code).toBe(0);
    expect(lines(out())).toMatchObject([{ input: '-', name: 'root' }]);
    const magnet = await run(['-', '--json'], { stdin: Buffer.from(`${MAGNET}\n`) });
    expect(lines(magnet.out())).toMatchObject([{ infoHash: HASH }]);
  });

  test('--lint adds findings', async () => {
    const { out } = await run(['a.torrent', '--lint', '--json']);
    expect(lines(out())).toMatchObject([{ lint: [{ code: 'PRIVATE_WITH_WEB_SEED' }] }]);
    expect((await run(['a.torrent', '--lint'])).out()).toContain('PRIVATE_WITH_WEB_SEED');
  });

  test('long lists are cut unless all is asked for', async () => {
    const files = Array.from({ length: 300 }, (_, i) => ({ length: 1, path: [`f${String(i)}`] }));
    const many = encodeBencode({
      info: { files, name: 'n', 'piece length': 16384, pieces: new Uint8Array(20) },
    });
    const short = await run(['-'], { stdin: many });
    expect(short.out()).toContain('and 100 more files');
    expect((await run(['-', '--all'], { stdin: many })).out()).toContain('f299');
  });

  test('the file itself is never touched', async () => {
    expect(new Uint8Array(await readFile(join(folder, 'a.torrent')))).toEqual(torrent);
  });
});
