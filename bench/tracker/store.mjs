// The tracker's store alone, on one core: announces a second, bytes a peer, longest step of a sweep. Runs on dist/.
import { StoreQuery, StoreReply } from '../../dist/core/tracker/store/store-query.js';
import { storeWords, Swarms } from '../../dist/core/tracker/swarms.js';
import { loadLibc } from '../../dist/node/libc.js';
import { useLargePages } from '../../dist/node/large-pages.js';
import { sweepStep } from '../../dist/server/sweep.js';

const SWARMS = Number(process.env.SWARMS ?? 200_000);
const PEERS = Number(process.env.PEERS ?? 2_000_000);
const MINUTE = 60_000;
const options = {
  maxSwarms: 1 << 20,
  arenaBytes: 512 << 20,
  peerLifetimeMs: 45 * MINUTE,
  minIntervalMs: MINUTE,
  maxPeersPerSwarm: 100_000,
  maxPeersPerAddress: 2 ** 30,
  key: [1234567, 7654321],
  seed: 42,
};
const memory = new SharedArrayBuffer(4 * storeWords(options));
// As the tracker does where it has workers.
const libc = await loadLibc().catch(() => undefined);
if (libc !== undefined) useLargePages(libc, memory);
const store = new Swarms(new Int32Array(memory), options);
const query = new StoreQuery();
const reply = new StoreReply(200);
query.numWant = 50;

function word(bytes, at, value) {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

/** Peer i of all, in one of the swarms. */
function prepare(i) {
  const swarm = Math.imul(i % SWARMS, 2654435761);
  for (let at = 0; at < 20; at += 4) word(query.infoHash, at, Math.imul(swarm + at, 0x9e3779b1));
  const ip = Math.imul(i + 1, 0x85ebca6b);
  word(query.ip, 0, ip);
  query.port = 1024 + (i % 50_000);
  query.seed = (ip & 3) === 0;
}

let state = 88172645;
function random() {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return state >>> 0;
}

function processorMs() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function perSecond(count, run) {
  const before = processorMs();
  for (let i = 0; i < count; i++) run(i);
  return Math.round((count / (processorMs() - before)) * 1000);
}

const print = (name, value) => process.stdout.write(`${name.padEnd(44)}${value.toLocaleString('en')}\n`);
const announce = (i, now) => {
  prepare(i);
  store.announce(query, now, reply);
};
print(
  'announces/CPU s, new peers in turn',
  perSecond(PEERS, (i) => announce(i, 0)),
);
print(
  'announces/CPU s, known peers at random',
  perSecond(PEERS, () => announce(random() % PEERS, 2 * MINUTE)),
);
print(
  'announces/CPU s, known peers in turn',
  perSecond(PEERS, (i) => announce(i, 4 * MINUTE)),
);
print('bytes of the store a peer', Math.round((store.totals().bytes / PEERS) * 10) / 10);
for (const [name, now] of [
  ['nothing to expire', 5 * MINUTE],
  ['all to expire', 90 * MINUTE],
]) {
  const startedAt = performance.now();
  const clock = () => now + performance.now() - startedAt;
  const steps = [];
  for (let done = false; !done;) {
    const before = processorMs();
    done = sweepStep(store, clock);
    steps.push(processorMs() - before);
  }
  steps.sort((a, b) => b - a);
  const [longest] = steps;
  print(`steps of a sweep, ${name}`, steps.length);
  print('  longest, CPU ms', Math.round(longest * 100) / 100);
}
