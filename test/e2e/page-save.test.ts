// Ways of saving: through what the visitor picks (File System Access), as one ZIP, and on a site without https, where a
// page has nothing but memory. Saving through the service worker is in page-download.test.ts.
import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { INSECURE_HOST } from '../support/browser.ts';
import { makeContent } from '../support/content.ts';
import { PageVisit, sha256OfDownload } from '../support/page-visit.ts';
import { publishPage } from '../support/publish-page.ts';
import { onStage } from '../support/stage.ts';

const MIB = 1024 * 1024;
const UNPACK =
  'import sys,zipfile,hashlib;z=zipfile.ZipFile(sys.argv[1]);print("\\n".join(hashlib.sha256(z.read(i)).hexdigest()+" "+i.filename for i in z.infolist()))';

/** No test can use the browser's own pickers: the visitor picks what the page may write anyway. */
async function letPick(visit: PageVisit): Promise<void> {
  await visit.page.addInitScript(() => {
    const picked = async (): Promise<FileSystemDirectoryHandle> =>
      (await navigator.storage.getDirectory()).getDirectoryHandle('picked', { create: true });
    window.showDirectoryPicker = picked;
    window.showSaveFilePicker = async () => (await picked()).getFileHandle('picked', { create: true });
  });
}

/** Path below what was picked → SHA-256 in hex. */
async function pickedSha256s(visit: PageVisit): Promise<Map<string, string>> {
  const found = await visit.page.evaluate(async () => {
    const files: [string, number[]][] = [];
    const walk = async (folder: FileSystemDirectoryHandle, path: string): Promise<void> => {
      for await (const [name, handle] of folder.entries()) {
        if (handle instanceof FileSystemDirectoryHandle) await walk(handle, `${path}${name}/`);
        else if (handle instanceof FileSystemFileHandle) {
          const bytes = await (await handle.getFile()).arrayBuffer();
          files.push([path + name, [...new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))]]);
        }
      }
    };
    await walk(await (await navigator.storage.getDirectory()).getDirectoryHandle('picked'), '');
    return files;
  });
  return new Map(found.map(([path, digest]) => [path, Buffer.from(digest).toString('hex')]));
}

describe('what was downloaded', () => {
  it('is written to the file that the visitor picks, as it comes', async () => {
    await onStage(async (stage) => {
      const content = await makeContent(await stage.makeFolder('content'), 'single', 24 * MIB);
      const publisher = await publishPage(stage, content.path, { uploadLimit: 4 * MIB });
      const visit = await PageVisit.open(stage, 'about:blank');
      await letPick(visit);
      await visit.page.goto(publisher.links.page);
      await visit.slowDown(6 * MIB);
      await visit.start();
      await visit.button('Choose where to save…').click();
      await visit.reaches('done');
      const expected = new Map([['picked', content.manifest.get('')]]);
      await expect.poll(() => pickedSha256s(visit), { timeout: 20_000 }).toEqual(expected);
      expect([...visit.complaints, ...visit.silences]).toEqual([]);
    });
  });

  it('is written below the folder that the visitor picks, or saved as one ZIP', async () => {
    await onStage(async (stage) => {
      const content = await makeContent(await stage.makeFolder('content'), 'folder');
      const publisher = await publishPage(stage, content.path);
      const visit = await PageVisit.open(stage, 'about:blank');
      await letPick(visit);
      await visit.page.goto(publisher.links.page);
      await visit.start();
      await visit.reaches('done');
      await visit.button('Save to a folder…').click();
      const inside = new Map(
        [...content.manifest].map(([path, sha256]) => [`${content.name}/${path}`, sha256]),
      );
      await expect.poll(() => pickedSha256s(visit), { timeout: 20_000 }).toEqual(inside);
      const download = visit.page.waitForEvent('download');
      await visit.button('Save all as one ZIP').click();
      const listed = execFileSync('python3', ['-c', UNPACK, await (await download).path()], {
        encoding: 'utf8',
      });
      const zipped = listed
        .trim()
        .split('\n')
        .map((line): [string, string] => [line.slice(65), line.slice(0, 64)]);
      expect(new Map(zipped)).toEqual(inside);
      expect([...visit.complaints, ...visit.silences]).toEqual([]);
    });
  });

  it('is saved by a site without https too, out of memory', async () => {
    await onStage(async (stage) => {
      const content = await makeContent(await stage.makeFolder('content'), 'single', 8 * MIB);
      const publisher = await publishPage(stage, content.path, {
        baseUrl: (port) => new URL(`http://${INSECURE_HOST}:${String(port)}/`),
      });
      const visit = await PageVisit.open(stage, publisher.links.page);
      expect(await visit.page.evaluate(() => isSecureContext)).toBe(false);
      const download = visit.page.waitForEvent('download');
      await visit.start();
      expect(await sha256OfDownload(await download)).toBe(content.manifest.get(''));
      await visit.reaches('done');
      expect(visit.complaints).toEqual([]);
    });
  });
});
