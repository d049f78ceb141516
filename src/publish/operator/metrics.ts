// The publisher's numbers for Prometheus. docs/publish.md lists them.
import type { Account } from './books.ts';
import type { ItemNumbers, OperatorDesk, WatchedItem } from './desk.ts';

interface Metric<T> {
  readonly name: string;
  readonly kind: 'gauge' | 'counter';
  readonly help: string;
  readonly value: (of: T) => number;
}

interface Item {
  readonly account: Account;
  readonly numbers: ItemNumbers;
}

interface Whole extends Item {
  readonly items: number;
}

const WHOLE: readonly Metric<Whole>[] = [
  gauge('uptime_seconds', 'Seconds since the start.', () => Math.floor(process.uptime())),
  gauge('items', 'Things that are published.', ({ items }) => items),
  gauge('peers_connected', 'Peers connected to the publisher.', ({ numbers }) => numbers.connected),
  gauge(
    'seeders',
    'Peers that have everything, as the publisher’s tracker counts.',
    (of) => of.numbers.seeders,
  ),
  gauge('leechers', 'Peers that download, as the publisher’s tracker counts.', (of) => of.numbers.leechers),
  gauge('to_peers_bytes_per_second', 'Sent to peers.', ({ numbers }) => Math.round(numbers.toPeers)),
  gauge('direct_bytes_per_second', 'Sent over HTTP.', ({ numbers }) => Math.round(numbers.directly)),
  counter('delivered_bytes_total', 'Bytes that people got, by whatever way.', (of) =>
    Math.round(of.account.delivered),
  ),
  counter('to_peers_bytes_total', 'Bytes of content sent to peers.', ({ account }) => account.toPeers),
  counter('direct_bytes_total', 'Bytes of content sent over HTTP.', ({ account }) => account.directly),
  counter('finished_total', 'Downloads that peers reported as finished.', (of) => of.account.finished),
];

const ITEM: readonly Metric<Item>[] = [
  gauge('item_peers_connected', 'Peers connected for an item.', ({ numbers }) => numbers.connected),
  counter('item_delivered_bytes_total', 'Bytes of an item that people got.', (of) =>
    Math.round(of.account.delivered),
  ),
  counter(
    'item_paid_bytes_total',
    'Bytes of an item that the publisher sent.',
    ({ account }) => account.toPeers + account.directly,
  ),
  counter('item_finished_total', 'Downloads of an item reported as finished.', (of) => of.account.finished),
];

/** As they appear. */
export const PUBLISHER_METRIC_NAMES: readonly string[] = [...WHOLE, ...ITEM].map(({ name }) => nameOf(name));

/** The Prometheus text format. */
export function formatPublisherMetrics(desk: OperatorDesk): string {
  const { items } = desk;
  const whole: Whole = { account: desk.total, numbers: desk.totalNumbers(), items: items.length };
  const lines = WHOLE.map((metric) => `${headOf(metric)}${nameOf(metric.name)} ${amount(metric, whole)}\n`);
  const each = items.map(({ key }) => ({
    label: labelOf(key),
    of: { account: desk.account(key), numbers: desk.numbers(key) },
  }));
  for (const metric of ITEM) {
    const values = each.map(({ label, of }) => `${nameOf(metric.name)}${label} ${amount(metric, of)}\n`);
    lines.push(headOf(metric) + values.join(''));
  }
  return lines.join('');
}

function amount<T>({ value }: Metric<T>, of: T): string {
  return String(value(of));
}

function labelOf(item: WatchedItem['key']): string {
  const text = item
    .replaceAll('\\', String.raw`\\`)
    .replaceAll('"', String.raw`\"`)
    .replaceAll('\n', String.raw`\n`);
  return `{item="${text}"}`;
}

function nameOf(name: string): string {
  return `swarmpress_publisher_${name}`;
}

function headOf({ name, kind, help }: Pick<Metric<unknown>, 'name' | 'kind' | 'help'>): string {
  return `# HELP ${nameOf(name)} ${help}\n# TYPE ${nameOf(name)} ${kind}\n`;
}

function gauge<T>(name: string, help: string, value: (of: T) => number): Metric<T> {
  return { name, kind: 'gauge', help, value };
}

function counter<T>(name: string, help: string, value: (of: T) => number): Metric<T> {
  return { name, kind: 'counter', help, value };
}
