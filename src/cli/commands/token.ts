// swarmpress token: makes, shows and revokes access tokens, with the secret that the tracker checks them by.
import { resolve } from 'node:path';
import { Option } from 'commander';
import { fromHex, toHex } from '../../core/bytes/bytes.ts';
import { UsageError } from '../../core/errors.ts';
import { truncateInfoHash } from '../../core/ids.ts';
import { subjectOfInfoHash, type TokenClaims, type TokenRight } from '../../core/token/token.ts';
import { systemRandom } from '../../node/random.ts';
import {
  openTokenSigner,
  readRevoked,
  readTokenSigner,
  revokeToken,
} from '../../server/access/token-keys.ts';
import { defineCommand, examples, type CliCommand, type CommonFlags, type Invocation } from '../command.ts';
import type { CliIo, ExitCode } from '../io.ts';
import { collect } from '../option-values.ts';
import { parseDuration, parseTrackerUrl } from '../quantity.ts';
import { readTorrentSource } from '../torrent-source.ts';

interface TokenFlags extends CommonFlags {
  readonly secret: string;
  readonly torrent?: readonly string[];
  readonly expires?: number;
  readonly right: readonly TokenRight[];
  readonly url?: string;
}

type Call = Invocation<TokenFlags>;

/** Subjects of one token (see core/token). */
const MAX_SUBJECTS = 8;

export const tokenCommand: CliCommand = defineCommand<TokenFlags>({
  name: 'token',
  declare: (command) =>
    command
      .description('Make, show and revoke access tokens of a tracker.')
      .argument('<action>', 'new, show or revoke')
      .argument('[token]', 'the token, or to revoke one its id')
      .requiredOption('--secret <file>', 'the secret that signs; `new` makes it where there is none')
      .option(
        '--torrent <source>',
        'new: for this torrent alone (.torrent, magnet link or info hash; repeatable)',
        collect,
      )
      .option(
        '--expires <duration>',
        'new: good for so long, such as 12h or 30d; for ever unless given',
        parseDuration,
      )
      .addOption(
        new Option('--right <right...>', 'new: what it opens')
          .choices(['announce', 'read', 'operate'])
          .default(['announce']),
      )
      .option('--url <announce-url>', 'new: print this announce URL with the token in it', parseTrackerUrl)
      .addHelpText(
        'after',
        examples(
          [
            'token new --secret tokens.key --torrent film.torrent --expires 30d',
            'for one torrent, for a month',
          ],
          [
            'token new --secret tokens.key --url udp://t.example:6969/announce',
            'an announce URL for all torrents',
          ],
          ['token show TOKEN --secret tokens.key', 'what it is for and until when'],
          ['token revoke TOKEN --secret tokens.key', 'a tracker that runs refuses it within a second'],
        ),
      ),
  run: async (call) => {
    const [action = '', token] = call.args;
    if (action === 'new' && token === undefined) return make(call);
    if (action === 'show' && token !== undefined) return show(call, token);
    if (action === 'revoke' && token !== undefined) return revoke(call, token);
    throw new UsageError('OPTION_INVALID', 'say `token new`, `token show TOKEN` or `token revoke TOKEN`');
  },
});

async function make({ flags, io, output }: Call): Promise<ExitCode> {
  const subjects = (await Promise.all((flags.torrent ?? []).map((source) => subjectsOf(source, io)))).flat();
  if (subjects.length > MAX_SUBJECTS) {
    throw new UsageError(
      'TOKEN_TOO_MANY_TORRENTS',
      `a token is for ${String(MAX_SUBJECTS)} info hashes at most, or for all`,
    );
  }
  const signer = await openTokenSigner(resolve(io.cwd, flags.secret));
  const expiresAt = flags.expires === undefined ? undefined : Math.floor(Date.now() / 1000 + flags.expires);
  const claims = { id: systemRandom.bytes(8), rights: flags.right, expiresAt, subjects };
  const token = signer.issue(claims);
  const url = flags.url === undefined ? undefined : withToken(flags.url, token);
  output.json({ token, url, ...described(claims) });
  output.line(url ?? token);
  output.note(
    `Id ${toHex(claims.id)}, ${untilText(expiresAt)}, for ${subjects.length === 0 ? 'all torrents' : 'these torrents'}.`,
  );
  return 0;
}

async function show({ flags, io, output }: Call, token: string): Promise<ExitCode> {
  const path = resolve(io.cwd, flags.secret);
  const claims = (await readTokenSigner(path)).read(token);
  if (typeof claims === 'string') {
    output.json({ valid: false, reason: claims });
    output.line(claims === 'forged' ? 'Not signed with this secret.' : 'Not a token.');
    return 1;
  }
  const revoked = (await readRevoked(path)).has(toHex(claims.id));
  const expired = claims.expiresAt !== undefined && claims.expiresAt * 1000 <= Date.now();
  const valid = !revoked && !expired;
  output.json({ valid, revoked, expired, ...described(claims) });
  output.line(`id       ${toHex(claims.id)}`);
  output.line(
    `state    ${revoked ? 'revoked' : expired ? 'expired' : 'valid'}, ${untilText(claims.expiresAt)}`,
  );
  output.line(`opens    ${claims.rights.join(', ')}`);
  const torrents = claims.subjects.map((subject) => `${toHex(subject)}…`).join(', ');
  output.line(`torrents ${torrents === '' ? 'all' : torrents}`);
  return valid ? 0 : 1;
}

async function revoke({ flags, io, output }: Call, token: string): Promise<ExitCode> {
  const path = resolve(io.cwd, flags.secret);
  let id = token.toLowerCase();
  if (!/^[0-9a-f]{16}$/.test(id)) {
    const claims = (await readTokenSigner(path)).read(token);
    if (typeof claims === 'string') {
      throw new UsageError(
        'TOKEN_UNKNOWN',
        'neither a token of this secret nor the id of one (16 hex digits)',
      );
    }
    id = toHex(claims.id);
  }
  await revokeToken(path, id);
  output.json({ revoked: id });
  output.line(`Revoked ${id}.`);
  return 0;
}

async function subjectsOf(source: string, io: CliIo): Promise<Uint8Array[]> {
  if (/^([0-9a-f]{40}|[0-9a-f]{64})$/i.test(source)) return [subjectOfInfoHash(fromHex(source))];
  const found = await readTorrentSource(source, io);
  const { infoHash, infoHashV2 } = found.kind === 'magnet' ? found.link : found.metainfo;
  return [infoHash, infoHashV2 === undefined ? undefined : truncateInfoHash(infoHashV2)]
    .filter((hash) => hash !== undefined)
    .map(subjectOfInfoHash);
}

/** In the path where that is `/announce`, which every client keeps; in the query otherwise. */
function withToken(announceUrl: string, token: string): string {
  const url = new URL(announceUrl);
  if (/^\/(announce\/?)?$/.test(url.pathname)) {
    // Schemes that URL does not know (udp) have paths that it does not set.
    return announceUrl.replace(/(\/announce)?\/?(\?.*)?$/, `/announce/${token}$2`);
  }
  return `${announceUrl}${announceUrl.includes('?') ? '&' : '?'}token=${token}`;
}

function described({ id, rights, expiresAt, subjects }: TokenClaims): object {
  const expires = expiresAt === undefined ? undefined : new Date(expiresAt * 1000).toISOString();
  return { id: toHex(id), rights, expires, torrents: subjects.map(toHex) };
}

function untilText(expiresAt: number | undefined): string {
  return expiresAt === undefined ? 'without an end' : `until ${new Date(expiresAt * 1000).toISOString()}`;
}
