// Carries out `verify-piece` and `write-piece`: hashes on the Hasher's threads, writes through the Storage, and gives
// the engine its answer. The engine's buffer pool bounds what is under way, so there is no queue here.
import { SystemError } from '../core/errors.ts';
import type { Geometry } from '../core/metainfo/geometry.ts';
import type { Metainfo } from '../core/metainfo/metainfo.ts';
import type { SwarmInput } from '../core/swarm/inputs.ts';
import type { Hasher } from '../ports/hasher.ts';
import type { Storage } from '../ports/storage.ts';
import { isPieceRight, pieceJob } from './hash-files.ts';

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

  constructor(metainfo: Metainfo, geometry: Geometry, deps: DiskDriverDeps) {
    this.#metainfo = metainfo;
    this.#geometry = geometry;
    this.#deps = deps;
  }

  verify(piece: number, data: Uint8Array): void {
    this.#work(piece, async () => {
      const at = { geometry: this.#geometry, piece };
      const job = pieceJob(this.#metainfo, at, { kind: 'memory', data });
      const result = await this.#deps.hasher.hash(job);
      const ok = isPieceRight({ metainfo: this.#metainfo, geometry: this.#geometry }, piece, result);
      this.#deps.push({ kind: 'piece-verified', piece, ok });
    });
  }

  write(piece: number, data: Uint8Array): void {
    this.#work(piece, async () => {
      await this.#deps.storage.write(this.#geometry.ranges(piece), data);
      this.#deps.push({ kind: 'piece-written', piece });
    });
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    while (this.#working.size > 0) await Promise.all(this.#working);
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
