// Options that `get`, `seed` and `daemon` share, and what they mean to a session and a torrent.
import type { Command } from 'commander';
import type { PeerAddress } from '../core/address.ts';
import type { AddOptions, SessionOptions } from '../engine/api.ts';
import type { CommonFlags } from './command.ts';
import type { CliIo } from './io.ts';
import { collect, collectWebSeeds, parseCount } from './option-values.ts';
import { addProxyOption } from './proxy-option.ts';
import { addReachOptions, toReachOptions, type ReachFlags } from './reach-options.ts';
import { parseBytes, parseDuration, parsePeer, parsePort, parseRatio, parseTrackerUrl } from './quantity.ts';

/** What a session is told, whatever it is for. */
export interface SessionFlags extends ReachFlags {
  readonly down?: number;
  readonly up?: number;
  readonly maxPeers?: number;
}

export interface TransferFlags extends CommonFlags, SessionFlags {
  readonly port: number;
  readonly host?: string;
  readonly tracker?: readonly string[];
  readonly peer?: readonly PeerAddress[];
  readonly webSeed?: readonly string[];
  readonly recheck?: boolean;
  readonly ratio?: number;
  readonly time?: number;
  readonly state?: string;
  readonly proxy?: string;
}

export function addSessionOptions(command: Command): void {
  command
    .option('--down <rate>', 'download limit a second of all torrents, such as 500K or 2M', parseBytes)
    .option('--up <rate>', 'upload limit a second of all torrents', parseBytes)
    .option('--max-peers <count>', 'connections over all torrents (default: 500)', parseCount);
  addReachOptions(command);
}

export function addTransferOptions(command: Command, defaultPort: number): void {
  command
    .option('--port <port>', 'port that peers connect to; 0 takes a free one', parsePort, defaultPort)
    .option('--host <address>', 'address to listen on (default: all)')
    .option('-t, --tracker <url>', 'one more tracker (repeatable)', collectTrackers)
    .option('--peer <address:port>', 'a peer to connect to (repeatable)', collectPeers)
    .option('-w, --web-seed <url>', 'one more web seed (repeatable)', collectWebSeeds)
    .option('--recheck', 'hash what is on disk even if nothing seems to have changed')
    .option('--ratio <ratio>', 'stop when this many copies have been uploaded', parseRatio)
    .option('--time <duration>', 'stop after seeding so long, such as 90m or 2h', parseDuration)
    .option('--state <folder>', 'where resume data is kept (default: the user’s state folder)');
  addSessionOptions(command);
  addProxyOption(command);
}

/** Throws UsageError or SystemError where a file that an option names cannot be used. */
export async function toSessionOptions(
  flags: SessionFlags,
  io: Pick<CliIo, 'cwd'>,
  place: Pick<SessionOptions, 'port' | 'host'>,
): Promise<SessionOptions> {
  return {
    ...(await toReachOptions(flags, io)),
    ...place,
    downloadLimit: flags.down,
    uploadLimit: flags.up,
    maxPeers: flags.maxPeers,
  };
}

export function toAddOptions(flags: TransferFlags, folder: string): AddOptions {
  return {
    folder,
    check: flags.recheck === true ? 'full' : 'resume',
    trackers: flags.tracker,
    webSeeds: flags.webSeed,
    peers: flags.peer,
    maxPeers: flags.maxPeers,
  };
}

function collectTrackers(text: string, previous: readonly string[] = []): string[] {
  return collect(parseTrackerUrl(text), previous);
}

function collectPeers(text: string, previous: readonly PeerAddress[] = []): PeerAddress[] {
  return [...previous, parsePeer(text)];
}
