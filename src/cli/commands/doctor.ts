// swarmpress doctor: examines what stands between this host and peers, one line each with what to do next.
import { resolve } from 'node:path';
import { SwarmpressError } from '../../core/errors.ts';
import type { Session } from '../../engine/api.ts';
import type { Env } from '../../engine/env.ts';
import { createSession } from '../../engine/session.ts';
import { createNodeEnv } from '../../node/env.ts';
import { defineCommand, examples, type CliCommand, type CommonFlags, type Invocation } from '../command.ts';
import { finding, type Finding } from '../doctor/finding.ts';
import { checkAddresses, checkClock, checkDisk, checkWebRtc } from '../doctor/host-checks.ts';
import { checkDht, checkPort, checkReachable, checkRouters } from '../doctor/session-checks.ts';
import { checkTracker, timeOf } from '../doctor/tracker-checks.ts';
import { collect } from '../option-values.ts';
import { parsePort, parseTrackerUrl } from '../quantity.ts';
import { addReachOptions, toReachOptions, type ReachFlags } from '../reach-options.ts';
import { addProxyOption, proxyOf } from '../proxy-option.ts';

interface DoctorFlags extends CommonFlags, ReachFlags {
  readonly port: number;
  readonly host?: string;
  readonly dir: string;
  readonly tracker?: readonly string[];
  readonly state?: string;
  readonly proxy?: string;
}

type Call = Invocation<DoctorFlags>;

const DEFAULT_PORT = 6881;

export const doctorCommand: CliCommand = defineCommand<DoctorFlags>({
  name: 'doctor',
  declare: (command) => {
    command
      .description('Examine what stands between this host and peers. Exit code 1 if something does not work.')
      .option('--port <port>', 'port that peers connect to', parsePort, DEFAULT_PORT)
      .option('--host <address>', 'address to listen on (default: all)')
      .option('-d, --dir <folder>', 'where downloads go: its disk is measured', '.')
      .option(
        '-t, --tracker <url>',
        'a tracker to reach: http, https, udp, ws or wss (repeatable)',
        collectTrackers,
      )
      .option('--state <folder>', 'where nodes of the DHT are kept (default: the user’s state folder)');
    addReachOptions(command);
    addProxyOption(command);
    command.addHelpText(
      'after',
      examples(
        ['doctor --port 51413', 'the port that is used for seeding; nothing else may listen on it'],
        ['doctor -t udp://tracker.example:6969 -t wss://tracker.example', 'and these trackers'],
        ['doctor --json', 'one object for each check, for programs'],
      ),
    );
  },
  run: async (call) => {
    const { flags, io } = call;
    const env = createNodeEnv({
      stateFolder: flags.state === undefined ? undefined : resolve(io.cwd, flags.state),
      proxy: proxyOf(flags, io),
    });
    try {
      const findings: Finding[] = [];
      for await (const found of examine(call, env)) {
        findings.push(found);
        report(call, found);
      }
      const failed = findings.filter(({ status }) => status === 'fail').length;
      const warned = findings.filter(({ status }) => status === 'warn').length;
      call.output.json({ event: 'doctor', ok: failed === 0, failed, warned });
      if (io.signal.aborted) return 130;
      return failed === 0 ? 0 : 1;
    } finally {
      await env.close();
    }
  },
});

/** In the order of their printing; each as soon as it is known. */
async function* examine(call: Call, env: Env): AsyncGenerator<Finding> {
  const { flags, io } = call;
  yield* checkAddresses();
  yield await checkDisk(resolve(io.cwd, flags.dir));
  yield await checkWebRtc(env);
  const trackers = flags.tracker ?? [];
  const webTracker = trackers.find((url) => /^https?:/i.test(url));
  const date = webTracker === undefined ? undefined : await timeOf(webTracker, env);
  yield checkClock(date, env.clock.unixSeconds());
  for (const tracker of trackers) yield await checkTracker(tracker, env);
  const session = await openOrFind(call, env);
  if ('check' in session) {
    yield session;
    return;
  }
  try {
    const examined = { session, env, signal: io.signal };
    yield checkPort(examined);
    yield await checkRouters(examined);
    yield await checkReachable(examined);
    yield await checkDht(examined);
  } finally {
    await session.close();
  }
}

/** A port that cannot be had is a finding, not an end. */
async function openOrFind({ flags, io }: Call, env: Env): Promise<Session | Finding> {
  try {
    return await createSession(
      { ...(await toReachOptions(flags, io)), port: flags.port, host: flags.host },
      env,
    );
  } catch (error) {
    if (!(error instanceof SwarmpressError) || !error.code.startsWith('LISTEN_')) throw error;
    return finding('port', 'fail', error.message, 'end what listens there, or name another --port');
  }
}

function report({ output }: Call, { check, status, message, next }: Finding): void {
  const { green, yellow, red } = output.colors;
  const paint = { ok: green, warn: yellow, fail: red }[status];
  output.json({ event: 'check', check, status, message, next: next ?? null });
  output.line(`${paint(status.padEnd(4))} ${check}: ${message}`);
  if (next !== undefined) output.line(`     ${next}`);
}

function collectTrackers(text: string, previous: readonly string[] = []): string[] {
  return collect(parseTrackerUrl(text), previous);
}
