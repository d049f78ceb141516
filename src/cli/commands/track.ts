// swarmpress track: a tracker until it is stopped.
import { hostname } from 'node:os';
import { silentLog } from '../../ports/log.ts';
import { createLog, type LogLevel } from '../../node/log.ts';
import { createTracker } from '../../server/tracker.ts';
import { TRACKER_DEFAULTS, type TrackerOptions } from '../../server/options.ts';
import { defineCommand, examples, type CliCommand, type CommonFlags } from '../command.ts';
import { parseCount } from '../option-values.ts';
import { parsePort } from '../quantity.ts';

type TrackFlags = CommonFlags &
  Omit<TrackerOptions, 'rateLimit' | 'rateBurst'> & {
    readonly public?: boolean;
    readonly log?: LogLevel;
    readonly rateLimit?: number;
    readonly rateBurst?: number;
    readonly trustProxy?: string[];
    readonly announceHost?: string;
  };

export const trackCommand: CliCommand = defineCommand<TrackFlags>({
  name: 'track',
  declare: (command) => {
    command
      .description('Run a tracker: HTTP, UDP and WebSocket on one port.')
      .option(
        '-p, --port <port>',
        `TCP and UDP port, 0 for a free one (default: ${String(TRACKER_DEFAULTS.port)})`,
        parsePort,
      )
      .option('--host <address>', 'address to listen on (default: all)')
      .option('--announce-host <name>', 'name or address that the printed URLs carry')
      .option('--no-http', 'no HTTP announces')
      .option('--no-udp', 'no UDP')
      .option('--no-ws', 'no WebSocket')
      .option('--interval <seconds>', 'between announces of a client (default: 1800)', parseCount)
      .option(
        '--min-interval <seconds>',
        'that clients must leave between announces (default: 60)',
        parseCount,
      )
      .option(
        '--num-want <count>',
        'peers of an answer where the client names no number (default: 50)',
        parseCount,
      )
      .option('--max-num-want <count>', 'peers of an answer at most (default: 200)', parseCount)
      .option('--public', 'refuse peers with private and loopback addresses')
      .option('--trust-client-ip', "believe the clients' ip parameter")
      .option(
        '--trust-proxy <range...>',
        'addresses whose X-Forwarded-For and Forwarded headers are believed',
      )
      .option(
        '--rate-limit <count>',
        'requests a second of one address, 0 for no limit (default: 100)',
        parseRate,
      )
      .option('--rate-burst <count>', 'requests at once of one address (default: 5000)', parseCount)
      .option('--max-swarms <count>', 'torrents at most (default: 1048576)', parseCount)
      .option('--max-peers-per-swarm <count>', 'peers of one torrent at most (default: 100000)', parseCount)
      .option('--log <level>', 'structured log on stderr: debug, info, warn or error')
      .addHelpText(
        'after',
        examples(
          ['track', 'announce URLs on port 6969, numbers at http://localhost:6969/stats'],
          ['track --port 80 --host 203.0.113.7 --public', 'a tracker for the Internet'],
          ['track --port 0 --json', 'a free port, for scripts'],
        ),
      );
  },
  run: async ({ flags, io, output }) => {
    const log = flags.log === undefined ? silentLog : createLog(flags.log);
    const tracker = await createTracker(
      { ...flags, publicOnly: flags.public, trustedProxies: flags.trustProxy },
      { log },
    );
    const host = flags.announceHost ?? (isWildcard(flags.host) ? hostname() : flags.host);
    const urls = tracker.announceUrls(host);
    output.json({ event: 'listening', port: tracker.port, announce: urls });
    for (const url of urls) output.line(url);
    output.note(`Numbers: http://${urls[0]?.split('/')[2] ?? ''}/stats. Ctrl-C stops.`);
    await stopped(io.signal);
    const statistics = tracker.statistics();
    await tracker.close();
    output.json({ event: 'closed', ...statistics });
    return 0;
  },
});

function isWildcard(host: string | undefined): host is undefined {
  return host === undefined || host === '0.0.0.0' || host === '::';
}

function stopped(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    // A socket keeps the process alive; the signal alone ends it.
    if (signal.aborted) resolve();
    else
      signal.addEventListener(
        'abort',
        () => {
          resolve();
        },
        { once: true },
      );
  });
}

function parseRate(text: string): number {
  return text === '0' ? 0 : parseCount(text);
}
