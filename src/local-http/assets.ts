// Scripts, styles and icons of our pages, read once from the build. Only names of a table are ever served.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { gzipSync } from 'node:zlib';
import { builtFile } from '../node/package-files.ts';

export interface Asset {
  readonly body: Uint8Array<ArrayBuffer>;
  /** The body compressed, as nearly every browser takes it. */
  readonly gzip: Uint8Array<ArrayBuffer>;
  readonly type: string;
  readonly etag: string;
}

/** By path below `assets/`. */
export type Assets = ReadonlyMap<string, Asset>;

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.js': 'text/javascript; charset=utf-8',
};

/** `places`: path below `assets/` → path in the build. Rejects where the build is not whole. */
export async function loadAssets(places: Readonly<Record<string, string>>): Promise<Assets> {
  const entries = Object.entries(places).map(async ([path, place]): Promise<[string, Asset]> => {
    const type = TYPES[extname(path)] ?? 'application/octet-stream';
    return [path, createAsset(new Uint8Array(await readFile(builtFile(place))), type)];
  });
  return new Map(await Promise.all(entries));
}

export function createAsset(body: Uint8Array<ArrayBuffer>, type: string): Asset {
  const digest = createHash('sha256').update(body).digest('hex').slice(0, 16);
  return { body, gzip: new Uint8Array(gzipSync(body, { level: 9 })), type, etag: `"${digest}"` };
}

/** The asset that a request names, or that the visitor has it already; undefined where there is none. */
export function respondWithAsset(assets: Assets, path: string, request: Request): Response | undefined {
  const asset = assets.get(path);
  if (asset === undefined) return undefined;
  const takesGzip = /(^|[\s,])gzip\s*(,|$)/i.test(request.headers.get('accept-encoding') ?? '');
  // The same name would stand for two bodies.
  const etag = takesGzip ? asset.etag.replace(/"$/, '-gzip"') : asset.etag;
  const headers = { 'content-type': asset.type, etag, vary: 'accept-encoding', 'cache-control': 'no-cache' };
  if (request.headers.get('if-none-match') === etag) return new Response(null, { status: 304, headers });
  return takesGzip
    ? new Response(asset.gzip, { headers: { ...headers, 'content-encoding': 'gzip' } })
    : new Response(asset.body, { headers });
}
