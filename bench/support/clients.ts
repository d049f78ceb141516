// The clients that benches can name.
import { aria2 } from '../../test/support/clients/aria2.ts';
import { libtorrent } from '../../test/support/clients/libtorrent.ts';
import type { PeerClient } from '../../test/support/clients/peer.ts';
import { qbittorrent } from '../../test/support/clients/qbittorrent.ts';
import { rtorrent } from '../../test/support/clients/rtorrent.ts';
import { swarmpress } from '../../test/support/clients/swarmpress.ts';
import { transmission } from '../../test/support/clients/transmission.ts';
import { webtorrent } from '../../test/support/clients/webtorrent.ts';

const CLIENTS: readonly PeerClient[] = [
  ...[swarmpress, libtorrent, transmission, aria2],
  ...[webtorrent, qbittorrent, rtorrent],
];

export function clientNamed(name: string): PeerClient {
  const client = CLIENTS.find((each) => each.name === name);
  if (client === undefined) {
    throw new Error(`no client "${name}"; there are ${CLIENTS.map((each) => each.name).join(', ')}`);
  }
  return client;
}
