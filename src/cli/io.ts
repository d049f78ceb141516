// What a command knows of the outside world. main.ts fills it from the process, tests from buffers.

/** Where text and bytes go; process.stdout and process.stderr fit. */
export interface CliStream {
  write(chunk: string | Uint8Array): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

export interface CliIo {
  readonly stdin: AsyncIterable<string | Uint8Array>;
  readonly stdout: CliStream;
  readonly stderr: CliStream;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Relative paths start here. */
  readonly cwd: string;
  /** Aborts on the first SIGINT or SIGTERM; a command then cleans up and the exit code is 130. */
  readonly signal: AbortSignal;
  /** Calls back on each SIGHUP, which asks a server to read its configuration again; the result ends that. */
  readonly onHangup?: ((listener: () => void) => () => void) | undefined;
  /** Runs this command line once more under another program; answers its exit code. */
  readonly relaunch?: ((program: string) => Promise<number>) | undefined;
}

/** 0 done, 1 failed, 2 wrong usage, 130 interrupted. */
export type ExitCode = 0 | 1 | 2 | 130;
