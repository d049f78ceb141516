// One call that makes everything written to a file system survive a power cut. Node has no syncfs, so the program
// `sync` of the coreutils does it; worth it where thousands of small files would be synced one by one.
import { execFile } from 'node:child_process';

/** Resolves with false where the system has no such program or it fails: then each file must be synced by itself. */
export function syncFileSystem(folder: string): Promise<boolean> {
  if (process.platform !== 'linux') return Promise.resolve(false);
  return new Promise((resolve) => {
    execFile('sync', ['--file-system', folder], (error) => {
      resolve(error === null);
    });
  });
}
