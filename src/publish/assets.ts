// The files that the page is made of besides its HTML, read once. Only names of this table are ever served.
import { readFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';

export interface Asset {
  readonly body: Uint8Array<ArrayBuffer>;
  readonly type: string;
  readonly etag: string;
}

const TYPES: Readonly<Record<string, string>> = {
  'page/styles.css': 'text/css; charset=utf-8',
  'page/icon.svg': 'image/svg+xml',
  'catalogue/catalogue.css': 'text/css; charset=utf-8',
  'page/live.js': 'text/javascript; charset=utf-8',
  'core/format.js': 'text/javascript; charset=utf-8',
};

/** Path below `assets/` → asset. */
export async function loadAssets(): Promise<ReadonlyMap<string, Asset>> {
  const entries = Object.entries(TYPES).map(async ([path, type]): Promise<[string, Asset]> => {
    const body = new Uint8Array(await readFile(assetUrl(path)));
    const digest = createHash('sha256').update(body).digest('hex').slice(0, 16);
    return [path, { body, type, etag: `"${digest}"` }];
  });
  return new Map(await Promise.all(entries));
}

/** Beside us in dist/; run from source, scripts are taken from the last build. */
function assetUrl(path: string): URL {
  const fromSource = import.meta.url.endsWith('.ts') && path.endsWith('.js');
  return new URL(fromSource ? `../../dist/${path}` : `../${path}`, import.meta.url);
}
