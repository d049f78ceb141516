// Torrents made from the corpus' content must be byte for byte those that other programs made of it.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fromHex, toHex } from '../../src/core/bytes/bytes.ts';
import { Geometry } from '../../src/core/metainfo/geometry.ts';
import type { MetainfoVersion } from '../../src/core/metainfo/metainfo.ts';
import { buildInfo, buildTorrent, type ContentHashes } from '../../src/core/metainfo/build.ts';
import { parseTorrent } from '../../src/core/metainfo/parse.ts';
import { planTorrent, type Plan } from '../../src/core/metainfo/plan.ts';
import { hashContent } from '../../src/engine/hash-content.ts';
import { createTorrent } from '../../src/node/create-torrent.ts';
import { nodeDigests } from '../../src/node/digests.ts';
import { createHashPool } from '../../src/node/hash-pool.ts';
import type { Hasher } from '../../src/ports/hasher.ts';
import { corpusPath, describeCorpus, readCorpusJson } from '../support/corpus.ts';

interface Vector {
  readonly tool: string;
  readonly mode: MetainfoVersion;
  readonly options?: string;
  readonly content: string;
  readonly content_kind: string;
  readonly piece_length: number;
  readonly private: boolean;
  readonly infohash_v1: string | null;
  readonly infohash_v2: string | null;
  readonly info_hex: string;
  readonly files: readonly { readonly path: string; readonly size: number; readonly pad?: boolean }[];
  readonly pieces_hex?: string;
  readonly piece_layers?: Readonly<Record<string, string>>;
}

interface KnownVector {
  readonly content: string | Readonly<Record<string, string>>;
  readonly name?: string;
  readonly origin: string;
  readonly piece_length: number;
  readonly private_key: string;
  readonly source?: string;
  readonly infohash_v1: string;
}

interface Vectors {
  readonly synthetic_files: Readonly<Record<string, { readonly seed: number; readonly size: number }>>;
  readonly known_from_tests: readonly KnownVector[];
  readonly num_pieces_cases: {
    readonly cases: readonly {
      readonly piece_length: number;
      readonly file_lengths: readonly number[];
      readonly num_pieces: number;
    }[];
  };
  readonly made_by_tools: readonly Vector[];
}

let folder = '';
let hasher: Hasher | undefined;

async function put(name: string, data: Uint8Array | string): Promise<void> {
  await mkdir(dirname(join(folder, name)), { recursive: true });
  await writeFile(join(folder, name), data);
}

function placeOf(vector: Vector): string {
  return vector.content_kind === 'webtorrent-fixtures'
    ? corpusPath(`create/content/${vector.content}`)
    : join(folder, vector.content);
}

/** One tool leaves the root out where a folder holds one file. */
function withoutRoot(path: string, root: string): string[] {
  return (path.startsWith(`${root}/`) ? path.slice(root.length + 1) : path).split('/');
}

/** The plan of a vector, v1 files in the tool's own order. */
function planOf(vector: Vector): Plan {
  const files = vector.files.filter((file) => file.pad !== true);
  const isSingleFile = files[0]?.path === vector.content;
  return planTorrent(
    files.map((file) => ({
      path: isSingleFile ? [vector.content] : withoutRoot(file.path, vector.content),
      length: file.size,
    })),
    {
      version: vector.mode,
      name: vector.content,
      isSingleFile,
      pieceLength: vector.piece_length,
      order: vector.mode === 'v1' ? 'given' : 'sorted',
    },
  );
}

async function hashVector(vector: Vector, plan: Plan): Promise<ContentHashes> {
  if (hasher === undefined) throw new Error('no hasher');
  const place = placeOf(vector);
  return hashContent(plan, {
    hasher,
    digests: nodeDigests,
    signal: new AbortController().signal,
    source: {
      pathOf: (file) => (plan.isSingleFile ? place : join(place, ...(plan.files[file]?.path.slice(1) ?? []))),
      read: () => Promise.reject(new Error('all content is on disk')),
    },
  });
}

/** What the tools' options put into the info dictionary; transmission-create always writes `private`. */
function fieldsOf(vector: Vector): { private: boolean | undefined; source: string | undefined } {
  const always = vector.tool.startsWith('transmission') ? false : undefined;
  return {
    private: vector.private ? true : always,
    source: vector.options?.includes('-s SOURCE') === true ? 'SOURCE' : undefined,
  };
}

describeCorpus('created torrents', () => {
  const vectors = readCorpusJson('create/vectors.json') as Vectors;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'swarmpress-create-'));
    hasher = createHashPool({ workers: 2 });
    for (const [name, { seed, size }] of Object.entries(vectors.synthetic_files)) {
      await put(
        name,
        Uint8Array.from({ length: size }, (_, k) => ((k % 251) + seed) & 255),
      );
    }
  });

  afterAll(async () => {
    await hasher?.close();
    await rm(folder, { recursive: true, force: true });
  });

  const labelled = vectors.made_by_tools.map((vector) => ({
    vector,
    label: `${vector.content} as ${vector.mode} by ${vector.tool} ${vector.options ?? String(vector.piece_length)}`,
  }));

  test.each(labelled)('$label', async ({ vector }) => {
    const plan = planOf(vector);
    const hashes = await hashVector(vector, plan);
    const info = buildInfo(plan, hashes, fieldsOf(vector));
    expect(toHex(info)).toBe(vector.info_hex);
    if (vector.pieces_hex !== undefined)
      expect(toHex(hashes.pieceHashes ?? fromHex(''))).toBe(vector.pieces_hex);
    const layers = Object.fromEntries([...hashes.pieceLayers].map(([root, layer]) => [root, toHex(layer)]));
    if (vector.piece_layers !== undefined) expect(layers).toEqual(vector.piece_layers);
    const metainfo = parseTorrent(buildTorrent(plan, hashes, fieldsOf(vector)), nodeDigests);
    expect(metainfo.infoHash === undefined ? null : toHex(metainfo.infoHash)).toBe(vector.infohash_v1);
    expect(metainfo.infoHashV2 === undefined ? null : toHex(metainfo.infoHashV2)).toBe(vector.infohash_v2);
    expect(metainfo.files.map(({ length, offset, pad }) => ({ length, offset, pad }))).toEqual(
      plan.files.map(({ length, offset, pad }) => ({ length, offset, pad })),
    );
  });

  test.each(vectors.known_from_tests.map((vector) => ({ vector, label: vector.origin })))(
    'info hash known from $label',
    async ({ vector }) => {
      if (typeof vector.content !== 'string') {
        for (const [name, text] of Object.entries(vector.content)) await put(`multi/${name}`, text);
      }
      const place =
        typeof vector.content === 'string'
          ? corpusPath(`create/content/${vector.content}`)
          : join(folder, 'multi');
      const { metainfo } = await createTorrent([place], {
        version: 'v1',
        pieceLength: vector.piece_length,
        private: vector.private_key === 'absent' ? undefined : vector.private_key.endsWith('1'),
        source: vector.source,
        hasher,
      });
      expect(toHex(metainfo.infoHash ?? fromHex(''))).toBe(vector.infohash_v1);
    },
  );

  test.each(vectors.num_pieces_cases.cases)(
    '$num_pieces pieces of $piece_length for $file_lengths',
    ({ piece_length: pieceLength, file_lengths: lengths, num_pieces: count }) => {
      const sources = lengths.map((length, i) => ({ path: [`file ${String(i)}`], length }));
      const plan = planTorrent(sources, {
        version: 'v1',
        name: 'name',
        isSingleFile: false,
        pieceLength,
        order: 'given',
      });
      expect(plan.pieceCount).toBe(count);
      expect(new Geometry(plan).streamLength).toBe(lengths.reduce((sum, length) => sum + length, 0));
    },
  );
});
