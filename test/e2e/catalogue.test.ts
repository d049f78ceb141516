// A catalogue from end to end: its addresses, feeds and API, private items, new versions, and what is taken down.
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openCatalogue, run, writeFiles, type CatalogueScene } from '../support/catalogue.ts';
import { until } from '../support/processes.ts';
import { onStage, type Stage } from '../support/stage.ts';

const BIG = Buffer.alloc(300_000, 'big');

async function withAlbum(
  body: (scene: CatalogueScene, stage: Stage, album: string) => Promise<void>,
): Promise<void> {
  await onStage(async (stage) => {
    const album = join(stage.folder, 'album');
    await writeFiles(album, { 'big.bin': BIG, 'note.txt': 'first', '<b>.txt': 'x' });
    await writeFiles(stage.folder, { 'Film Ä.mkv': 'film'.repeat(1000) });
    await body(
      await openCatalogue(stage, { paths: [album, join(stage.folder, 'Film Ä.mkv')] }),
      stage,
      album,
    );
  });
}

async function statusOf(url: string): Promise<number> {
  const response = await fetch(url);
  await response.arrayBuffer();
  return response.status;
}

/** Waits for what becomes true: another process is followed within a second. */
async function truth(what: string, ask: () => Promise<boolean> | boolean): Promise<void> {
  await until(what, async () => ((await ask()) ? true : undefined), { timeoutMs: 180_000 });
}

function get(stage: Stage, ...args: string[]): ReturnType<typeof run> {
  return run(['get', ...args, '--state', join(stage.folder, 'visitor'), '--json']);
}

describe('a catalogue', () => {
  it('has its items at predictable addresses, and each is downloaded from its page', () =>
    withAlbum(async ({ catalogue }, stage) => {
      const { page, fingerprint } = catalogue;
      for (const path of [
        '',
        'items/album/',
        'items/album.torrent',
        'items/film-a-mkv.magnet',
        'items/album.sha256',
      ]) {
        expect([path, await statusOf(page + path)]).toEqual([path, 200]);
      }
      expect(await statusOf(`${page}items/nothing/`)).toBe(404);
      const folder = await stage.makeFolder('downloads');
      const done = await get(stage, `${page}items/album/`, '-d', folder, '--key', fingerprint);
      expect(done.err).toContain(`signed by ${fingerprint}`);
      expect(done.code).toBe(0);
      expect(await readFile(join(folder, 'album', 'big.bin'))).toEqual(BIG);
      const other = await get(
        stage,
        `${page}items/film-a-mkv/`,
        '-d',
        folder,
        '--key',
        `ed25519:${'a'.repeat(52)}`,
      );
      expect(other).toMatchObject({ code: 1 });
      expect(other.err).toContain('KEY_MISMATCH');
    }));

  it('gives a stock client what its feed encloses', () =>
    onStage(async (stage) => {
      await writeFiles(stage.folder, { 'data.bin': BIG });
      const { catalogue } = await openCatalogue(stage, {
        paths: [join(stage.folder, 'data.bin')],
        version: 'v1',
      });
      const rss = await (await fetch(`${catalogue.page}feed.rss`)).text();
      const enclosure = /<enclosure url="([^"]+)" length="(\d+)" type="application\/x-bittorrent"\/>/.exec(
        rss,
      );
      const atom = await (await fetch(`${catalogue.page}feed.atom`)).text();
      expect(atom).toContain(`href="${enclosure?.[1] ?? ''}"`);
      const folder = await stage.makeFolder('aria2');
      const client = stage.start([
        ...['aria2c', '--no-conf', '--seed-time=0', '--enable-dht=false', '--bt-enable-lpd=false'],
        ...['--listen-port=0', `--dir=${folder}`, enclosure?.[1] ?? ''].filter(
          (arg) => arg !== '--listen-port=0',
        ),
      ]);
      expect(await client.exited, client.output).toBe(0);
      expect(await readFile(join(folder, 'data.bin'))).toEqual(BIG);
    }));

  it('is searched, by people and by programs', () =>
    withAlbum(async ({ catalogue }) => {
      const list = async (query: string): Promise<unknown> =>
        (await fetch(`${catalogue.page}api/v1/items?${query}`)).json();
      expect(await list('q=FILM+a')).toMatchObject({ total: 1, items: [{ slug: 'film-a-mkv', version: 1 }] });
      expect(await list('q=note')).toMatchObject({ total: 1, items: [{ slug: 'album', files: 3 }] });
      expect(await list('q=neither')).toMatchObject({ total: 0, items: [] });
      expect(await list('size=1&page=2')).toMatchObject({ total: 2, page: 2, pages: 2 });
      const html = await (await fetch(`${catalogue.page}?q=<script>`)).text();
      expect(html).not.toContain('<script>');
      expect(await (await fetch(`${catalogue.page}api/v1/openapi.json`)).json()).toMatchObject({
        openapi: '3.1.0',
      });
    }));

  it('publishes a new version: the old page points to it, and what did not change is neither hashed nor fetched', () =>
    withAlbum(async ({ catalogue, command, events }, stage, album) => {
      const folder = await stage.makeFolder('downloads');
      const old = join(stage.folder, 'old.torrent');
      await writeFile(
        old,
        Buffer.from(await (await fetch(`${catalogue.page}items/album.torrent`)).arrayBuffer()),
      );
      expect((await get(stage, old, '-d', folder)).code).toBe(0);

      await writeFiles(album, { 'note.txt': 'second, and longer' });
      await command('update', 'album');
      await truth('the update', () => events.some((event) => event.kind === 'updated'));
      const before = await (await fetch(`${catalogue.page}items/album/v/1/`)).text();
      expect(before).toContain('newer version');
      expect(before).toContain('href="../../"');

      const newer = await stage.makeFolder('newer');
      const done = await get(stage, old, '-d', newer, '--follow', '--key', catalogue.fingerprint);
      expect(done.err).toContain('newer version');
      expect(done.lines).toContainEqual({ event: 'reused', files: 2, length: BIG.length + 1 });
      // Padding behind the changed file (BEP 47) counts as downloaded.
      const whole = done.lines.find(({ event }) => event === 'done');
      expect(Number(whole?.['downloaded'])).toBeLessThan(40_000);
      expect(await readFile(join(newer, 'album', 'note.txt'), 'utf8')).toBe('second, and longer');
      const [inode, linked] = [join(folder, 'album', 'big.bin'), join(newer, 'album', 'big.bin')].map(
        (path) => stat(path),
      );
      expect((await inode)?.ino).toBe((await linked)?.ino);
    }));

  it('shows private items to holders of a token alone, until it is revoked', () =>
    withAlbum(async ({ catalogue, command }, stage) => {
      const { page } = catalogue;
      await command('set', 'album', '--access', 'private');
      await truth('status 404', async () => (await statusOf(`${page}items/album/`)) === 404);
      expect(await (await fetch(`${page}api/v1/items`)).json()).toMatchObject({ total: 1 });
      expect(await (await fetch(`${page}feed.rss`)).text()).not.toContain('album');
      const [issued] = await command('token', 'album', '--note', 'Ann');
      const address = `${page}${String(issued?.['path'])}`;
      await truth('status 200', async () => (await statusOf(address)) === 200);
      const folder = await stage.makeFolder('downloads');
      expect(await get(stage, address, '-d', folder)).toMatchObject({ code: 0 });
      expect(await readFile(join(folder, 'album', 'big.bin'))).toEqual(BIG);

      const [stranger] = await command('token', 'film-a-mkv');
      const token = /~([\w-]+)/.exec(String(stranger?.['path']))?.[1] ?? '';
      expect(await statusOf(`${page}items/album/~${token}/`)).toBe(404);
      await command('revoke', String(issued?.['id']));
      await truth('status 404', async () => (await statusOf(address)) === 404);
    }));

  it('leaves a word of what was taken down, has expired, or was downloaded often enough', () =>
    withAlbum(async ({ catalogue, command }) => {
      const address = `${catalogue.page}items/album/`;
      await command('remove', 'album', '--word', 'At the request of <its> author');
      await truth('status 410', async () => (await statusOf(address)) === 410);
      expect(await (await fetch(address)).text()).toContain('At the request of &lt;its&gt; author');
      expect(await statusOf(`${catalogue.page}items/album.torrent`)).toBe(410);
      await command('restore', 'album');
      await truth('status 200', async () => (await statusOf(address)) === 200);
      await command('set', 'album', '--expires', '1s');
      await truth('status 410', async () => (await statusOf(address)) === 410);
      await command('set', 'album', '--expires', 'never', '--downloads', '1');
      await truth('status 200', async () => (await statusOf(address)) === 200);
    }));
});
