// What becomes of a catalogue over time: a watched folder whose entries come, change and go, limits of downloads that
// clients use up, a publisher that is killed in the middle of its work, and readers that we did not write.
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Rng } from '../../src/core/swarm/rng.ts';
import { openCatalogue, writeFiles } from '../support/catalogue.ts';
import { swarmpressCommand } from '../support/clients/swarmpress.ts';
import { takeWithAria2 } from '../support/operator.ts';
import { run, until, type RunningProcess } from '../support/processes.ts';
import { onStage, type Stage } from '../support/stage.ts';

const PATIENCE = { timeoutMs: 60_000 };

async function statusOf(url: string): Promise<number> {
  const response = await fetch(url);
  await response.arrayBuffer();
  return response.status;
}

function becomes(url: string, status: number): Promise<true> {
  const ask = async (): Promise<true | undefined> => ((await statusOf(url)) === status ? true : undefined);
  return until(`${String(status)} at ${url}`, ask, PATIENCE);
}

async function fetchTo(stage: Stage, url: string): Promise<string> {
  const path = join(await stage.makeFolder('torrent'), 'fetched.torrent');
  await writeFile(path, new Uint8Array(await (await fetch(url)).arrayBuffer()));
  return path;
}

describe('a watched folder', () => {
  it('publishes what has come to rest, as a new version when it changes, and not any more when it goes', () =>
    onStage(async (stage) => {
      const folder = await stage.makeFolder('watched');
      await writeFiles(folder, { 'first.txt': 'first', 'album/one.txt': 'one' });
      const { catalogue, events } = await openCatalogue(stage, {
        watch: { folder, settleMs: 1000 },
      });
      const at = (path: string): string => `${catalogue.page}items/${path}`;
      await becomes(at('first-txt/'), 200);
      await becomes(at('album/'), 200);

      await writeFiles(folder, { 'late.iso.part': 'half' });
      await sleep(3000);
      expect(await statusOf(at('late-iso-part/'))).toBe(404);
      await rename(join(folder, 'late.iso.part'), join(folder, 'late.iso'));
      await becomes(at('late-iso/'), 200);

      // An entry that goes on changing has to wait; what was published before stays.
      const before = await (await fetch(at('album.torrent'))).arrayBuffer();
      for (let i = 0; i < 4; i++) {
        await writeFiles(folder, { [`album/more-${String(i)}.txt`]: 'more' });
        await sleep(600);
        expect(Buffer.from(await (await fetch(at('album.torrent'))).arrayBuffer())).toEqual(
          Buffer.from(before),
        );
      }
      await until('version 2', () => events.find((event) => event.kind === 'updated'), PATIENCE);
      const entry: unknown = await (await fetch(`${catalogue.page}api/v1/items/album`)).json();
      expect(entry).toMatchObject({ version: 2, files: 5 });

      await rm(join(folder, 'first.txt'));
      await becomes(at('first-txt/'), 410);
      expect(await (await fetch(`${catalogue.page}feed.rss`)).text()).not.toContain('first.txt');
      await writeFiles(folder, { 'first.txt': 'first' });
      await becomes(at('first-txt/'), 200);
      expect(events.filter(({ kind }) => kind === 'failed')).toEqual([]);
    }));
});

describe('a limit of downloads', () => {
  it('ends the item when clients have reported so many', () =>
    onStage(async (stage) => {
      const folder = await stage.makeFolder('shelf');
      await writeFiles(folder, { 'film.mkv': Buffer.alloc(2_000_000, 'film') });
      const { catalogue, command } = await openCatalogue(stage, {
        ...{ paths: [join(folder, 'film.mkv')], version: 'v1', webSeed: false },
      });
      const page = `${catalogue.page}items/film-mkv/`;
      await command('set', 'film-mkv', '--downloads', '2');
      const torrent = await fetchTo(stage, `${catalogue.page}items/film-mkv.torrent`);
      await takeWithAria2(stage, torrent, { port: 28_831 });
      await sleep(7000);
      expect(await statusOf(page)).toBe(200);
      await takeWithAria2(stage, torrent, { port: 28_832 });
      await becomes(page, 410);
      expect(await (await fetch(page)).text()).toContain('limited number of downloads');
      const [listed] = await command('list');
      expect(listed).toMatchObject({ downloads: 2 });
    }));
});

describe('readers of others', () => {
  it('find the same items in both feeds: qBittorrent', () =>
    onStage(async (stage) => {
      const folder = await stage.makeFolder('shelf');
      const names = ['film & <music> "é".mkv', 'plain.txt'];
      await writeFiles(folder, Object.fromEntries(names.map((name) => [name, name.repeat(100)])));
      const { catalogue } = await openCatalogue(stage, { paths: names.map((name) => join(folder, name)) });
      for (const feed of ['feed.rss', 'feed.atom']) {
        const articles = await readFeed(stage, `${catalogue.page}${feed}`);
        expect(articles.map(({ title }) => title).sort()).toEqual(names);
        for (const { torrentURL } of articles) {
          const torrent = await fetchTo(stage, torrentURL);
          const name = await run(['/usr/bin/python3', '-c', PRINT_NAME, torrent]);
          expect(names).toContain(JSON.parse(name));
        }
      }
    }));

  it('know the kin of a new version and where newer ones are: libtorrent', () =>
    onStage(async (stage) => {
      const folder = await stage.makeFolder('shelf');
      await writeFiles(folder, { 'album/big.bin': Buffer.alloc(100_000), 'album/note.txt': 'one' });
      const { catalogue, command, events } = await openCatalogue(stage, { paths: [join(folder, 'album')] });
      const first = await fetchTo(stage, `${catalogue.page}items/album.torrent`);
      await writeFiles(folder, { 'album/note.txt': 'two, and longer' });
      await command('update', 'album');
      await until('version 2', () => events.find((event) => event.kind === 'updated'), PATIENCE);
      const second = await fetchTo(stage, `${catalogue.page}items/album.torrent`);
      const [old, now] = await Promise.all(
        [first, second].map(
          async (path): Promise<Kin> =>
            JSON.parse(await run(['/usr/bin/python3', '-c', PRINT_KIN, path])) as Kin,
        ),
      );
      expect(now?.similar).toEqual([old?.v1]);
      expect(now?.collections).toEqual(['127.0.0.1/album']);
      expect(old?.collections).toEqual(now?.collections);
      const [update] = now?.updates ?? [];
      expect(update).toBe(`${catalogue.page}items/album/update`);
      const newest = await fetch(`${update ?? ''}?info_hash=${old?.v1 ?? ''}`);
      expect(newest.headers.get('content-type')).toBe('application/x-bittorrent');
      expect(await statusOf(`${update ?? ''}?info_hash=${now?.v1 ?? ''}`)).toBe(204);
    }));
});

interface Kin {
  readonly v1: string;
  readonly similar: readonly string[];
  readonly collections: readonly string[];
  readonly updates: readonly string[];
}

const PRINT_NAME = `import json, sys, libtorrent as lt
print(json.dumps(lt.torrent_info(sys.argv[1]).name()))`;

/** libtorrent's own reading; it knows no BEP 39, so the update-url is looked for in what its bdecode gives. */
const PRINT_KIN = `import json, sys, libtorrent as lt
ti = lt.torrent_info(sys.argv[1])
text = lambda value: value.decode() if isinstance(value, bytes) else str(value)
def updates(value):
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == b'update-url': yield text(inner)
            else: yield from updates(inner)
tree = lt.bdecode(open(sys.argv[1], 'rb').read())
print(json.dumps({'v1': str(ti.info_hashes().v1), 'similar': [str(h) for h in ti.similar_torrents()],
  'collections': [text(c) for c in ti.collections()], 'updates': sorted(set(updates(tree)))}))`;

interface Article {
  readonly title: string;
  readonly torrentURL: string;
}

/** What qBittorrent makes of a feed. */
async function readFeed(stage: Stage, feed: string): Promise<readonly Article[]> {
  const profile = await stage.makeFolder('qbittorrent');
  const port = feed.endsWith('atom') ? 28_842 : 28_841;
  const config = join(profile, 'qBittorrent', 'config');
  await mkdir(config, { recursive: true });
  const settings = [
    ...['[LegalNotice]', 'Accepted=true', '[RSS]', 'Session\\EnableProcessing=true'],
    ...[
      '[Preferences]',
      'WebUI\\LocalHostAuth=false',
      'WebUI\\Address=127.0.0.1',
      `WebUI\\Port=${String(port)}`,
    ],
    ...[
      '[BitTorrent]',
      'Session\\DHTEnabled=false',
      'Session\\LSDEnabled=false',
      `Session\\Port=${String(port + 10)}`,
      '',
    ],
  ];
  await writeFile(join(config, 'qBittorrent.conf'), settings.join('\n'));
  const client = stage.start(['qbittorrent-nox', `--profile=${profile}`], { env: { HOME: profile } });
  const api = `http://127.0.0.1:${String(port)}/api/v2`;
  const answers = async (): Promise<true | undefined> =>
    fetch(`${api}/app/version`).then(
      (response) => (response.ok ? true : undefined),
      () => undefined,
    );
  await until('qBittorrent', answers, PATIENCE);
  await fetch(`${api}/rss/addFeed`, {
    method: 'POST',
    body: new URLSearchParams({ url: feed, path: 'feed' }),
  });
  const articles = await until(
    'articles',
    async () => {
      const items = (await (await fetch(`${api}/rss/items?withData=true`)).json()) as {
        feed?: { articles?: readonly Article[] };
      };
      const found = items.feed?.articles ?? [];
      return found.length > 0 ? found : undefined;
    },
    PATIENCE,
  );
  await client.stop();
  return articles;
}

interface Said {
  readonly slug: string;
  readonly infoHash: string;
  readonly version: number;
}

describe('a catalogue that is killed', () => {
  it('comes up again with all that it has said, whenever it dies', () =>
    onStage(async (stage) => {
      const rng = new Rng(7);
      const folder = await stage.makeFolder('watched');
      const state = await stage.makeFolder('state');
      const said = new Map<string, Said>();
      for (let round = 0; round < 8; round++) {
        for (let i = 0; i < 4; i++) {
          const name = `item-${String(round)}-${String(i)}.bin`;
          await writeFile(join(folder, name), Buffer.alloc(200_000 + round, name));
        }
        const publisher = startPublisher(stage, folder, state);
        const ready = publisher.waitForLine((line) => pageIn(line));
        const page = await ready;
        // Everything that was said before is there again, with the same info hash.
        for (const { slug, infoHash, version } of said.values()) {
          await becomes(`${page}api/v1/items/${slug}`, 200);
          const entry = (await (await fetch(`${page}api/v1/items/${slug}`)).json()) as Said;
          expect(entry).toMatchObject({ slug, infoHash, version });
        }
        await sleep(rng.below(2500));
        const list = (await (await fetch(`${page}api/v1/items?size=500`)).json()) as {
          items: readonly Said[];
        };
        for (const item of list.items) said.set(item.slug, item);
        publisher.signal('SIGKILL');
        await publisher.exited;
      }
      expect(said.size).toBeGreaterThan(8);
      const publisher = startPublisher(stage, folder, state);
      const page = await publisher.waitForLine((line) => pageIn(line));
      const all = async (): Promise<true | undefined> => {
        const list = (await (await fetch(`${page}api/v1/items`)).json()) as { total: number };
        return list.total === 32 ? true : undefined;
      };
      await until('all items', all, PATIENCE);
    }));
});

function startPublisher(stage: Stage, folder: string, state: string): RunningProcess {
  return stage.start(
    swarmpressCommand(
      ...['publish', '--watch', folder, '--settle', '0', '--state', state, '--json', '--no-dht', '--no-lsd'],
      ...['--no-portmap', '--port', '0', '--peer-port', '0', '--host', '127.0.0.1'],
    ),
  );
}

function pageIn(line: string): string | undefined {
  return line.includes('"event":"catalogue"') ? /"page":"([^"]+)"/.exec(line)?.[1] : undefined;
}
