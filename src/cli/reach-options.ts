// Options of how peers are found and connected to, for every command that shares content.
import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import type { NodeAddress } from '../core/metainfo/metainfo.ts';
import type { Encryption, ReachOptions } from '../engine/api.ts';
import { readIpFilter } from '../node/ip-filter.ts';
import type { CliIo } from './io.ts';
import { collect, collectNodes } from './option-values.ts';

export interface ReachFlags {
  /** False with --no-dht; so are the next two. */
  readonly dht: boolean;
  readonly lsd: boolean;
  readonly utp: boolean;
  /** False with --no-portmap. */
  readonly portmap: boolean;
  readonly trustLocal?: boolean;
  readonly dhtBootstrap?: readonly NodeAddress[];
  readonly encryption: Encryption;
  readonly ipFilter?: readonly string[];
}

export function addReachOptions(command: Command): void {
  command
    .option('--no-dht', 'do not look for peers in the DHT')
    .option(
      '--dht-bootstrap <host:port>',
      'where to enter the DHT, in place of the well-known hosts (repeatable)',
      collectNodes,
    )
    .option('--no-lsd', 'do not look for peers in the local network')
    .option('--no-portmap', 'do not ask routers to forward the port (PCP, NAT-PMP, UPnP)')
    .option('--trust-local', 'let torrents ask servers of private networks for more than files and announces')
    .option('--no-utp', 'connect over TCP alone')
    .addOption(
      new Option('--encryption <policy>', 'off, allow (both kinds taken), prefer or require')
        .choices(['off', 'allow', 'prefer', 'require'])
        .default('allow'),
    )
    .option('--ip-filter <file>', 'addresses to stay away from: ranges or CIDR (repeatable)', collect);
}

/** Throws UsageError or SystemError for a filter that cannot be read. */
export async function toReachOptions(flags: ReachFlags, io: Pick<CliIo, 'cwd'>): Promise<ReachOptions> {
  const { dht, lsd, utp, portmap, encryption, ipFilter = [] } = flags;
  const filter =
    ipFilter.length === 0 ? undefined : await readIpFilter(ipFilter.map((path) => resolve(io.cwd, path)));
  return {
    dht: dht ? { bootstrap: flags.dhtBootstrap } : undefined,
    lsd,
    utp,
    portMapping: portmap,
    trustLocal: flags.trustLocal,
    encryption,
    isBlocked: filter === undefined ? undefined : (ip) => filter.has(ip),
  };
}
