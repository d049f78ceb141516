// A page that does what a test tells it: the smallest user of `swarmpress/browser`.
import {
  createDownload,
  type Download,
  type DownloadSnapshot,
  type DownloadSource,
} from 'swarmpress/browser';

/** A snapshot in the form that a test can take out of the page. */
export type Look = Omit<DownloadSnapshot, 'pieces'> & { readonly piecesHad: number };

export interface Harness {
  start(source: DownloadSource): Promise<void>;
  look(): Look;
  select(files: readonly number[]): void;
  /** Path below the torrent's folder and SHA-256 in hex of each wanted file. */
  digests(): Promise<[string, string][]>;
  saveAll(): Promise<void>;
  remove(): Promise<void>;
}

declare global {
  interface Window {
    harness: Harness;
  }
}

let download: Download | undefined;

function current(): Download {
  if (download === undefined) throw new Error('there is no download');
  return download;
}

window.harness = {
  start: async (source) => {
    download = await createDownload(source);
  },
  look: () => {
    const { pieces, ...rest } = current().snapshot();
    return { ...rest, piecesHad: pieces.filter((state) => state === 2).length };
  },
  select: (files) => {
    current().selectFiles(files);
  },
  digests: async () => {
    const wanted = current()
      .snapshot()
      .files.filter((file) => file.wanted);
    return Promise.all(
      wanted.map(async ({ index, path }): Promise<[string, string]> => {
        const bytes = await (await current().file(index)).arrayBuffer();
        const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
        return [
          path.slice(1).join('/'),
          Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join(''),
        ];
      }),
    );
  },
  saveAll: () => current().saveAll(),
  remove: () => current().remove(),
};
