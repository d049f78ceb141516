// swarmpress track: a tracker until it is stopped. SIGHUP reads its configuration and lists again.
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { InvalidArgumentError, Option } from 'commander';
import { SwarmpressError, UsageError } from '../../core/errors.ts';
import { findBun } from '../../node/bun-binary.ts';
import { createLog, type LogLevel } from '../../node/log.ts';
import { silentLog } from '../../ports/log.ts';
import { readTrackerConfig, readTrackerEnvironment } from '../../server/config.ts';
import { TRACKER_DEFAULTS, type TrackerOptions } from '../../server/options.ts';
import { settingName, TRACKER_SETTINGS, type Setting } from '../../server/settings-table.ts';
import { createTracker } from '../../server/tracker.ts';
import { formatDnsRecord } from '../../server/dns-record.ts';
import type { CliIo, ExitCode } from '../io.ts';
import { defineCommand, examples, type CliCommand, type CommonFlags, type Invocation } from '../command.ts';
import { pauseUntil } from '../pause.ts';

interface TrackFlags extends CommonFlags, TrackerOptions {
  readonly config?: string;
  readonly announceHost?: string;
  readonly log?: LogLevel;
  readonly dnsRecord?: string;
  readonly runtime?: 'node' | 'bun';
}

type Call = Invocation<TrackFlags>;

export const trackCommand: CliCommand = defineCommand<TrackFlags>({
  name: 'track',
  declare: (command) => {
    command
      .description('Run a tracker: HTTP, UDP and WebSocket on one port.')
      .option('-c, --config <file>', 'TOML file with the settings below, named without the dashes')
      .option('--announce-host <name>', 'name or address that the printed URLs carry')
      .option('--dns-record <domain>', 'print the DNS record that names this tracker (BEP 34), and end')
      .addOption(
        new Option('--runtime <name>', 'run under this program: bun is faster where it is installed').choices(
          ['node', 'bun'],
        ),
      )
      .addOption(
        new Option('--log <level>', 'structured log on stderr').choices(['debug', 'info', 'warn', 'error']),
      );
    for (const [key, setting] of Object.entries(TRACKER_SETTINGS)) command.addOption(toOption(key, setting));
    command.addHelpText(
      'after',
      examples(
        ['track', 'announce URLs on port 6969, numbers at http://localhost:6969/stats'],
        ['track --port 80 --host 203.0.113.7 --public', 'a tracker for the Internet'],
        ['track --allow torrents/ --snapshot tracker.bin', 'a folder of torrents alone, kept over restarts'],
        ['track --workers 2', 'announces served by two threads, on Linux with the package koffi'],
        ['track --runtime bun', 'announces served by a thread under Bun, the fastest there is'],
        ['track --port 0 --json', 'a free port, for scripts'],
      ),
    );
  },
  run: async (call) => {
    const { flags, io, output } = call;
    if (flags.dnsRecord !== undefined) return printDnsRecord(call, flags.dnsRecord);
    if (flags.runtime === 'bun' && process.versions['bun'] === undefined) return runUnderBun(io);
    const log = flags.log === undefined ? silentLog : createLog(flags.log);
    const tracker = await createTracker(await readOptions(call), {
      log,
      onReload: async () => {
        await reload();
      },
    });
    const reload = async (): Promise<void> => tracker.reload(await readOptions(call));
    const urls = tracker.announceUrls(flags.announceHost ?? listenHost(flags.host));
    output.json({ event: 'listening', port: tracker.port, announce: urls });
    for (const url of urls) output.line(url);
    output.note(`Numbers: http://${urls[0]?.split('/')[2] ?? ''}/stats. Ctrl-C stops.`);
    const stopListening = io.onHangup?.(() => {
      void (async () => {
        try {
          await reload();
          output.note('The configuration has been read again.');
        } catch (error) {
          if (!(error instanceof SwarmpressError)) throw error;
          output.warn(`the configuration stays as it was: ${error.message}`);
        }
      })();
    });
    await pauseUntil(io.signal);
    stopListening?.();
    const statistics = tracker.statistics();
    await tracker.close();
    output.json({ event: 'closed', ...statistics });
    return 0;
  },
});

/** The command line again, under Bun. */
async function runUnderBun(io: CliIo): Promise<ExitCode> {
  const bun = findBun(io.cwd);
  if (bun === undefined || io.relaunch === undefined) {
    throw new UsageError(
      'RUNTIME_MISSING',
      'Bun is not installed here: npm install bun, or leave out --runtime bun',
    );
  }
  const code = await io.relaunch(bun);
  return code === 0 || code === 2 || code === 130 ? code : 1;
}

async function printDnsRecord(call: Call, domain: string): Promise<ExitCode> {
  const { port, udp, http, ws, tlsPort } = { ...TRACKER_DEFAULTS, ...(await readOptions(call)) };
  const web = tlsPort === 0 ? port : tlsPort;
  const record = formatDnsRecord(domain, { udp: udp ? port : undefined, tcp: http || ws ? web : undefined });
  call.output.json({ record });
  call.output.line(record);
  return 0;
}

/** Flags go before the environment, which goes before the file. */
async function readOptions({ flags, io }: Call): Promise<TrackerOptions> {
  const file = flags.config === undefined ? {} : await readTrackerConfig(resolve(io.cwd, flags.config));
  const given = Object.entries(TRACKER_SETTINGS).flatMap(([key, { kind }]) => {
    const value: unknown = flags[key as keyof TrackerOptions];
    // `--no-udp` makes false; commander makes true where nothing was said.
    if (
      value === undefined ||
      (kind === 'boolean' && value === TRACKER_DEFAULTS[key as keyof TrackerOptions])
    )
      return [];
    return [[key, kind === 'path' && typeof value === 'string' ? resolve(io.cwd, value) : value]];
  });
  return {
    ...file,
    ...readTrackerEnvironment(io.env, io.cwd),
    ...(Object.fromEntries(given) as TrackerOptions),
  };
}

function toOption(key: string, setting: Setting): Option {
  const name = settingName(key);
  const fallback = TRACKER_DEFAULTS[key as keyof TrackerOptions];
  const help = setting.kind === 'number' ? `${setting.help} (default: ${String(fallback)})` : setting.help;
  switch (setting.kind) {
    case 'boolean':
      return fallback === true ? new Option(`--no-${name}`, `no ${help}`) : new Option(`--${name}`, help);
    case 'number':
      return new Option(name === 'port' ? '-p, --port <number>' : `--${name} <number>`, help).argParser(
        (text) => parseNumber(text, setting),
      );
    case 'list':
      return new Option(`--${name} <item...>`, help);
    case 'path':
      return new Option(`--${name} <path>`, help);
    case 'text':
      return new Option(`--${name} <text>`, help);
  }
}

function parseNumber(text: string, { min, max }: { readonly min: number; readonly max: number }): number {
  const value = Number(text);
  if (/^\d{1,12}$/.test(text) && value >= min && value <= max) return value;
  throw new InvalidArgumentError(`It must be a whole number from ${String(min)} to ${String(max)}.`);
}

function listenHost(host: string | undefined): string {
  return host === undefined || host === '0.0.0.0' || host === '::' ? hostname() : host;
}
