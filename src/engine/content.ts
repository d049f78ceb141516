// One torrent's content on disk: opened, checked against resume data or by hashing, prepared for writing; and how
// much of what is wanted of it is there.
import type { Bitfield } from '../core/bytes/bitfield.ts';
import { UsageError } from '../core/errors.ts';
import { Geometry } from '../core/metainfo/geometry.ts';
import type { Metainfo } from '../core/metainfo/metainfo.ts';
import type { FilePriority, SwarmInput } from '../core/swarm/inputs.ts';
import type { Hasher } from '../ports/hasher.ts';
import type { Preallocation, Storage, StoragePort } from '../ports/storage.ts';
import { planCheck, type CheckBasis } from './check-plan.ts';
import { DiskDriver } from './disk-driver.ts';
import { checkPieces } from './hash-files.ts';
import type { PieceSource } from './piece-cache.ts';
import { Progress } from './progress.ts';
import type { SwarmDriver } from './swarm-driver.ts';

export interface ContentDeps {
  readonly storage: StoragePort;
  readonly hasher: Hasher;
}

export interface CheckOptions extends CheckBasis {
  readonly signal: AbortSignal;
  /** 0..1. */
  readonly onProgress: (part: number) => void;
}

export class Content implements PieceSource {
  readonly metainfo: Metainfo;
  readonly geometry: Geometry;
  readonly storage: Storage;
  readonly progress: Progress;
  readonly #hasher: Hasher;
  #disk: DiskDriver | undefined;
  #priorities: readonly FilePriority[];

  private constructor(
    metainfo: Metainfo,
    priorities: readonly FilePriority[],
    deps: { storage: Storage; hasher: Hasher },
  ) {
    this.metainfo = metainfo;
    this.geometry = new Geometry(metainfo);
    this.progress = new Progress(this.geometry, toWanted(priorities));
    this.storage = deps.storage;
    this.#hasher = deps.hasher;
    this.#priorities = priorities;
  }

  /** `files` as in AddOptions. Rejects with SystemError DISK_*, UsageError FILE_INDEX_INVALID. */
  static async open(
    metainfo: Metainfo,
    place: { readonly folder: string; readonly files: readonly number[] | undefined },
    deps: ContentDeps,
  ): Promise<Content> {
    const priorities = selection(metainfo, place.files);
    const files = metainfo.files.map((file, index) => ({ ...file, wanted: priorities[index] !== 0 }));
    const storage = await deps.storage.open(place.folder, files);
    return new Content(metainfo, priorities, { storage, hasher: deps.hasher });
  }

  /** For the engine. */
  get priorities(): readonly FilePriority[] {
    return this.#priorities;
  }

  /** Which pieces are on disk. Rejects with the signal's reason, or with SystemError where reading fails. */
  async check(options: CheckOptions): Promise<Bitfield> {
    const { trusted: have, toHash } = planCheck(this.geometry, await this.storage.stat(), options);
    let done = 0;
    const deps = {
      hasher: this.#hasher,
      source: this.storage,
      signal: options.signal,
      skips: (piece: number): boolean => !toHash.has(piece),
    };
    if (toHash.count > 0) {
      await checkPieces(this.metainfo, deps, (piece, isRight) => {
        if (isRight) have.add(piece);
        options.onProgress(++done / toHash.count);
      });
    }
    this.progress.count(toWanted(this.#priorities), have);
    return have;
  }

  /** Makes what a download needs, unless all wanted files are there in full length. */
  async prepare(preallocation: Preallocation): Promise<void> {
    const stored = await this.storage.stat();
    const isThere = this.metainfo.files.every(
      (file, index) => this.#priorities[index] === 0 || file.pad || stored[index]?.length === file.length,
    );
    if (!isThere) await this.storage.prepare(preallocation);
  }

  /** Bytes of one file. Rejects with SystemError DISK_*. */
  async read(file: number, offset: number, length: number): Promise<Uint8Array> {
    const target = new Uint8Array(length);
    await this.storage.read([{ file, offset, length, pad: false }], [target]);
    return target;
  }

  /** Changes what is wanted; `prepare` is to follow. Throws UsageError FILE_INDEX_INVALID. */
  select(files: readonly number[] | undefined, have: Bitfield): void {
    this.prioritise(selection(this.metainfo, files), have);
  }

  /** As `select`, by one priority for each file. Throws UsageError FILE_PRIORITY_INVALID. */
  prioritise(priorities: readonly FilePriority[], have: Bitfield): void {
    checkPriorities(this.metainfo, priorities);
    this.#priorities = [...priorities];
    const wanted = toWanted(priorities);
    this.storage.setWanted(wanted);
    this.progress.count(wanted, have);
  }

  /** Lets a swarm's pieces flow to and from the disk. `have` is what `check` has found. */
  attach(swarm: SwarmDriver, have: Bitfield): void {
    const { metainfo, geometry, storage, priorities } = this;
    const push = (input: SwarmInput): void => {
      swarm.push(input);
    };
    this.#disk = new DiskDriver(metainfo, geometry, { hasher: this.#hasher, storage, push });
    swarm.open({ metainfo, have, source: this, disk: this.#disk, priorities });
  }

  /** Resolves when no piece is being hashed or written. */
  async idle(): Promise<void> {
    await this.#disk?.idle();
  }
}

function selection(metainfo: Metainfo, files: readonly number[] | undefined): FilePriority[] {
  if (files === undefined) return metainfo.files.map(() => 1);
  const priorities = metainfo.files.map(() => 0);
  for (const index of files) {
    if (priorities[index] === undefined) {
      throw new UsageError('FILE_INDEX_INVALID', `the torrent has no file ${String(index)}`, {
        expected: priorities.length,
        received: index,
      });
    }
    priorities[index] = 1;
  }
  return priorities;
}

function toWanted(priorities: readonly FilePriority[]): boolean[] {
  return priorities.map((priority) => priority > 0);
}

function checkPriorities({ files }: Metainfo, priorities: readonly FilePriority[]): void {
  const wrong = priorities.find((each) => !Number.isInteger(each) || each < 0 || each > 255);
  if (wrong === undefined && priorities.length === files.length) return;
  const message = `one priority from 0 to 255 is needed for each of the ${String(files.length)} files`;
  throw new UsageError('FILE_PRIORITY_INVALID', message, {
    expected: files.length,
    received: wrong ?? priorities.length,
  });
}
