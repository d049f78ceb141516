import { createHash } from 'node:crypto';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DigestThread, digestFiles } from './file-digests.ts';
import type { PublishedFile } from './publication.ts';

let folder = '';
const { signal } = new AbortController();
let thread: DigestThread;

beforeAll(async () => {
  thread = new DigestThread();
  folder = await mkdtemp(join(tmpdir(), 'swarmpress-digests-'));
});

afterAll(async () => {
  await thread.close();
  await rm(folder, { recursive: true });
});

async function publish(name: string, bytes: Uint8Array): Promise<PublishedFile> {
  const diskPath = join(folder, name);
  await writeFile(diskPath, bytes);
  const { mtimeMs } = await stat(diskPath);
  return { name, path: [name], index: 0, diskPath, length: bytes.length, modifiedMs: mtimeMs, etag: '"x"' };
}

async function digests(files: readonly PublishedFile[], given = signal): Promise<[string, string][]> {
  const found: [string, string][] = [];
  await digestFiles(files, (file, sha256) => found.push([file.name, sha256]), {
    ...{ signal: given, thread },
  });
  return found;
}

it('computes the SHA-256 of each file, empty ones too', async () => {
  const large = new Uint8Array(2_500_001).fill(7);
  const files = [await publish('large', large), await publish('empty', new Uint8Array(0))];
  expect(await digests(files)).toEqual([
    ['large', createHash('sha256').update(large).digest('hex')],
    ['empty', createHash('sha256').digest('hex')],
  ]);
});

it('leaves out files that changed or went away', async () => {
  const changed = await publish('changed', new Uint8Array(10));
  await writeFile(changed.diskPath, 'something else');
  const gone = await publish('gone', new Uint8Array(10));
  await rm(gone.diskPath);
  const kept = await publish('kept', new Uint8Array(10));
  expect((await digests([changed, gone, kept])).map(([name]) => name)).toEqual(['kept']);
});

it('stops early when it is told to', async () => {
  const stopping = new AbortController();
  const files = [await publish('a', new Uint8Array(10)), await publish('b', new Uint8Array(10))];
  const found: string[] = [];
  await digestFiles(
    files,
    (file) => {
      found.push(file.name);
      stopping.abort();
    },
    { signal: stopping.signal, thread },
  );
  expect(found).toEqual(['a']);
});
