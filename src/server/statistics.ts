// All numbers of a running tracker at one moment: for /stats, /metrics, the log and the library's user.
import type { TrackerCounters } from '../core/tracker/announce.ts';
import type { SwarmsTotals } from '../core/tracker/swarms.ts';
import type { ShareStatistics } from './share/share.ts';

export interface TrackerStatistics extends SwarmsTotals, TrackerCounters {
  readonly uptimeSeconds: number;
  /** Peers connected by WebSocket, and their swarms. */
  readonly wsPeers: number;
  readonly wsSwarms: number;
  readonly connections: number;
  readonly udpConnects: number;
  readonly udpMalformed: number;
  readonly udpBadIds: number;
  /** With a shared store alone. */
  readonly share: ShareStatistics | undefined;
}

/** What two threads have counted. */
export function addCounters(one: TrackerCounters, other: TrackerCounters): TrackerCounters {
  return {
    announces: one.announces + other.announces,
    scrapes: one.scrapes + other.scrapes,
    refused: one.refused + other.refused,
    rateLimited: one.rateLimited + other.rateLimited,
    started: one.started + other.started,
    completed: one.completed + other.completed,
    stopped: one.stopped + other.stopped,
    notStored: one.notStored + other.notStored,
  };
}

interface MetricText {
  readonly name: string;
  readonly kind: 'gauge' | 'counter';
  readonly help: string;
  /** Undefined where it does not apply: the metric is left out. */
  readonly value: (statistics: TrackerStatistics) => number | undefined;
}

const METRICS: readonly MetricText[] = [
  gauge('uptime_seconds', 'Seconds since the start.', (s) => s.uptimeSeconds),
  gauge('swarms', 'Torrents that are known.', (s) => s.swarms),
  gauge('peers_ipv4', 'Peers with an IPv4 address.', (s) => s.peers4),
  gauge('peers_ipv6', 'Peers with an IPv6 address.', (s) => s.peers6),
  gauge('peers_websocket', 'Peers connected by WebSocket.', (s) => s.wsPeers),
  gauge('seeds', 'Stored peers that have everything.', (s) => s.seeds),
  gauge('partial_seeds', 'Stored peers that want no more (BEP 21).', (s) => s.partialSeeds),
  gauge('store_bytes', 'Bytes of the store in use.', (s) => s.bytes),
  gauge('connections', 'Open TCP connections of the announce path.', (s) => s.connections),
  counter('announces_total', 'Announces received.', (s) => s.announces),
  counter('scrapes_total', 'Scrapes received.', (s) => s.scrapes),
  counter('refused_total', 'Announces and scrapes refused by a rule.', (s) => s.refused),
  counter('rate_limited_total', 'Announces and scrapes over the rate limit.', (s) => s.rateLimited),
  counter('not_stored_total', 'Announces answered whose peer found no room.', (s) => s.notStored),
  counter('started_total', 'Downloads begun.', (s) => s.started),
  counter('completed_total', 'Downloads finished.', (s) => s.completed),
  counter('stopped_total', 'Peers that said goodbye.', (s) => s.stopped),
  counter('udp_connects_total', 'UDP connect requests answered.', (s) => s.udpConnects),
  counter('udp_malformed_total', 'UDP packets dropped as malformed.', (s) => s.udpMalformed),
  counter('udp_bad_ids_total', 'UDP packets dropped for a wrong connection id.', (s) => s.udpBadIds),
  gauge('share_up', '1 while swarms are shared, 0 while the shared store is away.', (s) =>
    s.share === undefined ? undefined : Number(s.share.state === 'shared'),
  ),
  gauge('share_waiting', 'Announces that other trackers are still to be told.', (s) => s.share?.waiting),
  counter('share_dropped_total', 'Announces that found no room to wait.', (s) => s.share?.dropped),
  counter('share_sent_total', 'Announces told to other trackers.', (s) => s.share?.sent),
  counter('share_received_total', 'Announces heard of other trackers.', (s) => s.share?.received),
  counter('share_comparisons_total', 'Times that everything was compared.', (s) => s.share?.comparisons),
];

/** As they appear in /metrics. */
export const METRIC_NAMES: readonly string[] = METRICS.map(({ name }) => `swarmpress_tracker_${name}`);

/** The Prometheus text format. */
export function formatMetrics(statistics: TrackerStatistics): string {
  return METRICS.map((metric) => {
    const name = `swarmpress_tracker_${metric.name}`;
    const value = metric.value(statistics);
    if (value === undefined) return '';
    return `# HELP ${name} ${metric.help}\n# TYPE ${name} ${metric.kind}\n${name} ${String(value)}\n`;
  }).join('');
}

function gauge(name: string, help: string, value: MetricText['value']): MetricText {
  return { name, kind: 'gauge', help, value };
}

function counter(name: string, help: string, value: MetricText['value']): MetricText {
  return { name, kind: 'counter', help, value };
}
