import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createTestIo, type TestIo } from '../../../test/support/cli-io.ts';
import { Dht } from '../../node/dht.ts';
import { runCli } from '../run.ts';
import { dhtCommand } from './dht.ts';

const LOOPBACK = '127.0.0.1';
const NOWHERE = 'ab'.repeat(20);

let folder = '';
let keeper: Dht;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'swarmpress-cli-dht-'));
  keeper = await Dht.open({ host: LOOPBACK, bootstrap: [], stateFolder: join(folder, 'keeper') });
});

afterEach(async () => {
  await keeper.close();
  await rm(folder, { recursive: true });
});

async function run(...argv: readonly string[]): Promise<TestIo & { code: number }> {
  const io = createTestIo({ cwd: folder });
  const reach = ['--host', LOOPBACK, '--state', 'state', '--timeout', '2'];
  const entry = argv.includes('--dht-bootstrap')
    ? []
    : ['--dht-bootstrap', `${LOOPBACK}:${String(keeper.port)}`];
  return { ...io, code: await runCli(['dht', ...argv, ...reach, ...entry], io, [dhtCommand]) };
}

describe('swarmpress dht', () => {
  test('an immutable item is found by the target that put prints', async () => {
    const put = await run('put', 'Hello World!');
    expect(put.code).toBe(0);
    expect(put.out()).toBe('e5f96f6f38320f0f33959cb4d3d656452117aadb\n');
    const get = await run('get', put.out().trim());
    expect(get.out()).toBe('Hello World!\n');
    expect(get.code).toBe(0);
  });

  test('a signed item is found by its key and salt, and changed by a second put', async () => {
    const put = await run('put', 'one', '--key', 'me.pem', '--salt', 'news');
    const key = put.out().trim();
    expect(key).toMatch(/^[0-9a-f]{64}$/);
    expect((await run('put', 'two', '--key', 'me.pem', '--salt', 'news')).code).toBe(0);
    const { code, out } = await run('get', key, '--salt', 'news', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(out())).toMatchObject({ found: true, text: 'two', sequence: 2 });
    expect((await run('get', key)).code).toBe(1);
  });

  test('bytes of a file come back as they were', async () => {
    const bytes = Uint8Array.of(0, 255, 10, 13);
    await writeFile(join(folder, 'in'), bytes);
    const put = await run('put', '--file', 'in');
    const { code, out } = await run('get', put.out().trim(), '-o', 'out');
    expect({ code, out: out() }).toEqual({ code: 0, out: '' });
    expect(new Uint8Array(await readFile(join(folder, 'out')))).toEqual(bytes);
  });

  test('a bencoded value is stored as such', async () => {
    const put = await run('put', 'd1:ai1ee', '--bencode');
    expect((await run('get', put.out().trim())).out()).toBe('d1:ai1ee\n');
  });

  test('what is not there is exit code 1', async () => {
    const { code, out } = await run('get', NOWHERE, '--json');
    expect({ code, answer: JSON.parse(out()) as unknown }).toEqual({ code: 1, answer: { found: false } });
  });

  test('a DHT that does not answer is said to be so', async () => {
    const { code, err } = await run('get', NOWHERE, '--dht-bootstrap', `${LOOPBACK}:9`);
    expect(code).toBe(1);
    expect(err()).toContain('DHT_UNREACHABLE');
  });

  test.for([
    { argv: ['put', 'x'.repeat(998)], code: 'DHT_VALUE_TOO_BIG' },
    { argv: ['put', 'x', '--salt', 'y'], code: 'OPTION_INVALID' },
    { argv: ['put', 'x', '--key', 'me.pem', '--salt', 'y'.repeat(65)], code: 'DHT_SALT_TOO_BIG' },
    { argv: ['put', 'x', '--file', 'in'], code: 'OPTION_INVALID' },
    { argv: ['put', 'i1', '--bencode'], code: 'OPTION_INVALID' },
    { argv: ['get', 'abc'], code: 'OPTION_INVALID' },
    { argv: ['get', NOWHERE, '--salt', 'y'], code: 'OPTION_INVALID' },
    { argv: ['sample', 'abc'], code: 'OPTION_INVALID' },
    { argv: ['steal', 'x'], code: 'OPTION_INVALID' },
  ])('wrong usage: $argv.0 ends with $code', async ({ argv, code }) => {
    const result = await run(...argv);
    expect({ code: result.code, err: result.err() }).toEqual({
      code: 2,
      err: expect.stringContaining(code) as string,
    });
  });
});
