// What is examined of this host itself: addresses, disk, clock, WebRTC.
import { open, rm, statfs } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { isLocalIp } from '../../core/address.ts';
import { SwarmpressError } from '../../core/errors.ts';
import { formatBytes } from '../../core/format.ts';
import type { Env } from '../../engine/env.ts';
import { errnoOf } from '../../node/os-error.ts';
import { finding, type Finding } from './finding.ts';

const SAMPLE_BYTES = 32 * 1024 * 1024;
const CHUNK_BYTES = 1024 * 1024;
const LOW_SPACE_BYTES = 1024 ** 3;
const SLOW_BYTES_PER_SECOND = 20 * 1024 * 1024;
const MAX_CLOCK_SECONDS = 60;

/** One finding for each address family. */
export function checkAddresses(): Finding[] {
  const all = Object.values(networkInterfaces()).flatMap((entries) => entries ?? []);
  const outside = all.filter(({ internal, address }) => !internal && !address.startsWith('fe80:'));
  return (['IPv4', 'IPv6'] as const).map((family) => {
    const found = outside.filter((entry) => entry.family === family).map(({ address }) => address);
    const check = family.toLowerCase();
    const open = found.find((address) => !isLocalIp(address));
    if (open !== undefined) return finding(check, 'ok', `${open} is not of a private network`);
    const [local] = found;
    if (local !== undefined) {
      const where = `${local} is of a private network`;
      return family === 'IPv4'
        ? finding(check, 'ok', `${where}: a router stands between this host and strangers`)
        : finding(check, 'warn', where, 'have the router give out public IPv6 addresses');
    }
    const next = `peers with ${family} alone are out of reach; ask the provider, or switch ${family} on`;
    return finding(check, 'warn', `no ${family} address`, next);
  });
}

/** Space, and the speed of writing to the disk that downloads go to. */
export async function checkDisk(folder: string): Promise<Finding> {
  const path = join(folder, `.swarmpress-doctor-${String(process.pid)}`);
  try {
    const { bavail, bsize } = await statfs(folder);
    const free = bavail * bsize;
    const sample = Math.min(SAMPLE_BYTES, Math.floor(free / 2));
    const perSecond = sample / (await secondsToWrite(path, sample));
    const message = `${formatBytes(free)} free in ${folder}, written at ${formatBytes(perSecond)} a second`;
    if (free < LOW_SPACE_BYTES) return finding('disk', 'warn', message, 'make room, or name another --dir');
    if (perSecond < SLOW_BYTES_PER_SECOND)
      return finding('disk', 'warn', message, 'a fast line has to wait for this disk: name another --dir');
    return finding('disk', 'ok', message);
  } catch (error) {
    const name = errnoOf(error);
    if (name === undefined) throw error;
    return finding(
      'disk',
      'fail',
      `${folder} cannot be written: ${name}`,
      'make it, or name a folder of yours by --dir',
    );
  } finally {
    await rm(path, { force: true });
  }
}

async function secondsToWrite(path: string, bytes: number): Promise<number> {
  const chunk = new Uint8Array(CHUNK_BYTES).fill(0x5a);
  const started = performance.now();
  const file = await open(path, 'w');
  try {
    for (let at = 0; at < bytes; at += chunk.length) await file.write(chunk);
    await file.sync();
  } finally {
    await file.close();
  }
  return Math.max(1, performance.now() - started) / 1000;
}

/** The optional package that browsers are spoken to with. */
export async function checkWebRtc(env: Pick<Env, 'rtc'>): Promise<Finding> {
  try {
    if (env.rtc === undefined) return finding('webrtc', 'warn', 'off: WebRTC does not go through a proxy');
    await env.rtc();
    return finding('webrtc', 'ok', 'browsers can be spoken to');
  } catch (error) {
    if (!(error instanceof SwarmpressError)) throw error;
    return finding(
      'webrtc',
      'warn',
      error.message,
      'npm install node-datachannel, to reach peers in browsers',
    );
  }
}

/** Our clock against the time of a web server. */
export function checkClock(dateHeader: string | undefined, unixSeconds: number): Finding {
  const theirs = Date.parse(dateHeader ?? '') / 1000;
  if (!Number.isFinite(theirs)) {
    return finding('clock', 'ok', `${new Date(unixSeconds * 1000).toISOString()}, compared with nobody`);
  }
  const off = Math.round(Math.abs(theirs - unixSeconds));
  return off <= MAX_CLOCK_SECONDS
    ? finding('clock', 'ok', `within ${String(off)} s of the tracker's`)
    : finding('clock', 'fail', `${String(off)} s off the tracker's`, 'switch on time synchronisation (NTP)');
}
