// swarmpress daemon: torrents in the background, ruled by a web view and a REST API, until it is stopped.
import { isAbsolute, resolve } from 'node:path';
import type { SettingsChange } from '../../daemon/entry.ts';
import { startDaemon, type DaemonOptions } from '../../daemon/daemon.ts';
import { parseScheduleRule, type ScheduleRule } from '../../daemon/schedule.ts';
import { createLog, type LogLevel } from '../../node/log.ts';
import { defaultStateFolder } from '../../node/state-store.ts';
import { silentLog } from '../../ports/log.ts';
import { Option } from 'commander';
import { defineCommand, examples, type CliCommand, type CommonFlags, type Invocation } from '../command.ts';
import { collect, parseCount } from '../option-values.ts';
import { pauseUntil } from '../pause.ts';
import { parseBytes, parseDuration, parsePort, parseRatio } from '../quantity.ts';
import { addSessionOptions, toSessionOptions, type SessionFlags } from '../transfer-options.ts';
import { VERSION } from '../version.ts';

interface DaemonFlags extends CommonFlags, SessionFlags {
  readonly port: number;
  readonly host: string;
  readonly allowHost?: readonly string[];
  readonly peerPort: number;
  readonly dir: string;
  readonly allowDir?: readonly string[];
  readonly state?: string;
  readonly watch?: string;
  readonly onComplete?: string;
  readonly onCompleteArg?: readonly string[];
  readonly maxDownloads?: number;
  readonly maxSeeds?: number;
  readonly schedule?: readonly ScheduleRule[];
  readonly ratio?: number;
  readonly time?: number;
  readonly log?: LogLevel;
}

const DEFAULT_PORT = 8181;
const DEFAULT_PEER_PORT = 6881;

export const daemonCommand: CliCommand = defineCommand<DaemonFlags>({
  name: 'daemon',
  declare: (command) => {
    command
      .description('Run torrents in the background, with a web view and a REST API.')
      .option('-p, --port <port>', 'port of web view and API; 0 takes a free one', parsePort, DEFAULT_PORT)
      .option('--host <address>', 'address that web view and API listen on', '127.0.0.1')
      .option('--allow-host <name>', 'a host name that browsers may use for it (repeatable)', collect)
      .option('--peer-port <port>', 'port that peers connect to', parsePort, DEFAULT_PEER_PORT)
      .option('-d, --dir <folder>', 'where downloads go', '.')
      .option('--allow-dir <folder>', 'another place that the API may name (repeatable)', collect)
      .option('--state <folder>', 'list of torrents, token, resume data (default: the user’s state folder)')
      .option('--watch <folder>', 'add .torrent and .magnet files that appear here')
      .option(
        '--on-complete <program>',
        'run it when a download is whole; no shell, names in its environment',
      )
      .option('--on-complete-arg <text>', 'an argument for it (repeatable)', collect)
      .option('--max-downloads <count>', 'downloads at once; others wait (default: 5)', parseCount)
      .option('--max-seeds <count>', 'torrents that seed at once (default: 20)', parseCount)
      .option('--schedule <rule>', 'limits by time, like "mon-fri 08:00-18:00 down=1M up=none"', collectRules)
      .option('--ratio <ratio>', 'new torrents seed until so many copies are uploaded', parseRatio)
      .option('--time <duration>', 'new torrents seed for so long, such as 2h', parseDuration)
      .addOption(
        new Option('--log <level>', 'structured log on stderr').choices(['debug', 'info', 'warn', 'error']),
      );
    addSessionOptions(command);
    command.addHelpText(
      'after',
      examples(
        ['daemon -d downloads', 'prints the address of the web view, with the token in it'],
        ['daemon -d downloads --watch inbox --ratio 2', 'adds what is put into inbox, gives back two copies'],
        ['daemon --schedule "mon-fri 08:00-18:00 up=200K"', 'little upload in working hours'],
        ['daemon --on-complete /usr/local/bin/import-film', 'with SWARMPRESS_PATH, _NAME, _INFO_HASH, …'],
        [
          'daemon --host 0.0.0.0 --allow-host nas.home',
          'for the local network; put HTTPS before it elsewhere',
        ],
      ) + '\ndocs/daemon.md describes the API.\n',
    );
  },
  run: async (call) => {
    const { io, output, flags } = call;
    const daemon = await startDaemon(await toOptions(call));
    const url = `http://${displayHost(flags.host)}:${String(daemon.port)}/`;
    output.json({
      event: 'listening',
      url,
      port: daemon.port,
      peerPort: daemon.peerPort,
      token: daemon.token,
    });
    output.line(`${url}#token=${daemon.token}`);
    output.note(`peers connect to port ${String(daemon.peerPort)}. Ctrl-C stops; the next start carries on.`);
    await pauseUntil(io.signal);
    await daemon.close();
    output.json({ event: 'closed' });
    return 0;
  },
});

async function toOptions({ flags, io }: Invocation<DaemonFlags>): Promise<DaemonOptions> {
  const path = (text: string): string => resolve(io.cwd, text);
  const defaults: SettingsChange = { ratio: flags.ratio ?? null, seedSeconds: flags.time ?? null };
  return {
    ...{ port: flags.port, host: flags.host, names: flags.allowHost ?? [], version: VERSION, defaults },
    session: await toSessionOptions(flags, io, { port: flags.peerPort }),
    folder: path(flags.dir),
    otherFolders: (flags.allowDir ?? []).map(path),
    stateFolder: flags.state === undefined ? resolve(defaultStateFolder(), '../daemon') : path(flags.state),
    maxDownloads: flags.maxDownloads,
    maxSeeds: flags.maxSeeds,
    schedule: flags.schedule ?? [],
    watch: flags.watch === undefined ? undefined : path(flags.watch),
    onComplete:
      flags.onComplete === undefined
        ? undefined
        : { program: toProgram(flags.onComplete, path), args: flags.onCompleteArg ?? [] },
    log: flags.log === undefined ? silentLog : createLog(flags.log),
  };
}

/** A bare name is looked for in PATH; anything with a slash is a file. */
function toProgram(text: string, path: (text: string) => string): string {
  return isAbsolute(text) || !/[/\\]/.test(text) ? text : path(text);
}

function collectRules(text: string, previous: readonly ScheduleRule[] = []): ScheduleRule[] {
  return [...previous, parseScheduleRule(text, parseBytes)];
}

/** An address that one can open; the wildcard is none. */
function displayHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return 'localhost';
  return host.includes(':') ? `[${host}]` : host;
}
