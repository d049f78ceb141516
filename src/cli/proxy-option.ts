// The option of commands that reach everything through a proxy.
import type { Command } from 'commander';
import { parseProxy } from '../node/proxy.ts';
import type { CliIo } from './io.ts';

const HELP =
  'reach everything through socks5://[user:password@]host:port or http://…; without UDP and without taking connections (also SWARMPRESS_PROXY)';

export function addProxyOption(command: Command): void {
  command.option('--proxy <url>', HELP, parseProxyUrl);
}

/** The proxy that the option names, or the environment, which does not show in the list of processes. */
export function proxyOf(
  flags: { readonly proxy?: string | undefined },
  io: Pick<CliIo, 'env'>,
): string | undefined {
  const text = flags.proxy ?? io.env['SWARMPRESS_PROXY'];
  return text === '' ? undefined : text;
}

/** Complains of a URL that is none before anything is opened. */
function parseProxyUrl(text: string): string {
  parseProxy(text);
  return text;
}
