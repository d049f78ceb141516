// Sessions of ours on the loopback, with content made for the test. Everything is closed and removed afterwards.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PeerAddress } from '../../src/core/address.ts';
import type { MetainfoVersion } from '../../src/core/metainfo/metainfo.ts';
import { createTorrent, type CreatedTorrent } from '../../src/node/create-torrent.ts';
import { Session, type NodeSessionOptions } from '../../src/node/session.ts';
import { makeContent, type Content, type ContentKind } from '../support/content.ts';

const HOST = '127.0.0.1';

export class Ground {
  readonly folder: string;
  readonly #sessions: Session[] = [];

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async create(): Promise<Ground> {
    return new Ground(await mkdtemp(join(tmpdir(), 'session-')));
  }

  async dispose(): Promise<void> {
    await Promise.all(this.#sessions.map((session) => session.close()));
    await rm(this.folder, { recursive: true, force: true });
  }

  /** A session with a state folder of its own, or of this name. */
  async session(options: NodeSessionOptions & { readonly state?: string } = {}): Promise<Session> {
    const stateFolder = join(this.folder, options.state ?? `state-${String(this.#sessions.length)}`);
    const session = await Session.create({ host: HOST, workers: 1, stateFolder, ...options });
    this.#sessions.push(session);
    return session;
  }

  /** Content and its torrent, without trackers. */
  async publication(
    kind: ContentKind,
    options: {
      readonly version?: MetainfoVersion;
      readonly bytes?: number;
      readonly pieceLength?: number;
    } = {},
  ): Promise<Publication> {
    const content = await makeContent(join(this.folder, 'content'), kind, options.bytes);
    const { version = 'v1', pieceLength = 65536 } = options;
    return { content, torrent: await createTorrent([content.path], { version, pieceLength }) };
  }
}

export interface Publication {
  readonly content: Content;
  readonly torrent: CreatedTorrent;
}

export function addressOf(session: Session): PeerAddress {
  return { ip: HOST, port: session.port };
}

/** Adds content that is there already, and waits until it is served. */
export async function seed(session: Session, { content, torrent }: Publication): Promise<void> {
  const added = await session.add(torrent.bytes, { folder: content.folder });
  await added.done();
}
