// A publisher with its operator's view on a test's stage, and people who take copies: stock clients, browsers, curl.
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import * as v from 'valibot';
import { startPublisher, type Publisher, type PublisherOptions } from '../../src/publish/publisher.ts';
import { openPage } from './browser.ts';
import { LIBTORRENT } from './clients/libtorrent.ts';
import type { Content } from './content.ts';
import { makeDoneFile, waitForDone } from './clients/done-file.ts';
import { run } from './processes.ts';
import type { Stage } from './stage.ts';

export async function publishWithView(
  stage: Stage,
  content: Content,
  options: Partial<PublisherOptions> = {},
): Promise<Publisher> {
  const publisher = await startPublisher(
    {
      ...{ path: content.path, port: 0, peerPort: 0, host: '127.0.0.1', createdBy: 'test' },
      baseUrl: (port) => new URL(`http://127.0.0.1:${String(port)}/`),
      stateFolder: join(stage.folder, 'state'),
      operator: { price: { perGb: 0.09, currency: 'USD' } },
      ...options,
    },
    { signal: new AbortController().signal, onProgress: () => undefined },
  );
  stage.onClose(() => publisher.close());
  return publisher;
}

const Overview = v.looseObject({
  deliveredBytes: v.number(),
  paidBytes: v.number(),
  toPeersBytes: v.number(),
  directBytes: v.number(),
  savedBytes: v.number(),
  savedMoney: v.nullable(v.number()),
  finished: v.number(),
  connected: v.number(),
  since: v.number(),
  items: v.array(v.looseObject({ key: v.string() })),
});

type View = Pick<Publisher, 'operator'>;

/** Asks the API of the view; rejects where the answer is none of 200. */
export async function askView({ operator }: View, path: string): Promise<unknown> {
  const response = await fetch(`${operator?.page ?? ''}api/v1/${path}`, {
    headers: { authorization: `Bearer ${operator?.token ?? ''}` },
  });
  if (response.status !== 200) throw new Error(`${String(response.status)}: ${await response.text()}`);
  return response.json();
}

export async function overviewOf(view: View): Promise<v.InferOutput<typeof Overview>> {
  return v.parse(Overview, await askView(view, 'overview'));
}

/** Downloads with libtorrent, which stays and gives; the process ends with the stage. */
export async function takeWithLibtorrent(stage: Stage, torrent: string, port: number): Promise<void> {
  const folder = await stage.makeFolder('libtorrent');
  const client = stage.start([...LIBTORRENT, 'leech', torrent, folder, String(port)]);
  await client.waitForLine((line) => (line.includes('"done"') ? true : undefined));
}

/** Downloads with aria2, which stays and gives. */
export async function takeWithAria2(
  stage: Stage,
  torrent: string,
  { port, limit = '0' }: { readonly port: number; readonly limit?: string },
): Promise<void> {
  const folder = await stage.makeFolder('aria2');
  const done = await makeDoneFile(folder);
  const client = stage.start([
    ...['aria2c', '--no-conf', '--console-log-level=notice', '--summary-interval=0'],
    ...['--enable-dht=false', '--bt-enable-lpd=false', '--seed-ratio=0.0', '--file-allocation=none'],
    `--max-download-limit=${limit}`,
    ...[`--listen-port=${String(port)}`, `--dir=${folder}`],
    ...[`--on-bt-download-complete=${done.script}`, torrent],
  ]);
  await waitForDone(done, client);
}

/** Downloads in the publication's page, which stays open and gives. */
export async function takeInBrowser(stage: Stage, url: string): Promise<Page> {
  const page = await openPage(stage, url);
  await page.getByRole('button', { name: /^Download/ }).click();
  await page.locator('[data-state=done]').waitFor({ timeout: 120_000 });
  return page;
}

/** Downloads over HTTP as a person without a client does, from an address that no peer has. */
export async function takeWithCurl(stage: Stage, url: string): Promise<void> {
  const folder = await stage.makeFolder('curl');
  await run(['curl', '--fail', '--silent', '--interface', '127.0.0.9', '-o', join(folder, 'file'), url]);
}
