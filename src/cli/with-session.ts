// Opens what a command needs to speak to peers, and closes it whatever happens.
import { resolve } from 'node:path';
import type { Session } from '../engine/api.ts';
import type { Env } from '../engine/env.ts';
import { createSession } from '../engine/session.ts';
import { createNodeEnv } from '../node/env.ts';
import { createLog } from '../node/log.ts';
import type { Invocation } from './command.ts';
import type { ExitCode } from './io.ts';
import { toSessionOptions, type TransferFlags } from './transfer-options.ts';

export async function withSession(
  { flags, io }: Pick<Invocation<TransferFlags>, 'flags' | 'io'>,
  use: (session: Session, env: Env) => Promise<ExitCode>,
): Promise<ExitCode> {
  const env = createNodeEnv({
    stateFolder: flags.state === undefined ? undefined : resolve(io.cwd, flags.state),
    log: (io.env['SWARMPRESS_DEBUG'] ?? '') === '' ? undefined : createLog('debug'),
  });
  try {
    const session = await createSession(await toSessionOptions(flags, io), env);
    try {
      return await use(session, env);
    } finally {
      await session.close();
    }
  } finally {
    await env.close();
  }
}
