// What is published can be made again: the same tree gives the same package, to the byte.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, readdir, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ROOT = resolve(import.meta.dirname, '..');
const exec = promisify(execFile);
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'release-'));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

/** The tree as another checkout has it: other times, another place. */
async function checkout(name: string, time: Date): Promise<string> {
  const place = join(folder, name);
  await mkdir(place);
  for (const part of ['package.json', 'README.md', 'CHANGELOG.md', 'docs', 'dist', 'LICENSE']) {
    if (existsSync(join(ROOT, part))) await cp(join(ROOT, part), join(place, part), { recursive: true });
  }
  for (const entry of await readdir(place, { recursive: true })) await utimes(join(place, entry), time, time);
  return place;
}

async function pack(place: string): Promise<string> {
  await exec('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', place], { cwd: place });
  const tarball = (await readdir(place)).find((name) => name.endsWith('.tgz')) ?? '';
  return createHash('sha256')
    .update(await readFile(join(place, tarball)))
    .digest('hex');
}

describe('the package', () => {
  it('is the same to the byte, whenever and wherever it is packed', async () => {
    const [one, two] = [await checkout('one', new Date(1e12)), await checkout('elsewhere', new Date(1.7e12))];
    expect(await pack(one)).toBe(await pack(two));
  }, 60_000);

  it('comes with a bill of materials of all that it installs', async () => {
    const { stdout } = await exec('npm', ['run', '--silent', 'sbom'], { cwd: ROOT, maxBuffer: 2 ** 26 });
    const sbom = JSON.parse(stdout) as { bomFormat: string; components: { name: string; version: string }[] };
    expect(sbom.bomFormat).toBe('CycloneDX');
    const manifest = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as {
      dependencies: Record<string, string>;
    };
    const listed = new Map(sbom.components.map(({ name, version }) => [name, version]));
    for (const [name, version] of Object.entries(manifest.dependencies))
      expect(listed.get(name)).toBe(version);
  }, 60_000);
});
