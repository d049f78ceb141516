// Which requests a stranger's URL may make us send into private networks. A torrent, a magnet link or a redirect could
// name the user's router or a service of this host; peers and publications in private networks are welcome, though. So
// strangers may ask there for what web seeds and trackers are made of, and for nothing that steers a device.
import ipaddr from 'ipaddr.js';
import type { LocalReach } from '../ports/http.ts';

/** Whether a URL may lead to an address that is not of the public internet. */
export function mayBeLocal(reach: LocalReach, url: URL): boolean {
  switch (reach) {
    case 'any':
      return true;
    case 'files':
      return url.search === '';
    case 'announces':
      return /\/announce(\.php)?(\/|$)/.test(url.pathname);
  }
}

/** Of the public internet; loopback, private, link-local, shared and reserved ranges are not. */
export function isPublic(address: string): boolean {
  return ipaddr.isValid(address) && ipaddr.process(address).range() === 'unicast';
}
