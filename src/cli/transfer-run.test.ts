import { beforeEach, describe, expect, it } from 'vitest';
import { FakeTorrent } from '../../test/support/fake-torrent.ts';
import { createTestIo, type TestIo } from '../../test/support/cli-io.ts';
import { UsageError } from '../core/errors.ts';
import type { Metainfo } from '../core/metainfo/metainfo.ts';
import { createOutput } from './output.ts';
import { TransferRun, type TransferGoal, type TransferItem } from './transfer-run.ts';
import { createTransferView } from './transfer-view.ts';

const METAINFO: Metainfo = {
  ...{ version: 'v1', infoHash: undefined, infoHashV2: undefined, name: 'thing', files: [] },
  ...{
    pieceLength: 16384,
    pieceCount: 1,
    length: 1000,
    isSingleFile: true,
    private: false,
    source: undefined,
  },
  ...{
    pieceHashes: undefined,
    infoBytes: new Uint8Array(0),
    pieceLayers: new Map(),
    trackers: [],
    webSeeds: [],
  },
  ...{
    httpSeeds: [],
    nodes: [],
    comment: undefined,
    createdBy: undefined,
    creationDate: undefined,
    warnings: [],
  },
};

let torrent: FakeTorrent;
let io: TestIo;
let now = 0;

beforeEach(() => {
  torrent = new FakeTorrent();
  io = createTestIo();
  now = 0;
});

function start(goal: TransferGoal, item: Partial<TransferItem> = {}): TransferRun {
  const view = createTransferView({
    ...{ output: createOutput(io, { json: true }), io, quiet: false, torrents: [] },
    now: () => now,
  });
  const run = new TransferRun({
    ...{ torrent, goal, view, now: () => now },
    item: {
      ...{
        source: 'thing.torrent',
        content: METAINFO,
        options: { folder: '/dl' },
        onChecked: () => undefined,
      },
      ...item,
    },
  });
  run.start();
  return run;
}

/** Lets everything that waits for an event run. */
async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

async function becomeWhole(): Promise<void> {
  torrent.set({ state: 'checking', wanted: 1000 });
  torrent.emit('metainfo', METAINFO);
  await settle();
  torrent.set({ state: 'downloading' });
  torrent.emit('checked', { completed: 0 });
  await settle();
  torrent.set({ state: 'seeding', completed: 1000, downloaded: 1000 });
  torrent.emit('done', undefined);
  await settle();
}

function events(): string[] {
  return io
    .out()
    .trim()
    .split('\n')
    .map((line) => /"event":"(\w+)"/.exec(line)?.[1] ?? line);
}

describe('a torrent on its way', () => {
  it('is over when it is whole, unless it is to be seeded', async () => {
    const run = start({ seed: false });
    run.tick();
    expect(run.isOver).toBe(false);
    await becomeWhole();
    run.tick();
    expect([run.isWhole, run.isOver, run.hasFailed]).toEqual([true, true, false]);
    expect(events()).toEqual(['added', 'metainfo', 'checked', 'done']);
  });

  it('seeds until the ratio is reached', async () => {
    const run = start({ seed: true, ratio: 2 });
    await becomeWhole();
    torrent.set({ uploaded: 1999 });
    run.tick();
    expect(run.isOver).toBe(false);
    torrent.set({ uploaded: 2000 });
    run.tick();
    expect(run.isOver).toBe(true);
  });

  it('seeds for the time given, counted from when it was whole', async () => {
    const run = start({ seed: true, seconds: 60 });
    now = 1_000_000;
    await becomeWhole();
    now += 59_000;
    run.tick();
    expect(run.isOver).toBe(false);
    now += 1000;
    run.tick();
    expect(run.isOver).toBe(true);
  });

  it('fails with the torrent, and is then over', async () => {
    const run = start({ seed: false });
    torrent.set({ state: 'failed' });
    torrent.emit('error', { code: 'DISK_FULL', message: 'no space' });
    await settle();
    expect([run.hasFailed, run.isOver]).toEqual([true, true]);
    expect(io.out()).toContain('"event":"error"');
    expect(io.err()).toContain('swarmpress: DISK_FULL thing: no space');
  });

  it('fails when what is on disk is refused after the check', async () => {
    const run = start(
      { seed: true },
      {
        onChecked: () => {
          throw new UsageError('FILES_NO_MATCH', 'no file matches');
        },
      },
    );
    torrent.emit('metainfo', METAINFO);
    await settle();
    torrent.set({ state: 'downloading' });
    torrent.emit('checked', { completed: 0 });
    await settle();
    expect(run.hasFailed).toBe(true);
    expect(io.out()).toContain('FILES_NO_MATCH');
  });

  it('does not call it a failure to be closed half way', async () => {
    const run = start({ seed: false });
    torrent.set({ state: 'closed' });
    torrent.emit('closed', undefined);
    await settle();
    expect(run.hasFailed).toBe(false);
    expect(events()).toEqual(['added']);
  });

  it('says once that there are no peers, and again after some have come and gone', () => {
    const run = start({ seed: false });
    const at = (time: number, connected: number): void => {
      now = time;
      torrent.set({ connected });
      run.tick();
    };
    at(0, 0);
    at(14_000, 0);
    expect(io.err()).toBe('');
    at(16_000, 0);
    at(40_000, 0);
    expect(io.err().match(/no peers/g)).toHaveLength(1);
    at(41_000, 3);
    at(42_000, 0);
    at(60_000, 0);
    expect(io.err().match(/no peers/g)).toHaveLength(2);
  });

  it('says what is wrong with a tracker when that changes', () => {
    const run = start({ seed: false });
    const tracker = (status: 'failed' | 'working', message?: string): void => {
      torrent.trackerList[0] = {
        ...{ url: 'http://t/announce', status, message },
        ...{ seeders: undefined, leechers: undefined, nextAnnounceSeconds: undefined },
      };
      run.tick();
    };
    tracker('failed', 'refused');
    tracker('failed', 'refused');
    tracker('failed', 'timeout');
    tracker('working');
    tracker('failed', 'timeout');
    expect(io.err().match(/tracker http:\/\/t\/announce/g)).toHaveLength(3);
  });
});
