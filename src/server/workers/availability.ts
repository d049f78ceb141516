// Whether announces can be served by threads of their own here: that needs the system's socket calls, and settings that
// keep no part of an announce in the main thread.
import { SystemError, UsageError } from '../../core/errors.ts';
import type { AccessControl, TorrentFilter } from '../../core/tracker/policy.ts';
import { loadLibc, type Libc } from '../../node/libc.ts';
import type { TrackerSettings } from '../options.ts';

interface Circumstances {
  readonly torrents?: TorrentFilter | undefined;
  readonly access?: AccessControl | undefined;
}

/** Throws UsageError TRACKER_NO_WORKERS where settings exclude workers: said before any of their files is opened. */
export function refuseWorkersBeside(settings: TrackerSettings, { torrents, access }: Circumstances): void {
  if (settings.workers === 0) return;
  const functions = torrents !== undefined || access !== undefined;
  const obstacle = obstacleIn(settings) ?? (functions ? 'rules that are functions' : undefined);
  if (obstacle === undefined) return;
  const text = `workers cannot be used with ${obstacle}; leave out one or the other`;
  throw new UsageError('TRACKER_NO_WORKERS', text, { received: settings.workers });
}

/**
 * Workers where nobody said how many: none under Node, where they need a package; one under Bun on Linux, where the
 * system's own socket calls are at hand and far faster than the runtime's sockets.
 */
export function defaultWorkers(settings: TrackerSettings, { torrents, access }: Circumstances): number {
  const ready = process.versions['bun'] !== undefined && process.platform === 'linux';
  const functions = torrents !== undefined || access !== undefined;
  return ready && !functions && obstacleIn(settings) === undefined ? 1 : 0;
}

/**
 * The system's calls where the settings ask for workers, undefined where they do not. Rejects with UsageError
 * TRACKER_WORKERS_UNAVAILABLE where they cannot be had.
 */
export async function libcForWorkers(settings: TrackerSettings): Promise<Libc | undefined> {
  if (settings.workers === 0) return undefined;
  try {
    return await loadLibc();
  } catch (cause) {
    if (!(cause instanceof SystemError)) throw cause;
    const text = `workers cannot be used here: ${cause.message}; without workers the tracker serves in one thread`;
    throw new UsageError('TRACKER_WORKERS_UNAVAILABLE', text, { received: settings.workers, cause });
  }
}

/** The setting that keeps announces in one thread, in words. */
function obstacleIn(settings: TrackerSettings): string | undefined {
  const obstacles: readonly (readonly [present: boolean, words: string])[] = [
    [settings.store !== 'memory', 'a store that is shared with other machines (store)'],
    [settings.tokenSecret !== undefined, 'access tokens (token-secret)'],
    [settings.users !== undefined, 'passkeys (users)'],
    [settings.bans !== undefined, 'bans (bans)'],
    [settings.adminSecret !== undefined, "the operator's API, which can ban at any time (admin-secret)"],
    [settings.tlsCert !== undefined, 'HTTPS (tls-cert)'],
    [settings.proxyProtocol, 'the PROXY protocol (proxy-protocol)'],
    [!settings.http && !settings.udp, 'WebSocket alone (no-http, no-udp)'],
  ];
  return obstacles.find(([present]) => present)?.[1];
}
