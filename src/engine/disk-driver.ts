// Carries out `verify-piece` and `write-piece` and gives the engine its answer. Where storage and hasher can, the thread
// that finds a piece right writes it at once, so that the order to write finds it done; else, and when that failed, it
// goes through the Storage. The engine's buffer pool bounds what is under way, so there is no queue here.
import { SystemError } from '../core/errors.ts';
import type { Geometry } from '../core/metainfo/geometry.ts';
import type { Metainfo } from '../core/metainfo/metainfo.ts';
import type { SwarmInput } from '../core/swarm/inputs.ts';
import type { Hasher, HashResult } from '../ports/hasher.ts';
import type { Storage } from '../ports/storage.ts';
import { expectedDigests, isPieceRight, pieceJob } from './hash-files.ts';

export interface DiskDriverDeps {
  readonly hasher: Hasher;
  readonly storage: Storage;
  readonly push: (input: SwarmInput) => void;
}

export class DiskDriver {
  readonly #metainfo: Metainfo;
  readonly #geometry: Geometry;
  readonly #deps: DiskDriverDeps;
  readonly #working = new Set<Promise<void>>();
  /** Pieces that were written before the order came. */
  readonly #stored = new Set<number>();

  constructor(metainfo: Metainfo, geometry: Geometry, deps: DiskDriverDeps) {
    this.#metainfo = metainfo;
    this.#geometry = geometry;
    this.#deps = deps;
  }

  verify(piece: number, data: Uint8Array): void {
    this.#stored.delete(piece);
    this.#work(piece, async () => {
      const result = await this.#hash(piece, data);
      const ok = isPieceRight({ metainfo: this.#metainfo, geometry: this.#geometry }, piece, result);
      if (ok && result.stored === true) this.#stored.add(piece);
      this.#deps.push({ kind: 'piece-verified', piece, ok });
    });
  }

  write(piece: number, data: Uint8Array): void {
    if (this.#stored.delete(piece)) {
      this.#deps.push({ kind: 'piece-written', piece });
      return;
    }
    this.#work(piece, async () => {
      await this.#deps.storage.write(this.#geometry.ranges(piece), data);
      this.#deps.push({ kind: 'piece-written', piece });
    });
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    while (this.#working.size > 0) await Promise.all(this.#working);
  }

  async #hash(piece: number, data: Uint8Array): Promise<HashResult> {
    const { hasher, storage } = this.#deps;
    const at = { geometry: this.#geometry, piece };
    const job = pieceJob(this.#metainfo, at, { kind: 'memory', data });
    const expected = expectedDigests({ metainfo: this.#metainfo, geometry: this.#geometry }, piece);
    const result =
      expected === undefined
        ? undefined
        : await storage.lend?.(this.#geometry.ranges(piece), (targets) =>
            hasher.hash({ ...job, store: { expected, targets } }),
          );
    return result ?? hasher.hash(job);
  }

  #work(piece: number, action: () => Promise<void>): void {
    const work = action()
      .catch((error: unknown) => {
        if (!(error instanceof SystemError)) throw error;
        this.#deps.push({ kind: 'write-failed', piece, error });
      })
      .finally(() => this.#working.delete(work));
    this.#working.add(work);
  }
}
