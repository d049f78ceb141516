// How much memory the page takes for a download: from the server and from a peer at once, kept in the browser's own
// storage and streamed, as it comes, to the visitor's downloads.
import { createHash } from 'node:crypto';
import { createReadStream, mkdtempSync, rmSync, statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { BarePage } from './bare-browser.ts';
import { makeContent } from './content.ts';
import { publishPage } from './publish-page.ts';
import { until } from './processes.ts';
import type { Stage } from './stage.ts';

const ROOT = `document.querySelector('swarmpress-download')?.shadowRoot`;
const PRESS = `((button) => button && (button.click(), true))(${ROOT}?.querySelector('button.start:enabled'))`;
const STATE = `${ROOT}?.querySelector('.card')?.dataset.state`;

export interface PageMemory {
  /** Bytes that the page took, four times a second. */
  readonly samples: readonly number[];
  readonly seconds: number;
  /** SHA-256 in hex of what the browser saved, and of what was published. */
  readonly saved: string;
  readonly published: string;
}

/** Has a browser download a file of `bytes` from a publication page. */
export async function measurePageMemory(stage: Stage, bytes: number, timeoutMs: number): Promise<PageMemory> {
  const content = await makeContent(makeFolder(stage), 'single', bytes);
  const publisher = await publishPage(stage, content.path);
  const [profile, downloads] = [makeFolder(stage), makeFolder(stage)];
  const page = await BarePage.open(stage, { profile, downloads });
  await page.goto(publisher.links.page);
  await until('the button', async () => ((await page.evaluate(PRESS)) === true ? true : undefined));
  const startedAt = performance.now();
  const samples: number[] = [];
  const ask = async (): Promise<number | undefined> => {
    samples.push(page.pageMemory());
    return (await page.evaluate(STATE)) === 'done' ? performance.now() : undefined;
  };
  const doneAt = await until('the download', ask, { timeoutMs, everyMs: 250 });
  const path = await until('the saved file', () => savedFile(downloads, bytes), { timeoutMs });
  samples.push(page.pageMemory());
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return {
    samples,
    seconds: (doneAt - startedAt) / 1000,
    saved: hash.digest('hex'),
    published: content.manifest.get('') ?? '',
  };
}

/** On a disk: this is too much for a folder in memory. */
function makeFolder(stage: Stage): string {
  const folder = mkdtempSync(join(tmpdir(), 'swarmpress-page-'));
  stage.onClose(() => {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });
  return folder;
}

/** Once it has its full length and its own name. */
async function savedFile(folder: string, bytes: number): Promise<string | undefined> {
  const [name] = await readdir(folder);
  if (name === undefined || name.endsWith('.crdownload')) return undefined;
  const path = join(folder, name);
  return statSync(path).size === bytes ? path : undefined;
}
