// Every command of the program, in the order of the help text. A new command is one import and one entry here.
import type { CliCommand } from './command.ts';
import { createCommand } from './commands/create.ts';

export const COMMANDS: readonly CliCommand[] = [createCommand];
