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
  saveAll: () => current().saveAll(),
  remove: () => current().remove(),
};
