// Sessions exchange content over TCP on the loopback.
import { join } from 'node:path';
import { readdir } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { manifestOf, withoutEmptyFiles, type ContentKind } from '../support/content.ts';
import { addressOf, Ground, seed } from './harness.ts';

let ground: Ground;

beforeEach(async () => {
  ground = await Ground.create();
});

afterEach(async () => {
  await ground.dispose();
});

describe('a transfer between two sessions', () => {
  const kinds: readonly ContentKind[] = ['single', 'folder', 'crossing'];
  for (const version of ['v1', 'v2', 'hybrid'] as const) {
    it.each(kinds)(`of a ${version} torrent (%s) brings every file`, async (kind) => {
      const publication = await ground.publication(kind, { version });
      const { content, torrent } = publication;
      const [from, to] = [await ground.session(), await ground.session()];
      await seed(from, publication);
      const target = join(ground.folder, 'target');
      const download = await to.add(torrent.bytes, { folder: target, peers: [addressOf(from)] });
      await download.done();
      expect(await manifestOf(join(target, content.name))).toEqual(content.manifest);
      const snapshot = download.snapshot();
      expect(snapshot.state).toBe('seeding');
      expect(snapshot.completed).toBe(content.bytes);
      expect(snapshot.downloaded).toBeGreaterThanOrEqual(content.bytes);
    });
  }

  it('tells what happens, in order, and `done` last', async () => {
    const publication = await ground.publication('folder');
    const [from, to] = [await ground.session(), await ground.session()];
    await seed(from, publication);
    const target = join(ground.folder, 'target');
    const download = await to.add(publication.torrent.bytes, { folder: target, peers: [addressOf(from)] });
    const events: string[] = [];
    for (const name of ['metainfo', 'checked', 'piece', 'file', 'done'] as const) {
      download.on(name, () => events.push(name));
    }
    await download.done();
    expect(events.slice(0, 2)).toEqual(['metainfo', 'checked']);
    expect(events.at(-1)).toBe('done');
    expect(events.filter((name) => name === 'piece')).toHaveLength(publication.torrent.metainfo.pieceCount);
    expect(events.filter((name) => name === 'file')).toHaveLength(
      withoutEmptyFiles(publication.content.manifest).size,
    );
    expect(download.pieces().every((piece) => piece === 2)).toBe(true);
    expect(download.peers()).toMatchObject([
      { client: expect.stringContaining('Swarmpress') as string, progress: 1 },
    ]);
  });

  it('goes on from the one who downloads to a third', async () => {
    const publication = await ground.publication('single');
    const [first, second, third] = [await ground.session(), await ground.session(), await ground.session()];
    await seed(first, publication);
    const { bytes } = publication.torrent;
    const middle = await second.add(bytes, { folder: join(ground.folder, 'b'), peers: [addressOf(first)] });
    const last = await third.add(bytes, { folder: join(ground.folder, 'c'), peers: [addressOf(second)] });
    await Promise.all([middle.done(), last.done()]);
    expect(await manifestOf(join(ground.folder, 'c', publication.content.name))).toEqual(
      publication.content.manifest,
    );
    expect(last.snapshot().uploaded).toBe(0);
  });

  it('serves several torrents on one port', async () => {
    const publications = [
      await ground.publication('single'),
      await ground.publication('folder', { version: 'v2' }),
    ];
    const [from, to] = [await ground.session(), await ground.session()];
    for (const publication of publications) await seed(from, publication);
    const downloads = await Promise.all(
      publications.map(({ torrent }, i) =>
        to.add(torrent.bytes, { folder: join(ground.folder, `t${String(i)}`), peers: [addressOf(from)] }),
      ),
    );
    await Promise.all(downloads.map((download) => download.done()));
    for (const [i, { content }] of publications.entries()) {
      expect(await manifestOf(join(ground.folder, `t${String(i)}`, content.name))).toEqual(content.manifest);
    }
    expect(to.torrents).toHaveLength(2);
  });

  it('writes the files that were chosen and no other, until more are', async () => {
    const publication = await ground.publication('crossing');
    const { content, torrent } = publication;
    const [from, to] = [await ground.session(), await ground.session()];
    await seed(from, publication);
    const target = join(ground.folder, 'target');
    const names = torrent.metainfo.files.map((file) => file.path.at(-1));
    const chosen = [names.indexOf('b.bin'), names.indexOf('d.bin')];
    const download = await to.add(torrent.bytes, { folder: target, files: chosen, peers: [addressOf(from)] });
    await download.done();
    expect((await readdir(join(target, content.name))).sort()).toEqual(['b.bin', 'd.bin']);
    const manifest = await manifestOf(join(target, content.name));
    expect(manifest.get('b.bin')).toBe(content.manifest.get('b.bin'));
    expect(download.snapshot().wanted).toBe(download.snapshot().completed);
    download.selectFiles(torrent.metainfo.files.map((_, index) => index));
    await download.done();
    expect(await manifestOf(join(target, content.name))).toEqual(content.manifest);
  });

  it('takes priorities of files and deadlines of pieces, and refuses those that make no sense', async () => {
    const publication = await ground.publication('crossing');
    const { content, torrent } = publication;
    const [from, to] = [await ground.session(), await ground.session()];
    await seed(from, publication);
    const { files, pieceCount } = torrent.metainfo;
    const target = join(ground.folder, 'target');
    const download = await to.add(torrent.bytes, { folder: target, files: [], peers: [addressOf(from)] });
    await download.done();
    for (const wrong of [[1], files.map(() => 256), files.map(() => -1), files.map(() => 0.5)]) {
      expect(() => {
        download.setPriorities(wrong);
      }).toThrow(expect.objectContaining({ code: 'FILE_PRIORITY_INVALID' }));
    }
    for (const wrong of [
      { piece: pieceCount, withinMs: 0 },
      { piece: 0, withinMs: Number.NaN },
    ]) {
      expect(() => {
        download.setDeadlines([wrong]);
      }).toThrow(expect.objectContaining({ code: 'DEADLINES_INVALID' }));
    }
    download.setPriorities(files.map((_, index) => (index === 0 ? 9 : 1)));
    download.setDeadlines([{ piece: pieceCount - 1, withinMs: 0 }]);
    await download.done();
    expect(await manifestOf(join(target, content.name))).toEqual(content.manifest);
    download.setDeadlines([]);
  });

  it('fails with one clear error where the folder cannot be used, and goes on after it can', async () => {
    const publication = await ground.publication('single');
    const { content, torrent } = publication;
    const [from, to] = [await ground.session(), await ground.session()];
    await seed(from, publication);
    const options = { folder: join(content.path, 'below a file'), peers: [addressOf(from)] };
    const download = await to.add(torrent.bytes, options);
    await expect(download.done()).rejects.toHaveProperty('name', 'SystemError');
    expect(download.snapshot().state).toBe('failed');
  });

  it('refuses the same torrent twice, by any of its hashes', async () => {
    const { torrent } = await ground.publication('single', { version: 'hybrid' });
    const session = await ground.session();
    const options = { folder: join(ground.folder, 'target') };
    await session.add(torrent.bytes, options);
    const magnet = `magnet:?xt=urn:btmh:1220${session.torrents[0]?.snapshot().infoHashV2 ?? ''}`;
    for (const source of [torrent.bytes, magnet]) {
      await expect(session.add(source, options)).rejects.toHaveProperty('code', 'TORRENT_EXISTS');
    }
  });
});

describe('a session', () => {
  it('holds download and upload limits', async () => {
    const publication = await ground.publication('single', { bytes: 600_000 });
    const [from, to] = [await ground.session({ uploadLimit: 400_000 }), await ground.session()];
    await seed(from, publication);
    const started = performance.now();
    const target = join(ground.folder, 'target');
    const download = await to.add(publication.torrent.bytes, {
      folder: target,
      downloadLimit: 300_000,
      peers: [addressOf(from)],
    });
    await download.done();
    // 600 kB at 300 kB/s are two seconds, less what may come at once.
    expect(performance.now() - started).toBeGreaterThan(1200);
  });

  it('is silent after close, and so are its torrents', async () => {
    const publication = await ground.publication('single');
    const session = await ground.session();
    const torrent = await session.add(publication.torrent.bytes, { folder: join(ground.folder, 'target') });
    const done = torrent.done();
    await session.close();
    await expect(done).rejects.toHaveProperty('code', 'TORRENT_CLOSED');
    expect(torrent.snapshot().state).toBe('closed');
    await expect(session.add(publication.torrent.bytes, { folder: ground.folder })).rejects.toHaveProperty(
      'code',
      'SESSION_CLOSED',
    );
  });
});
