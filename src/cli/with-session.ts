// Opens what a command needs to speak to peers, and closes it whatever happens.
import { resolve } from 'node:path';
import type { Session } from '../engine/api.ts';
import type { Env } from '../engine/env.ts';
import { createSession } from '../engine/session.ts';
import { createNodeEnv } from '../node/env.ts';
import type { Log } from '../ports/log.ts';
import type { Invocation } from './command.ts';
import type { ExitCode } from './io.ts';
import { proxyOf } from './proxy-option.ts';
import { toSessionOptions, type TransferFlags } from './transfer-options.ts';

export async function withSession(
  { flags, io }: Pick<Invocation<TransferFlags>, 'flags' | 'io'>,
  use: (session: Session, env: Env) => Promise<ExitCode>,
): Promise<ExitCode> {
  const env = createNodeEnv({
    stateFolder: flags.state === undefined ? undefined : resolve(io.cwd, flags.state),
    proxy: proxyOf(flags, io),
    log: (io.env['SWARMPRESS_DEBUG'] ?? '') === '' ? undefined : await debugLog(),
  });
  try {
    const session = await createSession(
      await toSessionOptions(flags, io, { port: flags.port, host: flags.host }),
      env,
    );
    try {
      return await use(session, env);
    } finally {
      await session.close();
    }
  } finally {
    await env.close();
  }
}

/** Loaded only when it is wanted: a start costs processor time, and most commands write no log. */
async function debugLog(): Promise<Log> {
  return (await import('../node/log.ts')).createLog('debug');
}
