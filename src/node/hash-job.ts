// Runs one HashJob on the thread it is called on: reads files in chunks into one reused buffer and hashes them.
// Law: the buffer is filled across file borders before it is hashed, so leaves never straddle two chunks.
import { createHash, hash, type Hash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { BLOCK_LENGTH } from '../core/metainfo/geometry.ts';
import { HASH_LENGTH } from '../core/metainfo/merkle.ts';
import { SystemError } from '../core/errors.ts';
import type { HashJob, HashPart, HashResult } from '../ports/hasher.ts';
import { toFileError } from './file-error.ts';
import { store } from './store-order.ts';

/** Big enough to make calls rare, small enough to stay in the processor's cache. */
const CHUNK_LENGTH = 512 * 1024;
/** A pool of workers stays far below the usual limit of 1,024 open files a process. */
const MAX_OPEN_FILES = 32;

/** Hashes jobs one after the other. Files stay open until `closeFiles`, to be called when a run of jobs is done. */
export class JobRunner {
  readonly #chunk = Buffer.allocUnsafeSlow(CHUNK_LENGTH);
  readonly #files = new Map<string, number>();
  readonly #tree = new LeafTree();

  /** Throws SystemError FILE_*, DISK_*. */
  run(job: HashJob): HashResult {
    const sink = new Sink(job, this.#tree);
    const sha1 =
      job.source.kind === 'memory' ? sink.finish(job.source.data) : this.#readParts(job.source.parts, sink);
    const merkleRoot = job.merkle === undefined ? undefined : this.#tree.root(job.merkle.leaves);
    return { sha1, merkleRoot, stored: store(job, { sha1, merkleRoot }) };
  }

  closeFiles(): void {
    for (const fd of this.#files.values()) closeSync(fd);
    this.#files.clear();
  }

  #readParts(parts: readonly HashPart[], sink: Sink): Uint8Array | undefined {
    let filled = 0;
    for (const part of parts) {
      const fd = part.path === undefined ? undefined : this.#open(part.path);
      for (let done = 0; done < part.length;) {
        if (filled === CHUNK_LENGTH) {
          sink.take(this.#chunk);
          filled = 0;
        }
        const target = this.#chunk.subarray(filled, filled + part.length - done);
        if (fd === undefined) target.fill(0);
        else readFully(fd, target, { position: part.offset + done, path: part.path ?? '' });
        done += target.length;
        filled += target.length;
      }
    }
    return sink.finish(this.#chunk.subarray(0, filled));
  }

  #open(path: string): number {
    const known = this.#files.get(path);
    if (known !== undefined) return known;
    if (this.#files.size >= MAX_OPEN_FILES) this.closeFiles();
    try {
      const fd = openSync(path, 'r');
      this.#files.set(path, fd);
      return fd;
    } catch (error) {
      throw toFileError(error, path);
    }
  }
}

/** Sends chunks to the hashes that were asked for. */
class Sink {
  readonly #wantsSha1: boolean;
  readonly #tree: LeafTree;
  #sha1: Hash | undefined;
  /** Bytes still to go into the tree; what follows them is padding. */
  #treeLeft: number;

  constructor(job: HashJob, tree: LeafTree) {
    this.#wantsSha1 = job.sha1;
    this.#tree = tree;
    this.#treeLeft = job.merkle?.length ?? 0;
    tree.clear();
  }

  /** A chunk that is not the last one. */
  take(chunk: Uint8Array): void {
    if (this.#wantsSha1) {
      this.#sha1 ??= createHash('sha1');
      this.#sha1.update(chunk);
    }
    this.#addLeaves(chunk);
  }

  /** The last chunk; answers the SHA-1 of all. One call without a hash object is the quickest way for a lone chunk. */
  finish(chunk: Uint8Array): Uint8Array | undefined {
    this.#addLeaves(chunk);
    if (!this.#wantsSha1) return undefined;
    if (this.#sha1 === undefined) return new Uint8Array(hash('sha1', chunk, 'buffer'));
    return new Uint8Array(this.#sha1.update(chunk).digest());
  }

  #addLeaves(chunk: Uint8Array): void {
    const length = Math.min(this.#treeLeft, chunk.length);
    this.#treeLeft -= length;
    for (let at = 0; at < length; at += BLOCK_LENGTH) {
      this.#tree.add(chunk.subarray(at, Math.min(at + BLOCK_LENGTH, length)));
    }
  }
}

/**
 * A BEP 52 tree in one buffer, reduced in place. `hash` of node:crypto with binary text is its quickest way: no hash
 * object, no result buffer.
 */
class LeafTree {
  #nodes = Buffer.alloc(64 * HASH_LENGTH);
  #count = 0;

  clear(): void {
    this.#count = 0;
  }

  add(block: Uint8Array): void {
    this.#reserve(this.#count + 1);
    this.#nodes.write(hash('sha256', block, 'binary'), this.#count * HASH_LENGTH, 'latin1');
    this.#count++;
  }

  /** Root over `leaves` leaves, those missing being zeros; the tree is spent then. */
  root(leaves: number): Uint8Array {
    this.#reserve(leaves);
    this.#nodes.fill(0, this.#count * HASH_LENGTH, leaves * HASH_LENGTH);
    for (let width = leaves; width > 1; width /= 2) {
      for (let at = 0; at < width; at += 2) {
        const pair = this.#nodes.subarray(at * HASH_LENGTH, (at + 2) * HASH_LENGTH);
        this.#nodes.write(hash('sha256', pair, 'binary'), (at / 2) * HASH_LENGTH, 'latin1');
      }
    }
    return new Uint8Array(this.#nodes.subarray(0, HASH_LENGTH));
  }

  #reserve(leaves: number): void {
    if (leaves * HASH_LENGTH <= this.#nodes.length) return;
    const grown = Buffer.alloc(Math.max(leaves * HASH_LENGTH, 2 * this.#nodes.length));
    grown.set(this.#nodes);
    this.#nodes = grown;
  }
}

function readFully(
  fd: number,
  target: Uint8Array,
  { position, path }: { readonly position: number; readonly path: string },
): void {
  let done = 0;
  try {
    while (done < target.length) {
      const count = readSync(fd, target, done, target.length - done, position + done);
      if (count === 0) throw new SystemError('DISK_SHORT_READ', `${path} is shorter than expected`);
      done += count;
    }
  } catch (error) {
    throw toFileError(error, path);
  }
}
