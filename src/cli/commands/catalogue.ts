// swarmpress catalogue: looks into the state of a catalogue and changes it. A publisher that runs follows within a second.
import { realpath } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Option } from 'commander';
import { SystemError, UsageError } from '../../core/errors.ts';
import { formatCount, printable } from '../../core/format.ts';
import { Access } from '../../catalogue/access.ts';
import { itemPath } from '../../catalogue/item-links.ts';
import type { ItemRecord } from '../../catalogue/records.ts';
import { parseSlug } from '../../catalogue/slug.ts';
import { statePaths } from '../../catalogue/state-paths.ts';
import { CatalogueState, type ItemChanges } from '../../catalogue/state.ts';
import { toFileError } from '../../node/file-error.ts';
import { OPERATOR_PATH } from '../../publish/operator/operator-site.ts';
import { openLmdbDatabase } from '../../node/lmdb-database.ts';
import { defineCommand, examples, type CliCommand, type CommonFlags, type Invocation } from '../command.ts';
import type { CliIo } from '../io.ts';
import { parseCount } from '../option-values.ts';
import { stateFolderOf } from '../publish-flags.ts';
import { parseDuration } from '../quantity.ts';

interface CatalogueFlags extends CommonFlags {
  readonly state?: string;
  readonly title?: string;
  readonly comment?: string;
  readonly word?: string;
  readonly expires?: number | 'never';
  readonly downloads?: number | 'any';
  readonly access?: ItemRecord['access'];
  readonly note?: string;
  readonly operate?: boolean;
}

type Call = Invocation<CatalogueFlags>;

interface Change {
  readonly call: Call;
  readonly state: CatalogueState;
  readonly now: number;
}

const ACTIONS: Readonly<Record<string, (change: Change) => Promise<void>>> = {
  list,
  add,
  update,
  set,
  remove: takeDown,
  restore,
  token: issueToken,
  tokens: listTokens,
  revoke,
};

const ACTION_HELP = `
Actions:
  list                 the items, their versions and what was moved for them
  add PATH...          publish more; the running publisher takes them up, and so does every later start
  update ITEM [PATH]   publish the content as it is now, or that of another path, as a new version
  set ITEM             change --title, --comment, --expires, --downloads, --access
  remove ITEM          take it down; visitors read --word
  restore ITEM         publish it again
  token [ITEM]         a token for a private item, or for all (--operate: for the operator’s view); valid for --expires
  tokens               the tokens that were issued
  revoke ID            make a token worthless
`;

export const catalogueCommand: CliCommand = defineCommand<CatalogueFlags>({
  name: 'catalogue',
  declare: (command) => {
    command
      .description('See and change what a catalogue publishes: items, versions, tokens.')
      .argument('<action>', Object.keys(ACTIONS).join(', '))
      .argument('[operand...]', 'items, paths or tokens')
      .option('--state <folder>', 'the state folder of the publisher (default: the user’s)')
      .option('--title <text>', 'what the item is called')
      .option('--comment <text>', 'what is said of it')
      .option('--word <text>', 'what visitors read in its place')
      .option('--expires <duration>', 'when it ends: 12h, 30d, or never', parseExpiry)
      .option('--downloads <count>', 'after how many downloads it ends, or any', parseDownloads)
      .addOption(new Option('--access <who>', 'who may see it').choices(['public', 'private']))
      .option('--note <text>', 'whom a token is for')
      .option('--operate', 'a token for the operator’s view, in place of one for items')
      .addHelpText('after', ACTION_HELP);
    command.addHelpText(
      'after',
      examples(
        ['catalogue list', 'what is published'],
        ['catalogue update handbook ./handbook-2', 'a new version; the old page points to it'],
        ['catalogue set draft --access private --expires 7d', 'for holders of a token, for a week'],
        ['catalogue token draft --expires 2d --note Ann', 'a link for one person'],
        ['catalogue remove old-film --word "Taken down at the request of its author."', ''],
      ),
    );
  },
  run: async (call) => {
    const [name = ''] = call.args;
    const action = Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined;
    if (action === undefined) {
      throw new UsageError('USAGE', `no action "${name}"; there are ${Object.keys(ACTIONS).join(', ')}`);
    }
    const database = await openLmdbDatabase(statePaths(stateFolderOf(call.flags, call.io)).database);
    try {
      await action({ call, state: new CatalogueState(database), now: Math.floor(Date.now() / 1000) });
    } finally {
      await database.close();
    }
    return 0;
  },
});

function list({ call: { output }, state }: Change): Promise<void> {
  for (const item of state.items()) {
    const counts = state.counts(item.slug);
    output.json({ ...item, ...counts });
    const ends = item.down === undefined ? '' : '  taken down';
    const who = item.access === 'private' ? '  private' : '';
    output.line(
      `${item.slug}  version ${String(item.version)}  ${formatCount(counts.downloads, 'download')}${who}${ends}  ${printable(item.path)}`,
    );
  }
  return Promise.resolve();
}

async function add({ call, state, now }: Change): Promise<void> {
  const { args, io, flags } = call;
  if (args.length < 2) throw new UsageError('USAGE', 'name the paths to add');
  const paths = await Promise.all(args.slice(1).map((path) => placeOf(path, io)));
  const items = await state.ensure(paths, {
    source: 'added',
    createdAt: now,
    access: flags.access ?? 'public',
  });
  for (const { slug } of items) report(call, await state.change(slug, changesOf(flags, now)), 'added');
}

async function update(change: Change): Promise<void> {
  const { call, state, now } = change;
  const slug = operand(call, 'item');
  const path = call.args[2] === undefined ? undefined : await placeOf(call.args[2], call.io);
  report(call, await state.change(slug, { ...changesOf(call.flags, now), path, look: now }), 'to be updated');
}

async function set({ call, state, now }: Change): Promise<void> {
  report(call, await state.change(operand(call, 'item'), changesOf(call.flags, now)), 'changed');
}

async function takeDown({ call, state, now }: Change): Promise<void> {
  const down = { since: now, word: call.flags.word ?? '' };
  report(call, await state.change(operand(call, 'item'), { down }), 'taken down');
}

async function restore({ call, state }: Change): Promise<void> {
  report(call, await state.change(operand(call, 'item'), { down: null }), 'to be published again');
}

async function issueToken({ call, state, now }: Change): Promise<void> {
  const { flags, args, output } = call;
  const slug = args[1] === undefined ? undefined : parseSlug(args[1]);
  if (slug !== undefined && state.item(slug) === undefined) {
    throw new UsageError('ITEM_UNKNOWN', `no item ${slug}; "catalogue list" shows them`);
  }
  const expiresAt = typeof flags.expires === 'number' ? now + flags.expires : undefined;
  const access = await Access.open(state);
  const operates = flags.operate === true;
  if (operates && slug !== undefined) {
    throw new UsageError('USAGE', 'the operator’s view is for the whole catalogue; name no item');
  }
  const right = operates ? 'operate' : 'read';
  const { id, token } = await access.issue({ slug, right, expiresAt, note: flags.note }, now);
  const path = operates
    ? `${OPERATOR_PATH}#token=${token}`
    : slug === undefined
      ? `items/ITEM/~${token}/`
      : itemPath(slug, { token });
  output.json({ id, token, path, expiresAt: expiresAt ?? null });
  output.line(`  id     ${id}`);
  output.line(`  path   ${path}`);
  const what = operates ? 'see the operator’s view' : 'read and download the item';
  output.note(`put the path behind the catalogue’s address; whoever has it can ${what}`);
}

function listTokens({ call: { output }, state, now }: Change): Promise<void> {
  for (const token of state.tokens()) {
    output.json(token);
    const isOver = token.expiresAt !== undefined && token.expiresAt <= now;
    const standing = token.revokedAt === undefined ? (isOver ? 'expired' : 'valid') : 'revoked';
    output.line(`${token.id}  ${standing}  ${token.slug ?? 'everything'}  ${printable(token.note ?? '')}`);
  }
  return Promise.resolve();
}

async function revoke({ call, state, now }: Change): Promise<void> {
  const id = call.args[1] ?? '';
  const token = await state.revokeToken(id, now);
  call.output.json({ ...token });
  call.output.line(`revoked  ${id}`);
}

function changesOf({ title, comment, access, expires, downloads }: CatalogueFlags, now: number): ItemChanges {
  return {
    ...{ title, comment, access },
    expiresAt: expires === 'never' ? null : expires === undefined ? undefined : now + expires,
    maxDownloads: downloads === 'any' ? null : downloads,
  };
}

function operand({ args }: Call, what: string): string {
  if (args[1] === undefined) throw new UsageError('USAGE', `name the ${what}; "catalogue list" shows them`);
  return parseSlug(args[1]);
}

function report({ output }: Call, item: ItemRecord, what: string): void {
  output.json({ ...item });
  output.line(`${item.slug}  ${what}`);
}

async function placeOf(path: string, io: CliIo): Promise<string> {
  try {
    return await realpath(resolve(io.cwd, path));
  } catch (error) {
    throw error instanceof SystemError ? error : toFileError(error, path);
  }
}

function parseExpiry(text: string): number | 'never' {
  return text === 'never' ? text : parseDuration(text);
}

function parseDownloads(text: string): number | 'any' {
  return text === 'any' ? text : parseCount(text);
}
