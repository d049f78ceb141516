// swarmpress user: the users of a tracker, their passkeys and totals. Works beside a tracker that runs.
import { resolve } from 'node:path';
import { UsageError } from '../../core/errors.ts';
import { openUsers } from '../../server/access/open-access.ts';
import { UserBook, type User } from '../../server/access/user-book.ts';
import { defineCommand, examples, type CliCommand, type CommonFlags, type Invocation } from '../command.ts';

interface UserFlags extends CommonFlags {
  readonly users: string;
}

type Call = Invocation<UserFlags>;

export const userCommand: CliCommand = defineCommand<UserFlags>({
  name: 'user',
  declare: (command) =>
    command
      .description('Users of a tracker: add, list, lock, remove.')
      .argument('<action>', 'add, list, lock, unlock, passkey or remove')
      .argument('[name]', 'the user')
      .requiredOption('--users <file>', 'the database; made where there is none')
      .addHelpText(
        'after',
        examples(
          ['user add alice --users users.db', 'prints the passkey, which is kept nowhere'],
          ['user list --users users.db', 'names and totals'],
          ['user lock alice --users users.db', 'refused by a running tracker within seconds'],
          ['user passkey alice --users users.db', 'a new passkey instead of a lost one'],
        ),
      ),
  run: async (call) => {
    const [action = '', name] = call.args;
    const database = await openUsers(resolve(call.io.cwd, call.flags.users));
    try {
      await act(new UserBook(database), { action, name }, call);
      return 0;
    } finally {
      await database.close();
    }
  },
});

async function act(
  book: UserBook,
  { action, name }: { readonly action: string; readonly name: string | undefined },
  { output }: Call,
): Promise<void> {
  if (action === 'list' && name === undefined) {
    const users = book.list();
    output.json({
      users: users.map(({ name: who, uploaded, downloaded, locked }) => ({
        name: who,
        uploaded,
        downloaded,
        locked,
      })),
    });
    for (const user of users) output.line(lineOf(user));
    if (users.length === 0) output.note('There are no users yet.');
    return;
  }
  if (name === undefined) throw unknownAction();
  switch (action) {
    case 'add':
    case 'passkey': {
      const passkey = await (action === 'add' ? book.add(name) : book.rekey(name));
      output.json({ name, passkey });
      output.line(passkey);
      output.note(`Announce URL: …/announce/${passkey}. It cannot be shown again.`);
      break;
    }
    case 'lock':
    case 'unlock':
      await book.lock(name, action === 'lock');
      output.json({ name, locked: action === 'lock' });
      break;
    case 'remove':
      await book.remove(name);
      output.json({ name, removed: true });
      break;
    default:
      throw unknownAction();
  }
}

function lineOf({ name, uploaded, downloaded, locked }: User): string {
  const ratio = downloaded === 0 ? '' : `  ratio ${(uploaded / downloaded).toFixed(2)}`;
  return `${name.padEnd(24)} sent ${gigabytes(uploaded)}  fetched ${gigabytes(downloaded)}${ratio}${locked ? '  locked' : ''}`;
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(3).padStart(10)} GB`;
}

function unknownAction(): UsageError {
  return new UsageError('OPTION_INVALID', 'say add, lock, unlock, passkey or remove with a name, or list');
}
