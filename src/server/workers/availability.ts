// Whether announces can be served by threads of their own here: that needs the system's socket calls, and rules that can
// be told to another thread.
import { SystemError, UsageError } from '../../core/errors.ts';
import type { AccessControl, TorrentFilter } from '../../core/tracker/policy.ts';
import { loadLibc, type Libc } from '../../node/libc.ts';
import { silentLog, type Log } from '../../ports/log.ts';
import type { TrackerOptions, TrackerSettings } from '../options.ts';

interface Circumstances {
  readonly log?: Log | undefined;
  readonly torrents?: TorrentFilter | undefined;
  readonly access?: AccessControl | undefined;
}

/**
 * The system's calls where the settings ask for workers; undefined where they do not, or where the calls cannot be
 * had: that is logged. Rejects with UsageError TRACKER_NO_WORKERS where other settings exclude them.
 */
export async function libcForWorkers(
  settings: TrackerSettings,
  { log = silentLog, torrents, access }: Circumstances,
): Promise<Libc | undefined> {
  if (settings.workers === 0) return undefined;
  const functions = torrents !== undefined || access !== undefined;
  const obstacle = functions ? 'rules that are functions' : obstacleIn(settings);
  if (obstacle !== undefined) {
    throw new UsageError('TRACKER_NO_WORKERS', `workers cannot be used with ${obstacle}`, {
      received: settings.workers,
    });
  }
  try {
    return await loadLibc();
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    log.warn('announces are served by one thread', { reason: error.message });
    return undefined;
  }
}

/** How many workers are best where nobody says: one if it can be had, so that pages and peers in browsers are not held up. */
export async function bestWorkers(options: TrackerOptions): Promise<number> {
  if (obstacleIn(options) !== undefined) return 0;
  try {
    await loadLibc();
    return 1;
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    return 0;
  }
}

/** The setting that keeps everything in one thread. */
function obstacleIn(options: TrackerOptions): string | undefined {
  if (options.store !== undefined && options.store !== 'memory')
    return 'a store that is shared with other machines';
  return options.http === false && options.udp === false ? 'WebSocket alone' : undefined;
}
