// Options that several commands share: how content is laid out, and what else the .torrent says.
import { Option, type Command } from 'commander';
import type { OuterFields } from '../core/metainfo/build.ts';
import type { MetainfoVersion, NodeAddress } from '../core/metainfo/metainfo.ts';
import type { ContentOptions } from '../node/create-torrent.ts';
import type { SymlinkPolicy } from '../node/fs-walk.ts';
import type { CliIo } from './io.ts';
import {
  collect,
  collectNodes,
  collectTiers,
  collectWebSeeds,
  parseDate,
  parsePieceLength,
} from './option-values.ts';
import { VERSION } from './version.ts';

export interface ContentFlags {
  readonly mode: MetainfoVersion;
  readonly name?: string;
  readonly pieceLength?: number;
  readonly padding?: boolean;
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
  readonly hidden?: boolean;
  readonly symlinks: SymlinkPolicy;
  /** False with --no-executable. */
  readonly executable: boolean;
}

/** What is published and how it is cut into pieces. */
export function addContentOptions(command: Command): void {
  command
    .addOption(
      new Option('-m, --mode <version>', 'BitTorrent version of the .torrent')
        .choices(['v1', 'v2', 'hybrid'])
        .default('hybrid'),
    )
    .option('-n, --name <name>', 'name of the file or root folder (default: that of PATH)')
    .option(
      '-l, --piece-length <size>',
      'like 1MiB, or 20 for 2^20 (default: up to 2,048 pieces)',
      parsePieceLength,
    )
    .option('--padding', 'v1: align files to pieces with padding files, as hybrids always do')
    .option('--include <glob>', 'take only matching files (repeatable)', collect)
    .option('--exclude <glob>', 'leave out matching files and folders (repeatable)', collect)
    .option('--hidden', 'take names that start with a dot too')
    .addOption(
      new Option(
        '--symlinks <policy>',
        'follow symlinks inside the content, keep them as links, or skip them',
      )
        .choices(['follow', 'keep', 'skip'])
        .default('follow'),
    )
    .option('--no-executable', 'do not note which files are executable (BEP 47)');
}

export function readContentOptions(flags: ContentFlags): ContentOptions {
  const { mode, name, pieceLength, padding, include, exclude, hidden, symlinks, executable } = flags;
  return { version: mode, name, pieceLength, padding, include, exclude, hidden, symlinks, executable };
}

export interface FieldFlags {
  readonly tracker?: readonly (readonly string[])[];
  readonly webSeed?: readonly string[];
  readonly node?: readonly NodeAddress[];
  readonly comment?: string;
  /** False with --no-date. */
  readonly date?: number | false;
  /** False with --no-created-by. */
  readonly createdBy?: string | false;
}

/** What the .torrent says beside the content. */
export function addFieldOptions(command: Command): void {
  command
    .option(
      '-t, --tracker <urls>',
      'a tier of trackers, commas between its URLs (repeatable, in order)',
      collectTiers,
    )
    .option('-w, --web-seed <url>', 'where the content is on the web (repeatable)', collectWebSeeds)
    .option('--node <host:port>', 'a DHT node to start from (repeatable)', collectNodes)
    .option('-c, --comment <text>', 'a comment')
    .option(
      '--date <when>',
      'creation date, a date or seconds since 1970 (default: SOURCE_DATE_EPOCH or now)',
      parseDate,
    )
    .option('--no-date', 'leave the creation date out')
    .option('--created-by <text>', 'name of the program (default: this one)')
    .option('--no-created-by', 'leave the name of the program out');
}

/** With --no-date and --no-created-by the same content gives the same bytes, everywhere. */
export function readFields(flags: FieldFlags, io: Pick<CliIo, 'env'>): OuterFields {
  return {
    trackers: flags.tracker,
    webSeeds: flags.webSeed,
    nodes: flags.node,
    comment: flags.comment,
    creationDate: flags.date === false ? undefined : (flags.date ?? defaultDate(io)),
    createdBy: flags.createdBy === false ? undefined : (flags.createdBy ?? `swarmpress/${VERSION}`),
  };
}

function defaultDate(io: Pick<CliIo, 'env'>): number {
  const epoch = io.env['SOURCE_DATE_EPOCH'] ?? '';
  return epoch === '' ? Math.floor(Date.now() / 1000) : parseDate(epoch);
}
