// The files that the page is made of besides its HTML, read once. Only names of this table are ever served.
import { readFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { builtFile } from '../node/package-files.ts';

export interface Asset {
  readonly body: Uint8Array<ArrayBuffer>;
  readonly type: string;
  readonly etag: string;
}

const SCRIPTS = ['main.js', 'embed.js', 'shared.js', 'content-worker.js', 'stream-worker.js'];

/** Path below `assets/` → type and place in dist/. Scripts are those that bundle-page.mjs makes. */
const ASSETS: Readonly<Record<string, { readonly type: string; readonly from: string }>> = {
  'page/styles.css': { type: 'text/css; charset=utf-8', from: 'site/styles.css' },
  'page/icon.svg': { type: 'image/svg+xml', from: 'site/icon.svg' },
  'catalogue/catalogue.css': { type: 'text/css; charset=utf-8', from: 'catalogue/catalogue.css' },
  ...Object.fromEntries(
    SCRIPTS.map((name) => [`page/${name}`, { type: 'text/javascript; charset=utf-8', from: `site/${name}` }]),
  ),
};

/** Path below `assets/` → asset. */
export async function loadAssets(): Promise<ReadonlyMap<string, Asset>> {
  const entries = Object.entries(ASSETS).map(async ([path, { type, from }]): Promise<[string, Asset]> => {
    const body = new Uint8Array(await readFile(builtFile(from)));
    const digest = createHash('sha256').update(body).digest('hex').slice(0, 16);
    return [path, { body, type, etag: `"${digest}"` }];
  });
  return new Map(await Promise.all(entries));
}
