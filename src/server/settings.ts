// From options to what the parts of a tracker are made with.
import { UsageError } from '../core/errors.ts';
import type { Policy, TorrentFilter } from '../core/tracker/policy.ts';
import type { SwarmsOptions } from '../core/tracker/swarms.ts';
import { TRACKER_DEFAULTS, type TrackerOptions, type TrackerSettings } from './options.ts';

/** Intervals over two hours would outlive the store's clock (see peer-word.ts). */
const MAX_INTERVAL_SECONDS = 7200;

/** Puts defaults in; throws UsageError TRACKER_*. */
export function fillIn(options: TrackerOptions): TrackerSettings {
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  const settings: TrackerSettings = { ...TRACKER_DEFAULTS, ...given };
  if (settings.interval < 1 || settings.interval > MAX_INTERVAL_SECONDS) {
    throw new UsageError('TRACKER_BAD_INTERVAL', 'the interval must be 1 to 7200 seconds', {
      received: settings.interval,
    });
  }
  if (settings.allow !== undefined && settings.deny !== undefined) {
    throw new UsageError(
      'TRACKER_TWO_LISTS',
      'a list of allowed torrents and one of denied ones exclude each other',
    );
  }
  if ((settings.tlsCert === undefined) !== (settings.tlsKey === undefined)) {
    throw new UsageError('TRACKER_HALF_TLS', 'HTTPS needs both: a certificate and its key');
  }
  if (settings.tlsPort !== 0 && settings.tlsCert === undefined) {
    throw new UsageError('TRACKER_HALF_TLS', 'a port for HTTPS needs a certificate and its key');
  }
  if (settings.proxyProtocol && settings.trustedProxies.length === 0) {
    throw new UsageError('TRACKER_NO_PROXIES', 'the PROXY protocol needs to know which proxies are trusted');
  }
  if (!settings.http && !settings.udp && !settings.ws) {
    throw new UsageError('TRACKER_NO_FRONTEND', 'HTTP, UDP and WebSocket are all switched off');
  }
  return settings;
}

/** The store's options but for its secrets. */
export function storeOptionsOf(settings: TrackerSettings): Omit<SwarmsOptions, 'key' | 'seed'> {
  return {
    maxSwarms: settings.maxSwarms,
    arenaBytes: settings.maxPeerBytes,
    // Half as long again as the longest interval that clients are told, and a minute for slow ones.
    peerLifetimeMs: (settings.interval * 1.1 * 1.5 + 60) * 1000,
    minIntervalMs: Math.min(settings.minInterval, settings.interval) * 1000,
    maxPeersPerSwarm: settings.maxPeersPerSwarm,
    maxPeersPerAddress: settings.maxPeersPerAddress,
  };
}

/** The rules that follow from settings. */
export function policyOf(settings: TrackerSettings, torrents: TorrentFilter | undefined): Policy {
  return {
    intervalSeconds: settings.interval,
    minIntervalSeconds: Math.min(settings.minInterval, settings.interval),
    defaultNumWant: settings.numWant,
    maxNumWant: settings.maxNumWant,
    publicOnly: settings.public,
    trustClientIp: settings.trustClientIp,
    maxScrape: settings.maxScrape,
    torrents,
    access: undefined,
  };
}
