// A home router as a namespace: hosts behind it reach the network by its address, and nobody reaches them unasked.
import { batch, Host, makeNamespace } from './network.ts';

/** What comes from outside without having been asked for is dropped, for the router itself too, as home routers do. */
const RULES = `
table inet home {
  chain input {
    type filter hook input priority 0; policy accept;
    iifname "eth0" ct state established,related accept
    iifname "eth0" meta l4proto { tcp, udp } drop
  }
  chain forward {
    type filter hook forward priority 0; policy drop;
    iifname "lan0" accept
    ct state established,related accept
    ct status dnat accept
  }
}
table ip homenat {
  chain postrouting {
    type nat hook postrouting priority 100; policy accept;
    oifname "eth0" masquerade
  }
}
`;

/** Makes a host of the network a router, and gives it one host behind. */
export async function routeBehind(router: Host): Promise<Host> {
  const { stage } = router;
  const name = await makeNamespace(stage);
  await batch([`link add lan0 type veth peer name eth0 netns ${name}`], router.name);
  await batch(['addr add 192.168.7.1/24 dev lan0', 'link set lan0 up'], router.name);
  await batch(
    [
      'addr add 192.168.7.2/24 dev eth0',
      'link set eth0 up',
      'link set lo up',
      'route add default via 192.168.7.1',
    ],
    name,
  );
  await router.run(['sysctl', '-qw', 'net.ipv4.ip_forward=1']);
  await router.run(['sh', '-c', `printf '%s' "$0" | nft -f -`, RULES]);
  return new Host({ name, address: '192.168.7.2', stage, bridge: router.name, port: 'lan0' });
}
