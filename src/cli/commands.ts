// Every command of the program, in the order of the help text; a new command is one entry here. Law: a command's module
// is loaded only when it is called, so that one command's libraries do not slow another's start.
import type { CliCommand } from './command.ts';

export interface CommandEntry {
  readonly name: string;
  /** For the list of commands; the same as the command's own description. */
  readonly summary: string;
  readonly load: () => Promise<CliCommand>;
}

export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'publish',
    summary: 'Publish files or folders: torrent, tracker, seed, web page and direct download in one.',
    load: async () => (await import('./commands/publish.ts')).publishCommand,
  },
  {
    name: 'catalogue',
    summary: 'See and change what a catalogue publishes: items, versions, tokens.',
    load: async () => (await import('./commands/catalogue.ts')).catalogueCommand,
  },
  {
    name: 'create',
    summary: 'Make a .torrent of files and folders.',
    load: async () => (await import('./commands/create.ts')).createCommand,
  },
  {
    name: 'track',
    summary: 'Run a tracker: HTTP, UDP and WebSocket on one port.',
    load: async () => (await import('./commands/track.ts')).trackCommand,
  },
  {
    name: 'token',
    summary: 'Make, show and revoke access tokens of a tracker.',
    load: async () => (await import('./commands/token.ts')).tokenCommand,
  },
  {
    name: 'user',
    summary: 'Users of a tracker: add, list, lock, remove.',
    load: async () => (await import('./commands/user.ts')).userCommand,
  },
  {
    name: 'seed',
    summary: 'Serve content that is on disk to peers, until stopped.',
    load: async () => (await import('./commands/seed.ts')).seedCommand,
  },
  {
    name: 'get',
    summary: 'Download torrents; with --seed go on seeding them.',
    load: async () => (await import('./commands/get.ts')).getCommand,
  },
  {
    name: 'daemon',
    summary: 'Run torrents in the background, with a web view and a REST API.',
    load: async () => (await import('./commands/daemon.ts')).daemonCommand,
  },
  {
    name: 'doctor',
    summary: 'Examine what stands between this host and peers. Exit code 1 if something does not work.',
    load: async () => (await import('./commands/doctor.ts')).doctorCommand,
  },
  {
    name: 'dht',
    summary: 'Read and write small items in the DHT, and sample what it knows.',
    load: async () => (await import('./commands/dht.ts')).dhtCommand,
  },
  {
    name: 'inspect',
    summary: 'Show what .torrent files and magnet links say.',
    load: async () => (await import('./commands/inspect.ts')).inspectCommand,
  },
  {
    name: 'edit',
    summary: 'Change what a .torrent says, and not its info hash unless allowed.',
    load: async () => (await import('./commands/edit.ts')).editCommand,
  },
  {
    name: 'verify',
    summary: 'Check content on disk against a .torrent. Exit code 1 if anything is missing or wrong.',
    load: async () => (await import('./commands/verify.ts')).verifyCommand,
  },
  {
    name: 'magnet',
    summary: 'Print the magnet link of a .torrent.',
    load: async () => (await import('./commands/magnet.ts')).magnetCommand,
  },
];

/** The commands that some arguments may call, ready to run; of the others only what their list shows. */
export async function loadCommands(argv: readonly string[]): Promise<CliCommand[]> {
  const commands: CliCommand[] = [];
  for (const entry of COMMANDS) {
    commands.push(argv.includes(entry.name) ? await entry.load() : listedOnly(entry));
  }
  return commands;
}

function listedOnly({ name, summary }: CommandEntry): CliCommand {
  return { name, install: (program) => program.command(name).description(summary) };
}
