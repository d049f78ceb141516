// One thread that computes SHA-256 of whole files, so that a publisher's event loop stays with its peers.
import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';

const buffer = new Uint8Array(1024 * 1024);

parentPort?.on('message', (path: string) => {
  parentPort?.postMessage(digestFile(path));
});

/** Lower-case hex, or undefined where the file cannot be read. */
function digestFile(path: string): string | undefined {
  try {
    const file = openSync(path, 'r');
    try {
      const hash = createHash('sha256');
      let length = readSync(file, buffer);
      while (length > 0) {
        hash.update(buffer.subarray(0, length));
        length = readSync(file, buffer);
      }
      return hash.digest('hex');
    } finally {
      closeSync(file);
    }
  } catch {
    return undefined;
  }
}
