import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createTestIo, type TestIo, type TestIoOptions } from '../../../test/support/cli-io.ts';
import { encodeBencode } from '../../core/bencode/encode.ts';
import type { Metainfo } from '../../core/metainfo/metainfo.ts';
import { parseTorrent } from '../../core/metainfo/parse.ts';
import { nodeDigests } from '../../node/digests.ts';
import { runCli } from '../run.ts';
import { editCommand } from './edit.ts';
import { magnetCommand } from './magnet.ts';

const torrent = encodeBencode({
  announce: 'http://a/',
  comment: 'old',
  'creation date': 5,
  info: { length: 5, name: 'a.txt', 'piece length': 16384, pieces: new Uint8Array(20) },
  'url-list': 'https://w/',
  'x-unknown': 'kept',
});

let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'swarmpress-cli-edit-'));
  await writeFile(join(folder, 'a.torrent'), torrent);
});

afterEach(() => rm(folder, { recursive: true }));

async function run(argv: readonly string[], options: TestIoOptions = {}): Promise<TestIo & { code: number }> {
  const io = createTestIo({ cwd: folder, ...options });
  return { ...io, code: await runCli(argv, io, [editCommand, magnetCommand]) };
}

async function bytesOf(name = 'a.torrent'): Promise<Uint8Array> {
  return new Uint8Array(await readFile(join(folder, name)));
}

async function edited(...argv: readonly string[]): Promise<Metainfo> {
  expect(await run(['edit', 'a.torrent', ...argv])).toMatchObject({ code: 0 });
  return parseTorrent(await bytesOf(), nodeDigests);
}

const before = parseTorrent(torrent, nodeDigests);

describe('swarmpress edit', () => {
  test('changes the file in place and keeps info hash and unknown keys', async () => {
    const after = await edited(
      '-c',
      'new',
      '--no-date',
      '--add-tracker',
      'udp://b:1',
      '--add-web-seed',
      'https://v/',
    );
    expect(after).toMatchObject({
      comment: 'new',
      creationDate: undefined,
      trackers: [['http://a/'], ['udp://b:1']],
      webSeeds: ['https://w/', 'https://v/'],
      infoHash: before.infoHash,
    });
    expect(Buffer.from(await bytesOf()).toString('latin1')).toContain('9:x-unknown4:kept');
  });

  test('replaces and removes trackers and web seeds', async () => {
    expect((await edited('-t', 'http://x/,http://y/', '-t', 'http://z/')).trackers).toEqual([
      ['http://x/', 'http://y/'],
      ['http://z/'],
    ]);
    expect((await edited('--remove-tracker', 'http://y/', '--add-tracker', 'http://z/')).trackers).toEqual([
      ['http://x/'],
      ['http://z/'],
    ]);
    expect((await edited('--no-tracker', '--no-web-seed')).trackers).toEqual([]);
    expect((await edited('--remove-web-seed', 'https://w/')).webSeeds).toEqual([]);
  });

  test('never changes the info hash unasked', async () => {
    for (const argv of [['--private'], ['--source', 'S']]) {
      const refused = await run(['edit', 'a.torrent', ...argv]);
      expect([refused.code, refused.err()]).toEqual([2, expect.stringContaining('--allow-new-info-hash')]);
      expect(await bytesOf()).toEqual(torrent);
    }
    expect((await edited('--private', '--source', 'S', '--allow-new-info-hash')).infoHash).not.toEqual(
      before.infoHash,
    );
    const back = await edited('--no-private', '--no-source', '--allow-new-info-hash');
    expect(back.infoHash).toEqual(before.infoHash);
  });

  test('what is asked for and is so already changes nothing', async () => {
    const { out } = await run(['edit', 'a.torrent', '--no-private', '-c', 'old', '--json']);
    expect(JSON.parse(out())).toMatchObject({ ok: true, changed: false, infoHashChanged: false });
  });

  test('writes to another file or to stdout', async () => {
    expect((await run(['edit', 'a.torrent', '--no-comment', '-o', 'b.torrent'])).code).toBe(0);
    expect(parseTorrent(await bytesOf('b.torrent'), nodeDigests).comment).toBeUndefined();
    expect((await run(['edit', 'a.torrent', '--no-comment', '-o', 'b.torrent'])).code).toBe(1);
    const piped = await run(['edit', '-', '--no-comment', '-o', '-'], { stdin: torrent });
    expect(piped.outBytes()).toEqual(await bytesOf('b.torrent'));
    expect(await bytesOf()).toEqual(torrent);
  });

  test('a dry run writes nothing', async () => {
    const { out } = await run(['edit', 'a.torrent', '-c', 'new', '--dry-run']);
    expect(out()).toContain('would be changed');
    expect(await bytesOf()).toEqual(torrent);
  });

  test.each([
    [['edit', 'magnet:?xt=urn:btih:d2474e86c95b19b8bcfdb92bc12c9d44667cfa36'], 2, 'MAGNET_NOT_ENOUGH'],
    [['edit', '-'], 2, 'OUTPUT_MISSING'],
    [['edit', 'missing'], 1, 'FILE_NOT_FOUND'],
  ])('%j exits with %i and says %s', async (argv, code, word) => {
    const result = await run(argv, { stdin: torrent });
    expect([result.code, result.err()]).toEqual([code, expect.stringContaining(word)]);
  });
});

describe('swarmpress magnet', () => {
  const hash = 'btih:' + Buffer.from(before.infoHash ?? []).toString('hex');

  test('prints hash, name, trackers and web seeds', async () => {
    const { out } = await run(['magnet', 'a.torrent']);
    expect(out()).toBe(`magnet:?xt=urn:${hash}&dn=a.txt&tr=http%3A%2F%2Fa%2F&ws=https%3A%2F%2Fw%2F\n`);
  });

  test('leaves out what is not wanted', async () => {
    const { out } = await run([
      'magnet',
      'a.torrent',
      '--no-name',
      '--no-trackers',
      '--no-web-seeds',
      '--json',
    ]);
    expect(JSON.parse(out())).toEqual({ input: 'a.torrent', ok: true, magnet: `magnet:?xt=urn:${hash}` });
  });

  test('shortens a magnet link', async () => {
    const link = `magnet:?xt=urn:${hash}&dn=x&tr=http%3A%2F%2Fa%2F`;
    expect((await run(['magnet', link, '--no-trackers'])).out()).toBe(`magnet:?xt=urn:${hash}&dn=x\n`);
  });

  test('a link needs a hash', async () => {
    expect((await run(['magnet', 'a.torrent', '--no-v1'])).code).toBe(2);
  });
});
