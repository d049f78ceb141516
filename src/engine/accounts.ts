// Bytes of one torrent: moved over all sessions, moved in this one, and still missing.
import type { SwarmSnapshot } from '../core/swarm/snapshot.ts';
import type { Content } from './content.ts';
import type { ResumeData } from './resume.ts';

export interface Moved {
  readonly downloaded: number;
  readonly uploaded: number;
}

export class Accounts {
  readonly #swarm: () => SwarmSnapshot;
  readonly #content: () => Content | undefined;
  /** Of sessions before, and of engines of this session that were given up for a recheck. */
  #before: Moved = { downloaded: 0, uploaded: 0 };
  #retired: Moved = { downloaded: 0, uploaded: 0 };

  constructor(swarm: () => SwarmSnapshot, content: () => Content | undefined) {
    this.#swarm = swarm;
    this.#content = content;
  }

  restore(resume: ResumeData): void {
    this.#before = { downloaded: resume.downloaded, uploaded: resume.uploaded };
  }

  /** The engine is about to be given up: its counts are kept. */
  retire(): void {
    this.#retired = this.session();
  }

  /** Payload bytes of this session. */
  session(): Moved {
    return sum(this.#retired, this.#swarm());
  }

  /** Payload bytes since the torrent was first added. */
  total(): Moved {
    return sum(this.#before, this.session());
  }

  /** Bytes of the whole torrent that are missing; undefined until its size is known. */
  left(): number | undefined {
    const content = this.#content();
    return content === undefined ? undefined : content.metainfo.length - content.progress.stored;
  }
}

function sum(a: Moved, b: Moved): Moved {
  return { downloaded: a.downloaded + b.downloaded, uploaded: a.uploaded + b.uploaded };
}
