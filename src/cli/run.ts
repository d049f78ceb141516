// From arguments to an exit code: builds the command tree, runs one command, turns every error into one line.
import { Command } from 'commander';
import type { CliCommand } from './command.ts';
import { loadCommands } from './commands.ts';
import type { CliIo, ExitCode } from './io.ts';
import { reportError } from './report-error.ts';
import { VERSION } from './version.ts';

/**
 * Runs the command line without a process. `argv` starts with the command's name.
 *
 * @example
 * const code = await runCli(['inspect', 'a.torrent', '--json'], io);
 */
export async function runCli(
  argv: readonly string[],
  io: CliIo,
  commands?: readonly CliCommand[],
): Promise<ExitCode> {
  let code: ExitCode = 0;
  const program = createProgram(io);
  for (const command of commands ?? (await loadCommands(argv))) {
    command.install(program, io, (result) => {
      code = result;
    });
  }
  try {
    await program.parseAsync(argv, { from: 'user' });
    return io.signal.aborted ? 130 : code;
  } catch (error) {
    return reportError(error, io, argv.includes('--json'));
  }
}

function createProgram(io: CliIo): Command {
  return new Command('swarmpress')
    .description('Publish files with BitTorrent: create, track, seed, publish and download.')
    .version(VERSION, '-V, --version')
    .exitOverride()
    .showSuggestionAfterError()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      // Errors are printed by reportError; help after an error still goes to stderr.
      writeErr: (text) => io.stderr.write(text),
      outputError: () => undefined,
      getOutHelpWidth: () => io.stdout.columns ?? 100,
      getErrHelpWidth: () => io.stderr.columns ?? 100,
      getOutHasColors: () => io.stdout.isTTY === true,
      getErrHasColors: () => io.stderr.isTTY === true,
    })
    .addHelpText('after', "\nRun 'swarmpress <command> --help' for the options and examples of a command.\n");
}
