// A quick look at the hot path: one process of ours seeds, another downloads, over loopback, content in memory.
//   npm run build && node bench/pair/quick.mjs [--mib 1024] [--version v1|v2|hybrid] [--dist <folder>] [--runs 1]
// Prints MB/s from add to done, CPU seconds a GiB of both sides (all threads), and peak memory. For numbers to publish
// use `node bench/run.mjs pair`, which compares with stock clients.
import { fork } from 'node:child_process';
import { createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { randomFillSync } from 'node:crypto';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    mib: { type: 'string', default: '1024' },
    version: { type: 'string', default: 'v1' },
    dist: { type: 'string', default: new URL('../../dist', import.meta.url).pathname },
    runs: { type: 'string', default: '1' },
    role: { type: 'string' },
    folder: { type: 'string' },
    port: { type: 'string' },
  },
});
const load = (path) => import(pathToFileURL(join(resolve(values.dist), path)).href);

if (values.role === undefined) await main();
else await play();

async function main() {
  const bytes = Number(values.mib) * 1024 * 1024;
  const folder = mkdtempSync('/dev/shm/swarmpress-bench-');
  try {
    await fill(join(folder, 'content.bin'), bytes);
    const { createTorrent } = await load('node/create-torrent.js');
    const torrent = await createTorrent([join(folder, 'content.bin')], { version: values.version });
    const { writeFileSync } = await import('node:fs');
    writeFileSync(join(folder, 'content.torrent'), torrent.bytes);
    for (let run = 0; run < Number(values.runs); run++) await pair(folder, bytes);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function pair(folder, bytes) {
  const seed = start('seed', folder, '0');
  const [{ port }] = await once(seed, 'message');
  const leech = start('leech', folder, String(port));
  const ended = Promise.all([once(seed, 'exit'), once(leech, 'exit')]);
  const [got] = await once(leech, 'message');
  seed.send('stop');
  const [gave] = await once(seed, 'message');
  await ended;
  rmSync(join(folder, 'out'), { recursive: true, force: true });
  const gib = bytes / 2 ** 30;
  const cpu = (side) =>
    `${(side.cpu / gib).toFixed(2)} CPU s/GiB, ${String(Math.round(side.rss / 1024))} MiB`;
  process.stdout.write(
    `${(bytes / 1e6 / got.seconds).toFixed(0)} MB/s  seed ${cpu(gave)}  leech ${cpu(got)}  ` +
      `both ${((gave.cpu + got.cpu) / gib).toFixed(2)}\n`,
  );
}

function start(role, folder, port) {
  const args = ['--role', role, '--folder', folder, '--port', port, '--dist', values.dist];
  return fork(new URL(import.meta.url), args);
}

async function play() {
  const { createNodeEnv } = await load('node/env.js');
  const { createSession } = await load('engine/session.js');
  const { readFileSync } = await import('node:fs');
  const torrent = readFileSync(join(values.folder, 'content.torrent'));
  const env = createNodeEnv({ stateFolder: join(values.folder, `state-${values.role}`) });
  const session = await createSession({ host: '127.0.0.1' }, env);
  const before = process.resourceUsage();
  const startedAt = performance.now();
  let seconds = 0;
  if (values.role === 'seed') {
    await (await session.add(torrent, { folder: values.folder, check: 'trust' })).done();
    process.send({ port: session.port });
    await once(process, 'message');
  } else {
    const peers = [{ ip: '127.0.0.1', port: Number(values.port) }];
    await (await session.add(torrent, { folder: join(values.folder, 'out'), peers })).done();
    seconds = (performance.now() - startedAt) / 1000;
  }
  const after = process.resourceUsage();
  const cpu = (after.userCPUTime + after.systemCPUTime - before.userCPUTime - before.systemCPUTime) / 1e6;
  await session.close();
  await env.close();
  process.send({ seconds, cpu, rss: after.maxRSS });
  process.disconnect();
}

async function fill(path, bytes) {
  const file = createWriteStream(path);
  const block = randomFillSync(Buffer.alloc(1 << 20));
  for (let at = 0; at < bytes; at += block.length) {
    block.writeUInt32LE(at / block.length);
    if (!file.write(Buffer.from(block))) await once(file, 'drain');
  }
  file.end();
  await once(file, 'finish');
}
