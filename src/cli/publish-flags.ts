// The options of `publish`, for one thing and for many.
import { dirname, resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { formatAddress } from '../core/address.ts';
import type { MetainfoVersion } from '../core/metainfo/metainfo.ts';
import { defaultStateFolder } from '../node/state-store.ts';
import { pickHostAddress } from '../publish/host-address.ts';
import { parsePublicUrl } from '../publish/links.ts';
import { parsePrice, type Price } from '../publish/operator/money.ts';
import type { Operator, OperatorOptions } from '../publish/operator/operator.ts';
import type { CommonFlags } from './command.ts';
import type { CliIo } from './io.ts';
import { collect } from './option-values.ts';
import { parseBytes, parseDuration, parsePort, parseTrackerUrl } from './quantity.ts';
import { addReachOptions, type ReachFlags } from './reach-options.ts';

export interface PublishFlags extends CommonFlags, ReachFlags {
  readonly port: number;
  readonly peerPort?: number;
  readonly host?: string;
  readonly publicUrl?: URL;
  readonly tracker?: readonly string[];
  readonly webSeed: boolean;
  readonly mode: MetainfoVersion;
  readonly private?: boolean;
  readonly exclude?: readonly string[];
  readonly hidden?: boolean;
  readonly comment?: string;
  readonly up?: number;
  readonly state?: string;
  readonly qr: boolean;
  readonly watch?: string;
  readonly settle: number;
  readonly title?: string;
  readonly catalogue?: boolean;
  readonly operator: boolean;
  readonly operatorToken?: string;
  readonly pricePerGb?: Price;
}

const DEFAULT_PORT = 8080;
const DEFAULT_SETTLE_SECONDS = 5;

export function addPublishOptions(command: Command): void {
  command
    .argument('[path...]', 'files and folders; several make a catalogue')
    .option('-p, --port <port>', 'port of page and tracker; 0 takes a free one', parsePort, DEFAULT_PORT)
    .option('--peer-port <port>', 'port that peers connect to (default: the next one)', parsePort)
    .option('--host <address>', 'address to listen on (default: all)')
    .option(
      '-u, --public-url <url>',
      'what strangers see (default: http, this machine’s address)',
      parsePublicUrl,
    )
    .option('-t, --tracker <url>', 'one more tracker (repeatable)', collectTrackers)
    .option('--no-web-seed', 'do not offer the files over HTTP')
    .addOption(
      new Option('-m, --mode <version>', 'BitTorrent version of the torrent')
        .choices(['v1', 'v2', 'hybrid'])
        .default('hybrid'),
    )
    .option('--private', 'peers from the trackers alone (BEP 27); in a catalogue: for holders of a token')
    .option('--exclude <glob>', 'leave out matching files and folders (repeatable)', collect)
    .option('--hidden', 'take names that start with a dot too')
    .option('-c, --comment <text>', 'a comment, shown on the page')
    .option('--up <rate>', 'upload limit to peers a second, such as 500K or 2M', parseBytes)
    .option(
      '--state <folder>',
      'where torrents are kept for the next start (default: the user’s state folder)',
    )
    .option('--no-qr', 'print no QR code')
    .option('--watch <folder>', 'publish each entry of a folder, as entries come and change')
    .option(
      '--settle <duration>',
      'an entry of the watched folder counts when it has been still for so long',
      parseDuration,
      DEFAULT_SETTLE_SECONDS,
    )
    .option('--title <text>', 'name of the catalogue (default: of the watched folder)')
    .option('--catalogue', 'a catalogue even of one path')
    .option('--no-operator', 'no operator’s view')
    .option(
      '--operator-token <file>',
      'file of the token that opens the operator’s view (default: operator.token in the state folder)',
    )
    .option('--price-per-gb <price>', 'what a gigabyte of traffic costs, such as "0.09 USD"', parsePrice);
  addReachOptions(command);
}

export function isCatalogue(args: readonly string[], flags: PublishFlags): boolean {
  return args.length !== 1 || flags.watch !== undefined || flags.catalogue === true;
}

/** Undefined where there is to be no operator's view. */
export function operatorOf(flags: PublishFlags, io: Pick<CliIo, 'cwd'>): OperatorOptions | undefined {
  const { operator, operatorToken, pricePerGb: price } = flags;
  const tokenFile = operatorToken === undefined ? undefined : resolve(io.cwd, operatorToken);
  return operator ? { tokenFile, price } : undefined;
}

/** The link to the operator's view: with the token on a terminal alone, as other outputs end up in logs. */
export function operatorLink(
  { page, token, tokenFile }: Pick<Operator, 'page' | 'token' | 'tokenFile'>,
  { stdout }: Pick<CliIo, 'stdout'>,
): string {
  return stdout.isTTY === true ? `${page}#token=${token}` : `${page}  token in ${tokenFile}`;
}

/** What events say of the operator's view: never the token. */
export function operatorEvent(
  operator: Pick<Operator, 'page' | 'tokenFile'> | undefined,
): { readonly page: string; readonly tokenFile: string } | null {
  return operator === undefined ? null : { page: operator.page, tokenFile: operator.tokenFile };
}

export function stateFolderOf(
  flags: { readonly state?: string | undefined },
  io: Pick<CliIo, 'cwd'>,
): string {
  return flags.state === undefined ? dirname(defaultStateFolder()) : resolve(io.cwd, flags.state);
}

/** What strangers see when the publisher has not said. */
export function baseUrlOf({ publicUrl, host }: PublishFlags, port: number): URL {
  if (publicUrl !== undefined) return publicUrl;
  const authority = formatAddress({ ip: pickHostAddress(host).ip, port });
  return new URL(`http://${authority}/`);
}

export function reachNote({ publicUrl, host }: PublishFlags): string {
  if (publicUrl !== undefined) return `strangers come to ${publicUrl.href}; Ctrl-C ends the publication`;
  const { ip, scope } = pickHostAddress(host);
  const reach = scope === 'machine' ? 'this machine only' : 'whoever reaches that address';
  return `links carry ${ip} and work for ${reach}; --public-url names another. Ctrl-C ends the publication`;
}

function collectTrackers(text: string, previous: readonly string[] = []): string[] {
  return collect(parseTrackerUrl(text), previous);
}
