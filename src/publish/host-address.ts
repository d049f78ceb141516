// Which address of this machine to put into links when nobody said what strangers see.
import { networkInterfaces, type NetworkInterfaceInfo } from 'node:os';

/** `scope` says who can reach the address: only this machine, or whoever shares (or is routed to) its network. */
export interface HostAddress {
  readonly ip: string;
  readonly scope: 'machine' | 'network';
}

/** The bound address if it is a particular one, else the first of the machine that others may reach: IPv4 first. */
export function pickHostAddress(
  bound: string | undefined,
  interfaces: NodeJS.Dict<NetworkInterfaceInfo[]> = networkInterfaces(),
): HostAddress {
  if (bound !== undefined && bound !== '0.0.0.0' && bound !== '::') {
    return {
      ip: bound,
      scope: bound.startsWith('127.') || bound === '::1' || bound === 'localhost' ? 'machine' : 'network',
    };
  }
  const outside = Object.values(interfaces)
    .flatMap((addresses) => addresses ?? [])
    // Link-local addresses only work with a zone, which URLs do not carry.
    .filter(({ internal, address }) => !internal && !/^(169\.254\.|fe[89ab])/i.test(address));
  const best = outside.find(({ family }) => family === 'IPv4') ?? outside[0];
  return best === undefined ? { ip: '127.0.0.1', scope: 'machine' } : { ip: best.address, scope: 'network' };
}
