import { beforeEach, describe, expect, it } from 'vitest';
import { createTestIo, type TestIo } from '../../test/support/cli-io.ts';
import { FakeTorrent } from '../../test/support/fake-torrent.ts';
import { createOutput } from './output.ts';
import { createTransferView, ratioOf, type TransferView } from './transfer-view.ts';

let torrent: FakeTorrent;
let io: TestIo;
let now = 0;

beforeEach(() => {
  torrent = new FakeTorrent();
  now = 0;
});

function view(options: {
  readonly isTTY?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
}): TransferView {
  io = createTestIo({ isTTY: options.isTTY, env: { NO_COLOR: '1' } });
  return createTransferView({
    output: createOutput(io, options),
    ...{
      io,
      quiet: options.quiet === true,
      torrents: [{ source: 'x', torrent }],
      now: () => now,
    },
  });
}

const DOWNLOADING = {
  ...{ state: 'downloading' as const, wanted: 4 * 1024 * 1024, completed: 1024 * 1024, connected: 3 },
  ...{ downloadRate: 1024 * 1024, uploadRate: 2048, uploaded: 2 * 1024 * 1024 },
};

describe('the transfer view', () => {
  it('redraws one line on a terminal with percent, rates, peers, ratio and time left', () => {
    const shown = view({ isTTY: true });
    torrent.set(DOWNLOADING);
    shown.tick();
    shown.finish();
    expect(io.err()).toMatch(
      /^\r\S*\[2K█+░+ 25% of 4 MiB  ↓ 1 MiB\/s  3s left  3 peers  ↑ 2 KiB\/s.*\r\S*\[2K$/u,
    );
    expect(io.out()).toBe('');
  });

  it.each([
    [{ state: 'metadata' }, "looking for the torrent's description, 0 peers"],
    [{ state: 'checking', checked: 0.426 }, 'checking 42%'],
    [
      { state: 'seeding', wanted: 1024, completed: 1024, uploaded: 1536, connected: 1 },
      'seeding thing  ↑ 0 B/s  1 peer',
    ],
  ] as const)('describes %j', (snapshot, text) => {
    const shown = view({ isTTY: true });
    torrent.set(snapshot);
    shown.tick();
    expect(io.err()).toContain(text);
  });

  it('never writes past the width of the terminal', () => {
    const shown = view({ isTTY: true });
    torrent.set({ ...DOWNLOADING, state: 'seeding', name: 'n'.repeat(300) });
    shown.tick();
    expect(io.err().replace(/^\r\S*\[2K/u, '').length).toBeLessThan(80);
  });

  it('shows no control characters of names', () => {
    const shown = view({ isTTY: true });
    torrent.set({ state: 'seeding', name: 'a\u001b[31mb\u202e' });
    shown.tick();
    expect(io.err()).toContain('a\ufffd[31mb\ufffd');
  });

  it('writes a plain line every ten seconds elsewhere, if it says something new', () => {
    const shown = view({});
    torrent.set(DOWNLOADING);
    for (now = 0; now <= 25_000; now += 500) shown.tick();
    expect(io.err().split('\n').filter(Boolean)).toHaveLength(1);
    torrent.set({ completed: 2 * 1024 * 1024 });
    now += 10_000;
    shown.tick();
    expect(io.err().split('\n').filter(Boolean)).toHaveLength(2);
  });

  it('writes an event a second with --json and nothing else', () => {
    const shown = view({ json: true });
    torrent.set(DOWNLOADING);
    for (now = 0; now < 3000; now += 250) shown.tick();
    const events = io
      .out()
      .trim()
      .split('\n')
      .map((line): unknown => JSON.parse(line));
    expect(events).toHaveLength(3);
    expect(events[0]).toEqual({
      ...{
        event: 'progress',
        source: 'x',
        name: 'thing',
        infoHash: 'aa',
        infoHashV2: null,
        state: 'downloading',
      },
      ...{ wanted: 4194304, completed: 1048576, checked: null, downloadRate: 1048576, uploadRate: 2048 },
      ...{
        downloaded: 0,
        uploaded: 2097152,
        ratio: 0.5,
        etaSeconds: null,
        connected: 3,
        seeders: 0,
        leechers: 0,
      },
    });
    expect(io.err()).toBe('');
  });

  it('is silent with --quiet', () => {
    const shown = view({ quiet: true, isTTY: true });
    torrent.set(DOWNLOADING);
    shown.tick();
    shown.note('remark');
    expect(io.err()).toBe('');
  });
});

it('takes uploads over the wanted bytes for the ratio', () => {
  expect(ratioOf({ uploaded: 1500, wanted: 1000 })).toBe(1.5);
  expect(ratioOf({ uploaded: 10, wanted: undefined })).toBe(10);
});
