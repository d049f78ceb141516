// The daemon as its users meet it: over HTTP, with a seed of ours as the rest of the world.
import { access, mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startDaemon, type Daemon, type DaemonOptions } from '../../src/daemon/daemon.ts';
import type { TorrentView } from '../../src/daemon/torrent-view.ts';
import { formatMagnet } from '../../src/core/metainfo/magnet.ts';
import { toMagnet } from '../../src/core/metainfo/to-magnet.ts';
import { parseTorrent } from '../../src/node/parse-torrent.ts';
import { until } from '../support/processes.ts';
import { addressOf, Ground, seed, type Publication } from './harness.ts';

const PATIENCE = { timeoutMs: 60_000, everyMs: 50 };

describe('the daemon', () => {
  let ground: Ground;
  const daemons: Daemon[] = [];

  beforeEach(async () => {
    ground = await Ground.create();
  });

  afterEach(async () => {
    await Promise.all(daemons.splice(0).map((daemon) => daemon.close()));
    await ground.dispose();
  });

  async function start(rest: Partial<DaemonOptions> = {}): Promise<Daemon> {
    const daemon = await startDaemon({
      ...{
        port: 0,
        host: '127.0.0.1',
        names: [],
        otherFolders: [],
        schedule: [],
        defaults: {},
        version: 'test',
      },
      session: { host: '127.0.0.1' },
      folder: join(ground.folder, 'downloads'),
      stateFolder: join(ground.folder, 'daemon'),
      ...rest,
    });
    daemons.push(daemon);
    return daemon;
  }

  async function stop(daemon: Daemon): Promise<void> {
    daemons.splice(daemons.indexOf(daemon), 1);
    await daemon.close();
  }

  /** A magnet link that leads to a seed of ours. */
  async function seeded(bytes = 600_000): Promise<{ publication: Publication; magnet: string }> {
    const publication = await ground.publication('single', { bytes });
    const giver = await ground.session();
    await seed(giver, publication);
    const { ip, port } = addressOf(giver);
    const peers = [{ host: ip, port }];
    const magnet = formatMagnet({ ...toMagnet(parseTorrent(publication.torrent.bytes)), peers });
    return { publication, magnet };
  }

  it('downloads, runs the completion program without a shell, and removes with the files', async () => {
    const { publication, magnet } = await seeded();
    const out = join(ground.folder, 'hook.json');
    const script =
      "require('fs').writeFileSync(process.argv[1], JSON.stringify([process.env, process.argv.slice(2)]))";
    const onComplete = { program: process.execPath, args: ['-e', script, out, '$(touch owned); `x`'] };
    const api = client(await start({ onComplete }));
    const added = await api('POST', 'torrents', { source: magnet });
    expect(added.status).toBe(201);
    const { id } = added.body as TorrentView;
    await until('the download', async () => (await state(api, id)) === 'seeding' || undefined, PATIENCE);
    const path = join(ground.folder, 'downloads', publication.content.name);
    expect((await readFile(path)).equals(await readFile(publication.content.path))).toBe(true);

    const text = await until('the hook', () => readFile(out, 'utf8').catch(() => undefined), PATIENCE);
    const [env, args] = JSON.parse(text) as [Record<string, string>, string[]];
    expect(args).toEqual(['$(touch owned); `x`']);
    expect(env).toMatchObject({ SWARMPRESS_INFO_HASH: id, SWARMPRESS_PATH: path });

    expect((await api('DELETE', `torrents/${id}?content=true`)).status).toBe(200);
    expect((await api('GET', 'torrents')).body).toEqual([]);
    await expect(access(path)).rejects.toThrow();
  });

  it('keeps the list, the limits and a pause over a restart', async () => {
    const { magnet } = await seeded();
    const first = await start();
    const api = client(first);
    const { id } = (await api('POST', 'torrents', { source: magnet, paused: true })).body as TorrentView;
    expect((await api('PATCH', `torrents/${id}`, { downloadLimit: 12_345 })).status).toBe(200);
    expect((await api('PATCH', 'session', { uploadLimit: 99_000, maxDownloads: 2 })).status).toBe(200);
    await stop(first);
    const again = client(await start());
    await until('the pause', async () => (await state(again, id)) === 'paused' || undefined, PATIENCE);
    const [torrent] = (await again('GET', 'torrents')).body as TorrentView[];
    expect(torrent).toMatchObject({ id, settings: { paused: true, downloadLimit: 12_345 } });
    const session = await again('GET', 'session');
    expect(session.body).toMatchObject({ uploadLimit: 99_000, maxDownloads: 2, downloadLimit: null });
    await again('PATCH', `torrents/${id}`, { paused: false, downloadLimit: null });
    await until('the download', async () => (await state(again, id)) === 'seeding' || undefined, PATIENCE);
  });

  it('runs so many downloads at once, in the order of the queue, and lets the order be changed', async () => {
    const api = client(await start({ maxDownloads: 1 }));
    const magnets = ['a', 'b', 'c'].map((digit) => `magnet:?xt=urn:btih:${digit.repeat(40)}`);
    for (const source of magnets) await api('POST', 'torrents', { source });
    const states = async (): Promise<string[]> =>
      ((await api('GET', 'torrents')).body as TorrentView[]).map(
        ({ id, state: is }) => `${id[0] ?? ''} ${is}`,
      );
    await until(
      'the first one to run',
      async () => (await states())[0] === 'a metadata' || undefined,
      PATIENCE,
    );
    expect(await states()).toEqual(['a metadata', 'b queued', 'c queued']);
    await api('PATCH', `torrents/${'c'.repeat(40)}`, { place: 0 });
    await until(
      'the other one to run',
      async () => (await states())[0] === 'c metadata' || undefined,
      PATIENCE,
    );
    expect(await states()).toEqual(['c metadata', 'a queued', 'b queued']);
  });

  it('takes what is put into the watched folder, once, and renames what it cannot use', async () => {
    const { publication } = await seeded();
    const watch = join(ground.folder, 'inbox');
    await mkdir(watch);
    const api = client(await start({ watch }));
    await writeFile(join(watch, 'good.torrent'), publication.torrent.bytes);
    await writeFile(join(watch, 'bad.torrent'), 'no bencode');
    await writeFile(join(watch, 'link.magnet'), `magnet:?xt=urn:btih:${'d'.repeat(40)}\n`);
    const done = ['bad.torrent.invalid', 'good.torrent.added', 'link.magnet.added'];
    const isThrough = async () => (await readdir(watch)).sort().join() === done.join() || undefined;
    await until('all files to be taken', isThrough, PATIENCE);
    expect((await api('GET', 'torrents')).body as TorrentView[]).toHaveLength(2);
  });

  it('pauses a seed that has reached its goal', async () => {
    const { magnet } = await seeded();
    const api = client(await start({ defaults: { seedSeconds: 0 } }));
    const { id } = (await api('POST', 'torrents', { source: magnet })).body as TorrentView;
    await until('the end of seeding', async () => (await state(api, id)) === 'paused' || undefined, PATIENCE);
    expect(((await api('GET', `torrents/${id}`)).body as TorrentView).completedAt).not.toBeNull();
  });

  it('opens a file to a player by its ticket alone', async () => {
    const { publication, magnet } = await seeded();
    const daemon = await start();
    const api = client(daemon);
    const { id } = (await api('POST', 'torrents', { source: magnet })).body as TorrentView;
    const base = `http://127.0.0.1:${String(daemon.port)}`;
    const [file] = await until(
      'the list of files',
      async () => {
        const files = (await api('GET', `torrents/${id}/files`)).body as { stream: string }[];
        return files.length > 0 ? files : undefined;
      },
      PATIENCE,
    );
    const url = base + (file?.stream ?? '');
    const bytes = await (await fetch(url)).arrayBuffer();
    expect(Buffer.from(bytes).equals(await readFile(publication.content.path))).toBe(true);
    expect((await fetch(url.replace(/\/0\/[^/]+\//, '/0/AAAA/'))).status).toBe(403);
  });

  it('refuses rebinding, other sites, missing and wrong tokens, and slows down guessing', async () => {
    const daemon = await start();
    const base = `http://127.0.0.1:${String(daemon.port)}`;
    const authorization = `Bearer ${daemon.token}`;
    const get = async (headers: Record<string, string>, path = '/api/v1/torrents'): Promise<number> =>
      new Promise((resolve, reject) => {
        request(base + path, { headers }, (response) => {
          response.resume();
          resolve(response.statusCode ?? 0);
        })
          .on('error', reject)
          .end();
      });
    expect(await get({ authorization })).toBe(200);
    expect(await get({ authorization, host: 'evil.example' })).toBe(421);
    expect(await get({ host: 'evil.example' }, '/')).toBe(421);
    expect(await get({ authorization, origin: 'http://evil.example' })).toBe(403);
    expect(await get({ authorization, origin: 'null' })).toBe(403);
    expect(await get({ authorization, 'sec-fetch-site': 'cross-site' })).toBe(403);
    expect(await get({})).toBe(401);
    const login = await fetch(`${base}/api/v1/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: base },
      body: JSON.stringify({ token: daemon.token }),
    });
    const cookie = login.headers.get('set-cookie') ?? '';
    expect(cookie).toMatch(/HttpOnly/i);
    expect(cookie).toMatch(/SameSite=Strict/i);
    expect(cookie).not.toContain(daemon.token);
    expect(await get({ cookie: cookie.split(';')[0] ?? '' })).toBe(200);
    const guesses = await Promise.all(
      Array.from({ length: 30 }, () => get({ authorization: 'Bearer guess' })),
    );
    expect(new Set(guesses)).toEqual(new Set([401, 429]));
    expect(await get({ authorization })).toBe(429);
  });

  it('says what is wrong with a request', async () => {
    const api = client(await start());
    const bad = [
      [{ source: 'file:///etc/passwd' }, 'BODY_INVALID'],
      [{ source: `magnet:?xt=urn:btih:${'a'.repeat(40)}`, folder: '../elsewhere' }, 'FOLDER_FORBIDDEN'],
      [{ source: `magnet:?xt=urn:btih:${'a'.repeat(40)}`, puased: true }, 'BODY_INVALID'],
      [{ source: 'magnet:?dn=nothing' }, 'MAGNET_NO_HASH'],
    ] as const;
    for (const [body, code] of bad) {
      expect(await api('POST', 'torrents', body)).toMatchObject({ status: 400, body: { code } });
    }
    expect(await api('GET', `torrents/${'0'.repeat(40)}`)).toMatchObject({ status: 404 });
    expect((await api('GET', 'openapi.json')).body).toMatchObject({ openapi: '3.1.0' });
  });
});

type Call = (method: string, path: string, body?: object) => Promise<{ status: number; body: unknown }>;

function client({ port, token }: Daemon): Call {
  return async (method, path, body) => {
    const response = await fetch(`http://127.0.0.1:${String(port)}/api/v1/${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: await response.json() };
  };
}

async function state(api: Call, id: string): Promise<string> {
  return ((await api('GET', `torrents/${id}`)).body as TorrentView).state;
}
