// The TXT record that tells clients which ports of a domain have trackers (BEP 34).

/** `example.org TXT "BITTORRENT UDP:80 TCP:80"`, in the order in which they are to be tried. */
export function formatDnsRecord(
  domain: string,
  ports: { readonly udp: number | undefined; readonly tcp: number | undefined },
): string {
  const entries = [
    ...(ports.udp === undefined ? [] : [`UDP:${String(ports.udp)}`]),
    ...(ports.tcp === undefined ? [] : [`TCP:${String(ports.tcp)}`]),
  ];
  const text = ['BITTORRENT', ...entries].join(' ');
  return `${domain.replace(/\.?$/, '.')} 3600 IN TXT "${text}"`;
}
