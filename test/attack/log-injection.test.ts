// Names and messages of strangers on a terminal and in logs: an escape sequence could rewrite what was printed, a line
// break could forge a line.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runCli } from '../../src/cli/run.ts';
import { createLog } from '../../src/node/log.ts';
import { createTestIo, type TestIo } from '../support/cli-io.ts';
import { v1Torrent } from '../support/torrents.ts';
import { messageOf } from './announcing.ts';
import { EvilServer } from './http-server.ts';

/** Clears a screen, sets a title, breaks the line, turns the direction of writing; the C1 form of an escape too. */
const EVIL = 'a\u001b[2J\u001b]0;t\u0007\r\nfaked: line\u009b31m\u202egpj\u2028\u0085b';
/** What may come out beside plain text: the end of a line, and colours where they are asked for. */
const FORBIDDEN = /[^\P{Cc}\n]|[\p{Zl}\p{Zp}\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'attack-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

async function run(...args: string[]): Promise<TestIo> {
  const io = createTestIo({ cwd: folder });
  await runCli(args, io);
  return io;
}

/** The evil word came out, and harmless. */
function expectHarmless(text: string): void {
  expect(text).toContain('faked: line');
  expect(text).not.toMatch(FORBIDDEN);
  expect(text.split('\n').filter((line) => line.startsWith('faked'))).toEqual([]);
}

describe('log injection', () => {
  it('by what a torrent says of itself, on the terminal', async () => {
    const files = [{ length: 1, path: [EVIL, EVIL] }];
    const outer = {
      announce: `http://h/${EVIL}`,
      comment: EVIL,
      'created by': EVIL,
      'url-list': `http://h/${EVIL}`,
    };
    const torrent = v1Torrent({ name: EVIL, source: EVIL, files, pieces: new Uint8Array(20) }, outer);
    await writeFile(join(folder, 'a.torrent'), torrent);
    for (const flags of [[], ['--lint'], ['--all']]) {
      const { out, err } = await run('inspect', 'a.torrent', ...flags);
      expectHarmless(out() + err());
    }
    const { out } = await run('get', 'a.torrent', '--list');
    expectHarmless(out());
  });

  it('by a magnet link, and by an argument that is none', async () => {
    const { out } = await run(
      'inspect',
      `magnet:?xt=urn:btih:${'a'.repeat(40)}&dn=${encodeURIComponent(EVIL)}`,
    );
    expectHarmless(out());
    const { err } = await run('inspect', EVIL);
    expectHarmless(err());
    expect(err().split('\n')).toHaveLength(2);
  });

  it('by the names of files that a torrent is made of', async () => {
    const name = EVIL.replaceAll('/', '');
    await mkdir(join(folder, name));
    await writeFile(join(folder, name, name), 'x');
    const socket = createServer().listen(join(folder, name, `${name.slice(0, 20)}faked: line`));
    await once(socket, 'listening');
    const dry = await run('create', name, '--dry-run');
    const made = await run('create', name, '-o', 'b.torrent');
    socket.close();
    for (const { out, err } of [dry, made]) expectHarmless(out() + err());
  });

  it('by the refusal of a tracker, in the log', async () => {
    const reason = EVIL;
    const body = Buffer.from(`d14:failure reason${String(Buffer.byteLength(reason))}:${reason}e`);
    const tracker = await EvilServer.start((_, response) => response.end(body));
    const lines: string[] = [];
    const log = createLog('debug', { write: (line) => lines.push(line) });
    await messageOf(tracker.url('/announce'), log.child({ torrent: EVIL }));
    await tracker.close();
    expectHarmless(lines.join(''));
    expect(lines.map((line) => line.split('\n').length)).toEqual(lines.map(() => 2));
    for (const line of lines)
      expect(JSON.parse(line)).toMatchObject({ torrent: expect.stringContaining('faked') as string });
  });
});
