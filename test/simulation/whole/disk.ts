// A machine's disk: what is in its page cache and what has reached the platter, with slow, failing, full and torn
// writes, rot and power cuts. Checks what only a disk can see: each byte written is right, and has one writer.
import { SystemError } from '../../../src/core/errors.ts';
import { invariant } from '../../../src/core/invariant.ts';
import type { FileRange } from '../../../src/core/metainfo/geometry.ts';
import type { Rng } from '../../../src/core/swarm/rng.ts';
import type { Storage, StorageFile, StoredFile } from '../../../src/ports/storage.ts';
import type { EventQueue } from '../event-queue.ts';

const SECTOR = 4096;

interface DiskFile {
  bytes: Uint8Array;
  durable: Uint8Array;
  modifiedMs: number;
}

export interface DiskFaults {
  /** Each operation takes up to so long. */
  slowMs: number;
  /** Share of operations that fail. */
  failing: number;
  /** Bytes that fit on it. */
  capacity: number;
}

/** The run of a program that uses the disk; once it is dead nothing is told to it any more. */
export interface Process {
  readonly alive: boolean;
}

interface Write {
  readonly process: Process;
  readonly path: string;
  readonly offset: number;
  readonly data: Uint8Array;
}

export interface SimDiskDeps {
  readonly queue: EventQueue;
  readonly rng: Rng;
  /** The bytes that a file should have. */
  readonly truth: (path: string) => Uint8Array | undefined;
}

export class SimDisk {
  readonly faults: DiskFaults = { slowMs: 2, failing: 0, capacity: Number.POSITIVE_INFINITY };
  readonly #files = new Map<string, DiskFile>();
  readonly #writes = new Set<Write>();
  readonly #deps: SimDiskDeps;
  /** Storages that are open. */
  open = 0;
  /** Most bytes that were being written at once. */
  mostWriting = 0;

  constructor(deps: SimDiskDeps) {
    this.#deps = deps;
  }

  storage(process: Process, folder: string, files: readonly StorageFile[]): Storage {
    this.open++;
    const pathOf = (file: number): string => `${folder}/${files[file]?.path.join('/') ?? ''}`;
    return {
      stat: () => this.#after(process, () => files.map((file, i) => this.#stat(file, pathOf(i)))),
      prepare: () =>
        this.#after(process, () => {
          for (const [i, file] of files.entries()) if (file.wanted && !file.pad) this.#file(pathOf(i));
        }),
      read: (ranges, targets) =>
        this.#after(process, () => {
          this.#mayFail('DISK_FAILED');
          fillTargets(ranges, targets, (range) => this.#read(pathOf(range.file), range));
        }),
      write: (ranges, data) => this.#write(process, pathOf, { ranges, data }),
      pathOf: () => undefined,
      setWanted: () => undefined,
      flush: () =>
        this.#after(process, () => {
          this.#mayFail('DISK_FAILED');
          for (const i of files.keys()) {
            const file = this.#files.get(pathOf(i));
            if (file !== undefined) file.durable = file.bytes.slice();
          }
        }),
      close: () =>
        this.#after(process, () => {
          this.open--;
        }),
    };
  }

  /** Puts a whole file there. */
  put(path: string, bytes: Uint8Array): void {
    this.#files.set(path, { bytes: bytes.slice(), durable: bytes.slice(), modifiedMs: 1 });
  }

  /** What a reader would see; undefined where the file ends before. */
  look(path: string, offset: number, length: number): Uint8Array | undefined {
    const bytes = this.#files.get(path)?.bytes;
    return bytes === undefined || bytes.length < offset + length
      ? undefined
      : bytes.subarray(offset, offset + length);
  }

  /** A bit changes by itself. */
  rot(path: string, offset: number): void {
    const file = this.#files.get(path);
    if (file === undefined || offset >= file.bytes.length) return;
    file.bytes[offset] = (file.bytes[offset] ?? 0) ^ (1 << this.#deps.rng.below(8));
    file.durable = file.bytes.slice();
  }

  /** The process dies in the middle of its writes: some of each has been done. */
  kill(process: Process): void {
    for (const write of [...this.#writes]) {
      if (write.process !== process) continue;
      this.#writes.delete(write);
      this.#apply(write, this.#deps.rng.below(write.data.length + 1));
    }
    this.open = 0;
  }

  /** What was not flushed may be there or not, sector by sector. */
  cutPower(): void {
    for (const file of this.#files.values()) {
      for (let at = 0; at < file.bytes.length; at += SECTOR) {
        if (this.#deps.rng.below(2) === 0) continue;
        const old = file.durable.subarray(at, at + SECTOR);
        file.bytes.fill(0, at, at + SECTOR);
        file.bytes.set(old, at);
      }
      file.durable = file.bytes.slice();
    }
  }

  #after<T>(process: Process, act: () => T): Promise<T> {
    const { queue, rng } = this.#deps;
    return new Promise((resolve, reject) => {
      queue.after(rng.below(this.faults.slowMs + 1), () => {
        if (!process.alive) return;
        try {
          resolve(act());
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      });
    });
  }

  #stat(file: StorageFile, path: string): StoredFile | undefined {
    const stored = file.pad ? undefined : this.#files.get(path);
    return stored === undefined ? undefined : { length: stored.bytes.length, modifiedMs: stored.modifiedMs };
  }

  #read(path: string, range: FileRange): Uint8Array {
    if (range.pad) return new Uint8Array(range.length);
    const bytes = this.look(path, range.offset, range.length);
    if (bytes === undefined) throw new SystemError('DISK_SHORT_READ', 'the file ends before');
    return bytes;
  }

  async #write(
    process: Process,
    pathOf: (file: number) => string,
    { ranges, data }: { readonly ranges: readonly FileRange[]; readonly data: Uint8Array },
  ): Promise<void> {
    const writes: Write[] = [];
    let at = 0;
    for (const range of ranges) {
      const part = data.subarray(at, at + range.length);
      at += range.length;
      if (range.pad) continue;
      const write = { process, path: pathOf(range.file), offset: range.offset, data: part };
      this.#check(write);
      writes.push(write);
    }
    for (const write of writes) this.#writes.add(write);
    const sum = [...this.#writes].reduce((total, write) => total + write.data.length, 0);
    this.mostWriting = Math.max(this.mostWriting, sum);
    await this.#after(process, () => {
      for (const write of writes) this.#writes.delete(write);
      for (const write of writes) {
        const isFull = this.#used() + write.data.length > this.faults.capacity;
        const fails = isFull || this.#deps.rng.uint32() / 0x1_0000_0000 < this.faults.failing;
        this.#apply(write, fails ? this.#deps.rng.below(write.data.length) : write.data.length);
        if (isFull) throw new SystemError('DISK_FULL', 'no space left');
        if (fails) throw new SystemError('DISK_FAILED', 'input/output error');
      }
    });
  }

  /** Before it begins and when it is done: the engine may not touch what is being written. */
  #check({ path, offset, data }: Write): void {
    const right = this.#deps.truth(path)?.subarray(offset, offset + data.length);
    invariant(right !== undefined && Buffer.compare(right, data) === 0, 'no wrong byte is written');
    for (const other of this.#writes) {
      const apart =
        other.path !== path ||
        other.offset >= offset + data.length ||
        offset >= other.offset + other.data.length;
      invariant(apart, 'a byte has one writer at a time');
    }
  }

  #apply(write: Write, length: number): void {
    this.#check(write);
    const file = this.#file(write.path);
    const end = write.offset + length;
    if (file.bytes.length < end) {
      const grown = new Uint8Array(end);
      grown.set(file.bytes);
      file.bytes = grown;
    }
    file.bytes.set(write.data.subarray(0, length), write.offset);
    file.modifiedMs = this.#deps.queue.now;
  }

  #file(path: string): DiskFile {
    let file = this.#files.get(path);
    if (file === undefined) {
      file = { bytes: new Uint8Array(0), durable: new Uint8Array(0), modifiedMs: this.#deps.queue.now };
      this.#files.set(path, file);
    }
    return file;
  }

  #used(): number {
    return [...this.#files.values()].reduce((sum, file) => sum + file.bytes.length, 0);
  }

  #mayFail(code: string): void {
    if (this.#deps.rng.uint32() / 0x1_0000_0000 < this.faults.failing) throw new SystemError(code, 'failed');
  }
}

function fillTargets(
  ranges: readonly FileRange[],
  targets: readonly Uint8Array[],
  read: (range: FileRange) => Uint8Array,
): void {
  const whole = Buffer.concat(ranges.map(read));
  let at = 0;
  for (const target of targets) {
    target.set(whole.subarray(at, at + target.length));
    at += target.length;
  }
}
