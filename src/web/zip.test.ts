import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { zip } from './zip.ts';

const UNPACK =
  'import sys,zipfile;z=zipfile.ZipFile(sys.argv[1]);print(z.testzip());print([(i.filename,z.read(i).decode()) for i in z.infolist()])';

describe('zip', () => {
  it('is read by others, names and contents', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'swarmpress-zip-'));
    const archive = await zip([
      { path: ['Größe', 'a.txt'], content: new Blob(['alpha']) },
      { path: ['b.txt'], content: new Blob([]) },
    ]);
    const path = join(folder, 'all.zip');
    writeFileSync(path, new Uint8Array(await archive.arrayBuffer()));
    const said = execFileSync('python3', ['-c', UNPACK, path], { encoding: 'utf8' });
    rmSync(folder, { recursive: true });
    expect(said).toBe("None\n[('Größe/a.txt', 'alpha'), ('b.txt', '')]\n");
  });
});
