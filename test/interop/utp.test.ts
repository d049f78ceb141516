// Over uTP alone, and under encryption, to and from libtorrent and ourselves: every file arrives as it left.
import { createSocket } from 'node:dgram';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { equalBytes, fromHex } from '../../src/core/bytes/bytes.ts';
import { toInfoHash, type InfoHash } from '../../src/core/ids.ts';
import { torrentHash } from '../../src/core/mse/keys.ts';
import type { Session } from '../../src/engine/api.ts';
import type { Env } from '../../src/engine/env.ts';
import { openMse, type MseOpened } from '../../src/engine/mse-stream.ts';
import { createSession } from '../../src/engine/session.ts';
import { createUtpTransport } from '../../src/engine/utp-transport.ts';
import { createNodeEnv } from '../../src/node/env.ts';
import { createTcpTransport } from '../../src/node/tcp.ts';
import { udpPort } from '../../src/node/udp.ts';
import type { Stream, Transport } from '../../src/ports/transport.ts';
import { createWithLibtorrent, LIBTORRENT_WITH } from '../support/clients/libtorrent.ts';
import { makeContent, manifestOf, type Content } from '../support/content.ts';
import { onStage, type Stage } from '../support/stage.ts';

const HOST = '127.0.0.1';

/** Settings that leave libtorrent one way to connect. */
const ONLY_UTP = {
  enable_outgoing_utp: true,
  enable_incoming_utp: true,
  enable_outgoing_tcp: false,
  enable_incoming_tcp: false,
  in_enc_policy: 2,
  out_enc_policy: 2,
};
const ONLY_RC4 = { in_enc_policy: 0, out_enc_policy: 0, allowed_enc_level: 2 };

interface Scene {
  readonly stage: Stage;
  readonly content: Content;
  readonly torrent: Uint8Array;
  readonly torrentPath: string;
  readonly infoHash: InfoHash;
}

function onScene<T>(play: (scene: Scene) => Promise<T>): Promise<T> {
  return onStage(async (stage) => {
    const content = await makeContent(await stage.makeFolder('content'), 'folder');
    const torrentPath = join(await stage.makeFolder('torrent'), 'content.torrent');
    const { v1 } = await createWithLibtorrent({
      ...{ path: content.path, output: torrentPath, mode: 'v1', pieceLength: 65_536, trackers: [] },
    });
    const torrent = new Uint8Array(await readFile(torrentPath));
    return play({ stage, content, torrent, torrentPath, infoHash: toInfoHash(fromHex(v1 ?? '')) });
  });
}

/** A session with one way to connect, gone with the stage. */
async function openSession(stage: Stage, connect: (env: Env) => Promise<Transport>): Promise<Session> {
  const env = createNodeEnv({ stateFolder: await stage.makeFolder('state'), workers: 1 });
  const transport = await connect(env);
  const session = await createSession(
    { host: HOST },
    { ...env, transports: [transport], datagram: undefined },
  );
  stage.onClose(async () => {
    await session.close();
    await env.close();
  });
  return session;
}

async function utpOnly(stage: Stage, env: Env): Promise<Transport> {
  const socket = await udpPort.bind({ port: 0, host: HOST });
  const transport = createUtpTransport(socket, env);
  stage.onClose(async () => {
    transport.close();
    await socket.close();
  });
  return transport;
}

/** TCP with every stream encrypted, for one torrent. */
function encryptedTcp(env: Env, infoHash: InfoHash): Transport {
  const tcp = createTcpTransport();
  const known = torrentHash(infoHash, (data) => env.digests.sha1(data));
  const take = ({ stream, isEncrypted }: MseOpened): Stream => {
    if (!isEncrypted) throw new Error('not encrypted');
    return stream;
  };
  return {
    kind: 'tcp',
    listen: (options, onStream) =>
      tcp.listen(options, (stream) => {
        const find = (hash: Uint8Array) => (equalBytes(hash, known) ? infoHash : undefined);
        openMse(stream, { role: 'responder', policy: 'require', find }, env)
          .then((opened) => {
            onStream(take(opened));
          })
          .catch(() => {
            stream.close();
          });
      }),
    dial: async (address, options) => {
      const stream = await tcp.dial(address, options);
      return take(
        await openMse(
          stream,
          { role: 'initiator', policy: 'require', infoHash, initial: new Uint8Array(0) },
          env,
        ),
      );
    },
  };
}

async function freePort(): Promise<number> {
  const socket = createSocket('udp4');
  await new Promise<void>((done) => {
    socket.bind(0, HOST, done);
  });
  const { port } = socket.address();
  await new Promise<void>((done) => {
    socket.close(done);
  });
  return port;
}

/** We download from libtorrent. */
async function download(scene: Scene, settings: object, session: Session): Promise<void> {
  const { stage, content, torrent, torrentPath } = scene;
  const port = await freePort();
  const seed = stage.start([
    ...[...LIBTORRENT_WITH, JSON.stringify(settings), 'seed', torrentPath, content.folder, String(port)],
  ]);
  await seed.waitForLine(isLine('seeding'));
  const folder = await stage.makeFolder('arrived');
  const leech = await session.add(torrent, { folder, peers: [{ ip: HOST, port }] });
  await leech.done();
  expect(await manifestOf(join(folder, content.name))).toEqual(content.manifest);
}

/** Libtorrent downloads from us. */
async function upload(scene: Scene, settings: object, session: Session): Promise<void> {
  const { stage, content, torrent, infoHash } = scene;
  const seed = await session.add(torrent, { folder: content.folder });
  await seed.done();
  const folder = await stage.makeFolder('arrived');
  const hash = Array.from(infoHash, (byte) => byte.toString(16).padStart(2, '0')).join('');
  const magnet = `magnet:?xt=urn:btih:${hash}&x.pe=${HOST}:${String(session.port)}`;
  const leech = stage.start([
    ...[...LIBTORRENT_WITH, JSON.stringify(settings), 'leech', magnet, folder, String(await freePort())],
  ]);
  await leech.waitForLine(isLine('done'));
  expect(await manifestOf(join(folder, content.name))).toEqual(content.manifest);
}

/** Between two of ours. */
async function among(scene: Scene, seedSession: Session, leechSession: Session): Promise<void> {
  const { stage, content, torrent } = scene;
  await (await seedSession.add(torrent, { folder: content.folder })).done();
  const folder = await stage.makeFolder('arrived');
  const peers = [{ ip: HOST, port: seedSession.port }];
  await (await leechSession.add(torrent, { folder, peers })).done();
  expect(await manifestOf(join(folder, content.name))).toEqual(content.manifest);
}

function isLine(event: string): (line: string) => true | undefined {
  return (line) => (line.includes(`"event": "${event}"`) ? true : undefined);
}

describe('uTP', () => {
  it('we download from libtorrent', () =>
    onScene(async (scene) => {
      const session = await openSession(scene.stage, (env) => utpOnly(scene.stage, env));
      await download(scene, ONLY_UTP, session);
    }));

  it('libtorrent downloads from us', () =>
    onScene(async (scene) => {
      const session = await openSession(scene.stage, (env) => utpOnly(scene.stage, env));
      await upload(scene, ONLY_UTP, session);
    }));

  it('we download from ourselves', () =>
    onScene(async (scene) => {
      const open = (): Promise<Session> => openSession(scene.stage, (env) => utpOnly(scene.stage, env));
      await among(scene, await open(), await open());
    }));
});

describe('encryption', () => {
  const open = ({ stage, infoHash }: Scene): Promise<Session> =>
    openSession(stage, (env) => Promise.resolve(encryptedTcp(env, infoHash)));

  it('we download from libtorrent', () =>
    onScene(async (scene) => {
      await download(scene, ONLY_RC4, await open(scene));
    }));

  it('libtorrent downloads from us', () =>
    onScene(async (scene) => {
      await upload(scene, ONLY_RC4, await open(scene));
    }));

  it('we download from ourselves', () =>
    onScene(async (scene) => {
      await among(scene, await open(scene), await open(scene));
    }));
});
