// The pictures of the operator's view and of a catalogue: real publishers, real clients.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { openPage } from './browser.ts';
import { openCatalogue, writeFiles } from './catalogue.ts';
import { makeContent } from './content.ts';
import { publishWithView, takeInBrowser, takeWithAria2, takeWithLibtorrent } from './operator.ts';
import { onStage, type Stage } from './stage.ts';

const MIB = 1024 * 1024;

export interface Camera {
  readonly desktop: BrowserContextOptions;
  readonly phone: BrowserContextOptions;
  readonly shoot: (page: Page, name: string) => Promise<void>;
}

/** Two waves of people: the first has got it and gives, the second is half way when the picture is taken. */
export async function shootOperator(camera: Camera): Promise<void> {
  await onStage(async (stage) => {
    const content = await makeContent(await stage.makeFolder('content'), 'single', 64 * MIB);
    const publisher = await publishWithView(stage, content, {
      ...{ version: 'v1', webSeed: false, uploadLimit: 3 * MIB },
      reach: { encryption: 'prefer' },
    });
    const torrent = join(stage.folder, 'published.torrent');
    const response = await fetch(publisher.links.torrent);
    await writeFile(torrent, new Uint8Array(await response.arrayBuffer()));
    const url = `${publisher.operator?.page ?? ''}#token=${publisher.operator?.token ?? ''}`;
    const light = await openPage(stage, url, camera.desktop);
    const dark = await openPage(stage, url, { ...camera.desktop, colorScheme: 'dark' });
    const phone = await openPage(stage, url, camera.phone);
    await Promise.all([28_901, 28_902, 28_903].map((port) => takeWithAria2(stage, torrent, { port })));
    const second = [
      takeWithLibtorrent(stage, torrent, 28_905),
      ...[28_906, 28_907].map((port) => takeWithAria2(stage, torrent, { port, limit: '1500K' })),
      ...[1, 2].map(() => takeInBrowser(stage, publisher.links.page)),
    ];
    await light.locator('#peer-rows tr').nth(4).waitFor();
    await light.waitForTimeout(7000);
    await camera.shoot(light, 'operator');
    await camera.shoot(dark, 'operator-dark');
    await camera.shoot(phone, 'operator-phone');
    await Promise.allSettled(second);
  });
}

const CATALOGUE: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  'Field recordings 2025': { 'dawn.flac': 900_000, 'rain.flac': 700_000, 'notes.txt': 2000 },
  'Handbook of small boats.pdf': { '': 1_400_000 },
  'open-street-tiles-north.mbtiles': { '': 6_000_000 },
  'Reel 7 – the harbour': { 'reel-7.mkv': 8_000_000, 'reel-7.srt': 40_000 },
  'survey-2026.parquet': { '': 3_200_000 },
};

async function makeCatalogue(stage: Stage): Promise<readonly string[]> {
  const folder = await stage.makeFolder('shelf');
  for (const [name, files] of Object.entries(CATALOGUE)) {
    const contents = Object.entries(files).map(([path, length]): [string, Buffer] => [
      join(name, path),
      Buffer.alloc(length, name),
    ]);
    await writeFiles(folder, Object.fromEntries(contents));
  }
  return Object.keys(CATALOGUE).map((name) => join(folder, name));
}

export async function shootCatalogue(camera: Camera): Promise<void> {
  await onStage(async (stage) => {
    const { catalogue, command } = await openCatalogue(stage, {
      paths: await makeCatalogue(stage),
      title: 'Harbour archive',
      comment: 'Recordings, charts and data of the harbour, free to copy.',
    });
    await command('set', 'handbook-of-small-boats-pdf', '--comment', 'Third edition, with corrections.');
    await new Promise((resolve) => setTimeout(resolve, 2000));
    const { page: url } = catalogue;
    const list = await openPage(stage, url, camera.desktop);
    await camera.shoot(list, 'catalogue');
    await list.goto(`${url}items/reel-7-the-harbour/`);
    await camera.shoot(list, 'catalogue-item');
    const dark = await openPage(stage, url, { ...camera.desktop, colorScheme: 'dark' });
    await camera.shoot(dark, 'catalogue-dark');
    const phone = await openPage(stage, url, camera.phone);
    await camera.shoot(phone, 'catalogue-phone');
    await command(
      'remove',
      'survey-2026-parquet',
      '--word',
      'Withdrawn: a corrected survey follows in June.',
    );
    await new Promise((resolve) => setTimeout(resolve, 2000));
    await list.goto(`${url}items/survey-2026-parquet/`);
    await camera.shoot(list, 'catalogue-gone');
  });
}
