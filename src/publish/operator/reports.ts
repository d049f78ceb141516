// What the operator's API answers, as plain data. The fields are stable: some may be added, none changes its meaning.
import { costOf, type Price } from './money.ts';
import type { Account } from './books.ts';
import type { ItemNumbers, OperatorDesk, WatchedItem } from './desk.ts';

/** Bytes, and with them what they would fill and cost. */
export interface Delivery {
  /** Bytes that people got. */
  readonly deliveredBytes: number;
  /** Bytes that this server sent for it: to peers, and over HTTP. */
  readonly paidBytes: number;
  readonly toPeersBytes: number;
  readonly directBytes: number;
  /** Delivered without being paid for: people passed it on to one another. */
  readonly savedBytes: number;
  /** In the currency of the price; null without a price. */
  readonly paidMoney: number | null;
  readonly savedMoney: number | null;
  /** Downloads that peers reported as finished. */
  readonly finished: number;
}

export interface ItemReport extends Delivery, ItemNumbers {
  readonly key: string;
  /** Text of unknown origin. */
  readonly title: string;
  readonly page: string;
  readonly private: boolean;
  /** Bytes of content of the newest version. */
  readonly length: number;
  readonly deliveredCopies: number;
  readonly paidCopies: number;
  readonly versions: number;
}

export interface OverviewReport extends Delivery, ItemNumbers {
  /** Seconds since 1970. */
  readonly now: number;
  /** Since when the books are kept. */
  readonly since: number;
  readonly uptimeSeconds: number;
  readonly price: { readonly perGb: number; readonly currency: string | null } | null;
  readonly itemCount: number;
  /** The busiest. */
  readonly items: readonly ItemReport[];
}

/** Somebody who gets content from us. */
export interface PeerReport {
  /** Empty where the transport has none (WebRTC). */
  readonly address: string;
  /** Text of unknown origin. */
  readonly client: string;
  /** `http`: a web seed request or a plain download. */
  readonly transport: 'tcp' | 'utp' | 'webrtc' | 'http' | 'memory';
  readonly encrypted: boolean;
  /** We have opened the connection. */
  readonly outgoing: boolean;
  /** 0..1 of the content; null where that is not known. */
  readonly progress: number | null;
  /** Bytes a second, and bytes on this connection, as the peer sees them from us. */
  readonly sendingRate: number;
  readonly receivingRate: number;
  readonly sent: number;
  readonly received: number;
  /** It wants pieces of ours; we do not serve it at the moment. */
  readonly interested: boolean;
  readonly choked: boolean;
  /** How much of each part of the content it has: hex, two digits a part, ff for all of it. */
  readonly parts: string;
  /** Number of the version that it is on. */
  readonly version: number;
}

export interface SwarmReport extends ItemReport {
  readonly peerCount: number;
  readonly peers: readonly PeerReport[];
  readonly map: {
    readonly pieces: number;
    /** Mean number of copies of each part among connected peers. */
    readonly copies: readonly number[];
  };
}

const MAX_ITEMS = 200;
const MAX_PEERS = 500;
const MAP_PARTS = 256;

export interface ReportContext {
  readonly desk: OperatorDesk;
  readonly price: Price | undefined;
}

function reportDelivery(account: Account, price: Price | undefined): Delivery {
  const { delivered, toPeers, directly, finished } = account;
  const paid = toPeers + directly;
  const saved = Math.max(0, delivered - paid);
  return {
    ...{ deliveredBytes: Math.round(delivered), paidBytes: paid, toPeersBytes: toPeers },
    ...{ directBytes: directly, savedBytes: Math.round(saved), finished },
    paidMoney: costOf(paid, price) ?? null,
    savedMoney: costOf(saved, price) ?? null,
  };
}

function reportItem(item: WatchedItem, { desk, price }: ReportContext): ItemReport {
  const delivery = reportDelivery(desk.account(item.key), price);
  const length = item.versions[0]?.metainfo.length ?? 0;
  const copies = (bytes: number): number => (length === 0 ? 0 : Math.floor((100 * bytes) / length) / 100);
  return {
    ...{ key: item.key, title: item.title, page: item.page, private: item.isPrivate, length },
    ...desk.numbers(item.key),
    ...delivery,
    deliveredCopies: copies(delivery.deliveredBytes),
    paidCopies: copies(delivery.paidBytes),
    versions: item.versions.length,
  };
}

/** `search`: a part of a title or key, in any case. */
export function reportOverview(context: ReportContext, search: string): OverviewReport {
  const { desk, price } = context;
  const wanted = search.toLowerCase();
  const found = desk.items.filter(
    ({ key, title }) => wanted === '' || key.includes(wanted) || title.toLowerCase().includes(wanted),
  );
  const items = found.map((item) => reportItem(item, context)).sort(busiest);
  return {
    now: Math.floor(Date.now() / 1000),
    since: desk.since,
    uptimeSeconds: Math.floor(process.uptime()),
    price: price === undefined ? null : { perGb: price.perGb, currency: price.currency ?? null },
    ...desk.totalNumbers(),
    ...reportDelivery(desk.total, price),
    itemCount: found.length,
    items: items.slice(0, MAX_ITEMS),
  };
}

export function reportSwarm(item: WatchedItem, context: ReportContext): SwarmReport {
  const peers = item.versions.flatMap((version, at) => {
    const { holdings } = version.torrent.spread(MAP_PARTS);
    return version.torrent.peers().map((peer, i): PeerReport => ({
      ...{ address: peer.address, client: peer.client, transport: transportOf(peer.transport) },
      ...{ encrypted: peer.encrypted, outgoing: peer.outgoing, progress: peer.progress },
      ...{ sendingRate: Math.round(peer.uploadRate), receivingRate: Math.round(peer.downloadRate) },
      ...{ sent: peer.uploaded, received: peer.downloaded },
      ...{ interested: peer.peerInterested, choked: peer.choking },
      parts: Buffer.from(holdings[i] ?? []).toString('hex'),
      version: item.versions.length - at,
    }));
  });
  const visitors = item.versions.flatMap(({ direct }, at) =>
    direct.visitors().map((visitor): PeerReport => ({
      ...{ address: visitor.address, client: visitor.agent, transport: 'http', encrypted: false },
      ...{ outgoing: false, progress: null, sendingRate: Math.round(visitor.rate), receivingRate: 0 },
      ...{ sent: visitor.sent, received: 0, interested: true, choked: false, parts: '' },
      version: item.versions.length - at,
    })),
  );
  const all = [...peers, ...visitors].sort((a, b) => b.sendingRate - a.sendingRate || b.sent - a.sent);
  const { pieces, copies } = item.versions[0]?.torrent.spread(MAP_PARTS) ?? { pieces: 0, copies: [] };
  return {
    ...reportItem(item, context),
    peerCount: all.length,
    peers: all.slice(0, MAX_PEERS),
    map: { pieces, copies: copies.map((value) => Math.round(value * 100) / 100) },
  };
}

function transportOf(text: string): PeerReport['transport'] {
  return text === 'utp' || text === 'webrtc' || text === 'memory' ? text : 'tcp';
}

function busiest(a: ItemReport, b: ItemReport): number {
  return (
    b.toPeers + b.directly - (a.toPeers + a.directly) ||
    b.connected - a.connected ||
    b.deliveredBytes - a.deliveredBytes ||
    (a.key < b.key ? -1 : 1)
  );
}
