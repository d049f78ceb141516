// The clients that benches can name.
import { aria2 } from '../../test/support/clients/aria2.ts';
import { libtorrent, libtorrentWith } from '../../test/support/clients/libtorrent.ts';
import type { PeerClient } from '../../test/support/clients/peer.ts';
import { qbittorrent } from '../../test/support/clients/qbittorrent.ts';
import { rtorrent } from '../../test/support/clients/rtorrent.ts';
import { swarmpress } from '../../test/support/clients/swarmpress.ts';
import { transmission } from '../../test/support/clients/transmission.ts';
import { webtorrent } from '../../test/support/clients/webtorrent.ts';
import { withoutTcp } from '../../test/support/clients/without-tcp.ts';

/** Its plain settings are TCP alone. */
const LIBTORRENT_UTP = libtorrentWith({ enable_outgoing_utp: true, enable_incoming_utp: true });
const CLIENTS: readonly PeerClient[] = [
  ...[swarmpress, libtorrent, transmission, aria2],
  ...[webtorrent, qbittorrent, rtorrent],
];

/** `NAME`, or `NAME+utp`: without TCP between peers. */
export function clientNamed(text: string): PeerClient {
  const [name, transport] = text.split('+');
  const client = CLIENTS.find((each) => each.name === name);
  if (client === undefined || (transport !== undefined && transport !== 'utp')) {
    throw new Error(`no client "${text}"; there are ${CLIENTS.map((each) => each.name).join(', ')}`);
  }
  if (transport === undefined) return client;
  return withoutTcp(client === libtorrent ? LIBTORRENT_UTP : client);
}
