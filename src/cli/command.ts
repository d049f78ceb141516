// The pattern of a command: declare() says its arguments and options to commander, run() does the work and answers an
// exit code. Nothing in it touches the process, so tests run it with buffers for streams.
import type { Command } from 'commander';
import type { CliIo, ExitCode } from './io.ts';
import { createOutput, type Output } from './output.ts';

/** Flags that every command has. */
export interface CommonFlags {
  readonly json?: boolean | undefined;
  readonly quiet?: boolean | undefined;
}

export interface Invocation<Flags> {
  /** Operands, in order. */
  readonly args: readonly string[];
  readonly flags: Flags;
  readonly io: CliIo;
  readonly output: Output;
}

export interface CommandSpec<Flags extends CommonFlags> {
  readonly name: string;
  /** Sets description, arguments, options and examples. `--json` and `--quiet` are added to every command. */
  readonly declare: (command: Command) => void;
  /** Errors of the three families may be thrown: the framework prints them and picks the exit code. */
  readonly run: (invocation: Invocation<Flags>) => Promise<ExitCode>;
}

/** A command ready to be installed; the type of its flags is its own business. */
export interface CliCommand {
  readonly name: string;
  install(program: Command, io: CliIo, done: (code: ExitCode) => void): void;
}

/**
 * Makes a command from its spec.
 *
 * @example
 * export const helloCommand: CliCommand = defineCommand<CommonFlags & { loud?: boolean }>({
 *   name: 'hello',
 *   declare: (command) => command.description('say hello').argument('<name>').option('--loud', 'shout'),
 *   run: async ({ args, flags, output }) => { output.line(`hello ${args[0] ?? ''}${flags.loud ? '!' : ''}`); return 0; },
 * });
 */
export function defineCommand<Flags extends CommonFlags>(spec: CommandSpec<Flags>): CliCommand {
  return {
    name: spec.name,
    install: (program, io, done) => {
      const command = program.command(spec.name);
      spec.declare(command);
      command
        .option('--json', 'print one JSON object a line')
        .option('-q, --quiet', 'print only results and errors');
      command.action(async () => {
        const flags = command.opts<Flags>();
        done(await spec.run({ args: command.args, flags, io, output: createOutput(io, flags) }));
      });
    },
  };
}

/** Text for the end of a command's help: each example with what it does. */
export function examples(...lines: readonly (readonly [command: string, what: string])[]): string {
  return `\nExamples:\n${lines.map(([command, what]) => `  $ swarmpress ${command}\n      ${what}`).join('\n')}\n`;
}
