// Every word that the operator's page says by script, in one place.
import { formatBytes, formatCount, formatDuration } from '../core/format.ts';

export const OPERATOR_STRINGS = {
  rates: (sending: number, connected: number, uptime: number): string =>
    `Sending ${formatBytes(sending)}/s to ${formatCount(connected, 'peer')}, online for ${formatDuration(uptime)}.`,
  noAnswer: 'The publisher does not answer; trying again.',
  wrongToken: 'This is not the token.',
  delivered: 'Delivered to people',
  paid: 'Paid for by this server',
  passed: 'Passed on by people',
  saved: 'Saved',
  savedBytes: 'Saved in traffic',
  finished: 'Finished downloads',
  copies: (copies: number): string => `${copies.toFixed(2)} ${copies === 1 ? 'copy' : 'copies'}`,
  copiesOf: (bytes: string): string => `copies, ${bytes}`,
  costing: (note: string, money: string): string => (note === '' ? money : `${note}, ${money}`),
  percent: (part: number): string => `${String(Math.round(part * 100))} %`,
  split: (server: string, people: string): string =>
    `${server} of what was delivered were paid for by this server, ${people} were passed on by people.`,
  splitNothing: 'Nothing was delivered yet.',
  since: (date: string, price: string): string => `Since ${date}. ${price}`,
  priced: (price: string): string => `A gigabyte of 1,000,000,000 bytes at ${price}.`,
  unpriced: 'For a figure in money start with --price-per-gb, for example "0.09 USD".',
  charts: {
    rates: 'Sending',
    people: 'People',
    bytes: 'Delivered and paid for',
  },
  series: {
    toPeers: 'to peers',
    directly: 'over HTTP',
    connected: 'connected',
    leechers: 'downloading',
    seeders: 'complete',
    delivered: 'delivered',
    paid: 'paid for',
  },
  chartLabel: (title: string): string => `${title}: arrow keys read the values`,
  noValues: 'no numbers of that time',
  noItems: 'No item matches.',
  itemsShown: (shown: number, total: number): string =>
    `The ${formatCount(shown, 'busiest item')} of ${total.toLocaleString('en-US')}.`,
  swarmOf: 'Swarm of',
  swarmWait: 'Not published at the moment.',
  nobody: 'Nobody at the moment.',
  peersShown: (shown: number, total: number): string =>
    `The ${formatCount(shown, 'busiest peer')} of ${total.toLocaleString('en-US')}.`,
  map: (pieces: number, least: number, most: number): string =>
    `Copies of each part of ${formatCount(pieces, 'piece')} among those connected: ${String(least)} of the rarest, ${String(most)} of the commonest.`,
  mapNothing: 'Nobody who is connected has a part of it yet.',
  transports: {
    tcp: 'TCP',
    utp: 'uTP',
    webrtc: 'WebRTC',
    http: 'HTTP',
    memory: 'memory',
  },
  noAddress: 'not shown to us',
  noProgram: 'says no name',
  browser: (name: string, version: string): string => `${name} ${version}, in a browser`,
  flags: {
    encrypted: 'encrypted',
    outgoing: 'we called',
    waiting: 'waits',
    served: 'served',
    idle: 'wants nothing',
    direct: 'web seed or direct',
  },
  labels: ['Address', 'Program', 'Way', 'Has', 'We send', 'Sent', 'It sends', 'State'],
  itemLabels: ['Item', 'Sending', 'Connected', 'Delivered', 'Paid for', 'Finished'],
  private: 'private',
} as const;
