// Items of the DHT (BEP 44) and samples of info hashes (BEP 51): what libtorrent stores we read and what we store it
// reads, kept once by its node and once by ours.
import { createPrivateKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fromHex, toHex, utf8Encode } from '../../src/core/bytes/bytes.ts';
import { Dht, loadSigningKey } from '../../src/index.ts';
import { swarmpressCommand } from '../support/clients/swarmpress.ts';
import { RunningProcess } from '../support/processes.ts';
import { onStage, type Stage } from '../support/stage.ts';

const LOOPBACK = '127.0.0.1';
const LIBTORRENT = ['/usr/bin/python3', join(import.meta.dirname, 'libtorrent_dht.py')];
/** Of 'Hello World!', by BEP 44. */
const TARGET = 'e5f96f6f38320f0f33959cb4d3d656452117aadb';
const INFO_HASH = 'abcdefabcdefabcdefabcdefabcdefabcdefabcd';

/** Milliseconds until an announce that is under way has arrived. */
const POLL = { timeout: 20_000, interval: 500 };

type Answer = Readonly<Record<string, unknown>>;
type Ask = (...command: readonly string[]) => Promise<Answer>;

/** A node of libtorrent that enters by a node on this machine, or is the first; asks it to do something. */
async function startLibtorrent(
  stage: Stage,
  bootstrap: number | undefined,
): Promise<{ ask: Ask; port: number }> {
  const entry = bootstrap === undefined ? '' : `${LOOPBACK}:${String(bootstrap)}`;
  const node = stage.start([...LIBTORRENT, entry], { input: true });
  const ask: Ask = async (...command) => {
    const answer = node.waitForLine((line) =>
      line.includes('"answer"') ? (JSON.parse(line) as Answer) : undefined,
    );
    node.write(`${command.join(' ')}\n`);
    return answer;
  };
  return { ask, port: Number((await ask('port'))['port']) };
}

/** A node of ours that serves others. */
async function openOurs(stage: Stage, bootstrap: readonly number[]): Promise<Dht> {
  const dht = await Dht.open({
    bootstrap: bootstrap.map((port) => ({ host: LOOPBACK, port })),
    host: LOOPBACK,
    stateFolder: await stage.makeFolder('state'),
  });
  stage.onClose(() => dht.close());
  return dht;
}

/** Our command, entering by a node on this machine; with its exit code. */
function commandAt(stage: Stage, port: number): Ask {
  return async (...command) => {
    const state = await stage.makeFolder('state');
    const reach = ['--host', LOOPBACK, '--dht-bootstrap', `${LOOPBACK}:${String(port)}`, '--state', state];
    const process = new RunningProcess(swarmpressCommand('dht', ...command, '--json', ...reach));
    let answer: Answer = {};
    process.onLine((line) => {
      answer = JSON.parse(line) as Answer;
    });
    const exit = await process.exited;
    return { ...answer, exit };
  };
}

/** The 32 secret bytes of a key file. */
async function seedOf(path: string): Promise<string> {
  const der = createPrivateKey(await readFile(path, 'utf8')).export({ format: 'der', type: 'pkcs8' });
  return toHex(der.subarray(-32));
}

describe.concurrent('items of the DHT', () => {
  it('that we store are kept by libtorrent and read from it', () =>
    onStage(async (stage) => {
      const { port } = await startLibtorrent(stage, undefined);
      const dht = await openOurs(stage, [port]);
      const signer = await loadSigningKey(join(stage.folder, 'key.pem'));
      const salt = utf8Encode('news');

      expect(await dht.putImmutable('Hello World!')).toMatchObject({ target: fromHex(TARGET), stored: 1 });
      expect(await dht.getImmutable(fromHex(TARGET))).toEqual(utf8Encode('Hello World!'));
      expect(await dht.getImmutable(fromHex(INFO_HASH))).toBeUndefined();
      expect(await dht.putMutable(signer, 'first', { salt })).toMatchObject({ stored: 1, sequence: 1 });
      expect(await dht.putMutable(signer, 'second', { salt })).toMatchObject({ stored: 1, sequence: 2 });
      await expect(dht.putMutable(signer, 'old', { salt, sequence: 1 })).rejects.toMatchObject({
        code: 'DHT_ITEM_NEWER',
      });

      const swarmpress = commandAt(stage, port);
      const key = toHex(signer.publicKey);
      expect(await swarmpress('get', key, '--salt', 'news')).toMatchObject({
        ...{ exit: 0, text: 'second', sequence: 2 },
      });
      expect(await swarmpress('put', 'Hello')).toMatchObject({ exit: 0, ok: true });
    }));

  it('that libtorrent stores are kept by our node and read by our command', () =>
    onStage(async (stage) => {
      const ours = await openOurs(stage, []);
      const { ask } = await startLibtorrent(stage, ours.port);
      const swarmpress = commandAt(stage, ours.port);
      const path = join(stage.folder, 'key.pem');
      const publicKey = toHex((await loadSigningKey(path)).publicKey);

      expect(await swarmpress('get', INFO_HASH)).toEqual({ exit: 1, found: false });
      const { target } = await ask('put', 'Hello');
      expect(await swarmpress('get', String(target))).toMatchObject({ exit: 0, text: 'Hello' });
      await ask('put-mutable', await seedOf(path), publicKey, 'salt', 'signed');
      expect(await swarmpress('get', publicKey, '--salt', 'salt')).toMatchObject({ exit: 0, text: 'signed' });

      const again = await swarmpress('put', 'by us', '--key', path, '--salt', 'salt');
      expect(again).toMatchObject({ exit: 0, publicKey, sequence: 2 });
      expect(await ask('get-mutable', publicKey, 'salt')).toMatchObject({ value: 'by us', sequence: 2 });
    }));

  it('that we store are read by libtorrent', () =>
    onStage(async (stage) => {
      const ours = await openOurs(stage, []);
      const { ask, port } = await startLibtorrent(stage, ours.port);
      const writer = await openOurs(stage, [ours.port, port]);
      const signer = await loadSigningKey(join(stage.folder, 'key.pem'));
      const salt = utf8Encode('salt');

      const { target } = await writer.putImmutable('Hello World!');
      expect(await ask('get', toHex(target))).toMatchObject({ value: 'Hello World!' });
      await writer.putMutable(signer, 'first', { salt });
      await writer.putMutable(signer, 'second', { salt });
      expect(await ask('get-mutable', toHex(signer.publicKey), 'salt')).toMatchObject({
        ...{ value: 'second', sequence: 2 },
      });
    }));

  it('and samples of info hashes pass both ways', ({ expect }) =>
    onStage(async (stage) => {
      const ours = await openOurs(stage, []);
      const found = { exit: 0, infoHashes: [INFO_HASH] };
      const first = await startLibtorrent(stage, ours.port);
      await first.ask('announce', INFO_HASH);
      await expect.poll(() => commandAt(stage, ours.port)('sample'), POLL).toMatchObject(found);
      expect(await first.ask('sample', LOOPBACK, String(ours.port), INFO_HASH)).toMatchObject({
        samples: [INFO_HASH],
      });

      const keeper = await startLibtorrent(stage, undefined);
      const announcer = await startLibtorrent(stage, keeper.port);
      await announcer.ask('announce', INFO_HASH);
      await expect.poll(() => commandAt(stage, keeper.port)('sample', INFO_HASH), POLL).toMatchObject(found);
    }));
});
