import { describe, expect, test } from 'vitest';
import { ProtocolError, SystemError, UsageError, type SwarmpressError } from '../core/errors.ts';
import { defineCommand, type CommonFlags } from './command.ts';
import { COMMANDS } from './commands.ts';
import { runCli } from './run.ts';
import { createTestIo } from '../../test/support/cli-io.ts';

const hello = defineCommand<CommonFlags & { readonly loud?: boolean }>({
  name: 'hello',
  declare: (command) => command.description('say hello').argument('<name>').option('--loud', 'shout'),
  run: ({ args, flags, output }) => {
    output.line(`hello ${args[0] ?? ''}${flags.loud === true ? '!' : ''}`);
    output.json({ hello: args[0] });
    output.note('said');
    return Promise.resolve(0);
  },
});

function failing(error: Error): ReturnType<typeof defineCommand> {
  return defineCommand({ name: 'fail', declare: () => undefined, run: () => Promise.reject(error) });
}

describe('runCli', () => {
  test('hands operands and flags to the command', async () => {
    const io = createTestIo();
    expect(await runCli(['hello', 'you', '--loud'], io, [hello])).toBe(0);
    expect(io.out()).toBe('hello you!\n');
    expect(io.err()).toBe('said\n');
  });

  test('--json replaces lines by objects and --quiet silences notes', async () => {
    const io = createTestIo();
    expect(await runCli(['hello', 'you', '--json', '--quiet'], io, [hello])).toBe(0);
    expect(io.out()).toBe('{"hello":"you"}\n');
    expect(io.err()).toBe('');
  });

  test.each([[['hello']], [['hello', 'a', '--lud']], [['nonsense']], [[]]])(
    'wrong usage %j exits with 2 and prints nothing on stdout',
    async (argv) => {
      const io = createTestIo();
      expect(await runCli(argv, io, [hello])).toBe(2);
      expect(io.out()).toBe('');
      expect(io.err()).not.toBe('');
    },
  );

  test('a misspelt option is one line with a suggestion', async () => {
    const io = createTestIo();
    await runCli(['hello', 'a', '--lud'], io, [hello]);
    expect(io.err()).toBe("swarmpress: USAGE unknown option '--lud' (Did you mean --loud?); see --help\n");
  });

  test('help goes to stdout with exit code 0', async () => {
    const io = createTestIo();
    expect(await runCli(['hello', '--help'], io, [hello])).toBe(0);
    expect(io.out()).toContain('--loud');
    expect(io.out()).toContain('--json');
  });

  const families: readonly (readonly [SwarmpressError, number])[] = [
    [new UsageError('A', 'a'), 2],
    [new ProtocolError('B', 'b'), 1],
    [new SystemError('C', 'c'), 1],
  ];
  test.each(families)('%s becomes one line and exit code %i', async (error, code) => {
    const io = createTestIo();
    expect(await runCli(['fail'], io, [failing(error)])).toBe(code);
    expect(io.err()).toBe(`swarmpress: ${error.code} ${error.message}\n`);
  });

  test('an error with --json is an object on stdout too', async () => {
    const io = createTestIo();
    await runCli(['fail', '--json'], io, [failing(new SystemError('C', 'c'))]);
    expect(JSON.parse(io.out())).toEqual({ ok: false, code: 'C', error: 'c' });
  });

  test('the debug variable shows the stack, its absence hides it', async () => {
    const quiet = createTestIo();
    const loud = createTestIo({ env: { SWARMPRESS_DEBUG: '1' } });
    await runCli(['fail'], quiet, [failing(new Error('boom'))]);
    await runCli(['fail'], loud, [failing(new Error('boom'))]);
    expect(quiet.err()).not.toContain('    at ');
    expect(loud.err()).toContain('    at ');
  });

  test('an interrupted command exits with 130 whatever it threw', async () => {
    const interruption = new AbortController();
    const io = createTestIo({ signal: interruption.signal });
    interruption.abort();
    expect(await runCli(['fail'], io, [failing(new SystemError('C', 'c'))])).toBe(130);
  });
});

describe('the list of commands', () => {
  test('is what a lone --help prints', async () => {
    const io = createTestIo();
    expect(await runCli(['--help'], io)).toBe(0);
    for (const { name } of COMMANDS) expect(io.out()).toMatch(new RegExp(`^ {2}${name} `, 'm'));
  });

  test.each(COMMANDS)('$name describes itself as the list does, with examples', async ({ name, summary }) => {
    const io = createTestIo();
    expect(await runCli([name, '--help'], io)).toBe(0);
    expect(io.out().replace(/\s+/g, ' ')).toContain(summary);
    expect(io.out()).toContain(`$ swarmpress ${name} `);
    expect(io.out()).toContain('--json');
  });
});
