// Every command of the program, in the order of the help text. A new command is one import and one entry here.
import type { CliCommand } from './command.ts';
import { createCommand } from './commands/create.ts';
import { editCommand } from './commands/edit.ts';
import { getCommand } from './commands/get.ts';
import { inspectCommand } from './commands/inspect.ts';
import { magnetCommand } from './commands/magnet.ts';
import { publishCommand } from './commands/publish.ts';
import { seedCommand } from './commands/seed.ts';
import { trackCommand } from './commands/track.ts';
import { verifyCommand } from './commands/verify.ts';

export const COMMANDS: readonly CliCommand[] = [
  publishCommand,
  createCommand,
  trackCommand,
  seedCommand,
  getCommand,
  inspectCommand,
  editCommand,
  verifyCommand,
  magnetCommand,
];
