// A client on a host that opens no TCP connections to peers: what is left is uTP.
import { PEER_PORT, type PeerClient } from './peer.ts';

export function withoutTcp(client: PeerClient): PeerClient {
  return {
    ...client,
    name: `${client.name}+utp`,
    start: async (host, job) => {
      const toPeers = ['ipproto', 'tcp', 'dport', String(PEER_PORT)];
      await host.run(['ip', 'rule', 'add', ...toPeers, 'pref', '10', 'unreachable']);
      return client.start(host, job);
    },
  };
}
