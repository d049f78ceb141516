// Child processes of tests and benches: started in a group of their own, output kept, always killed in the end.
import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';

export interface ProcessOptions {
  readonly cwd?: string | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** Keep standard input open as a pipe; closed otherwise. */
  readonly input?: boolean | undefined;
}

const running = new Set<RunningProcess>();
process.on('exit', () => {
  for (const child of running) child.kill();
});

/** Output kept for error messages; what lies further back is dropped. */
const KEPT_OUTPUT = 64 * 1024;

/** Ends a command with the process that started it, even if that is killed. */
const TIED_TO_US = ['setpriv', '--pdeathsig', 'KILL', '--'];

/** A started command. `kill` takes the process and all below it, at once. */
export class RunningProcess {
  readonly pid: number;
  readonly exited: Promise<number>;
  readonly #child: ChildProcess;
  readonly #listeners = new Set<(line: string) => void>();
  #output = '';
  #partial = '';

  constructor(command: readonly string[], options: ProcessOptions = {}) {
    const [program = '', ...args] = [...TIED_TO_US, ...command];
    this.#child = spawn(program, args, {
      cwd: options.cwd,
      env: { ...process.env, LC_ALL: 'C.UTF-8', ...options.env },
      stdio: [options.input === true ? 'pipe' : 'ignore', 'pipe', 'pipe'],
      detached: true,
    });
    this.pid = this.#child.pid ?? 0;
    this.exited = new Promise((resolve) => {
      this.#child.on('error', (error) => {
        this.#output += String(error);
      });
      this.#child.on('close', (code, signal) => {
        running.delete(this);
        if (this.#partial !== '') this.#take('\n', true);
        resolve(code ?? (signal === null ? 1 : 128));
      });
    });
    running.add(this);
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#take(text, true);
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#take(text, false);
    });
  }

  /** Tail of what it has printed, both streams. */
  get output(): string {
    return this.#output;
  }

  /** Calls back with each whole line of standard output from now on, until the returned function is called. */
  onLine(listener: (line: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Resolves with the first value that `pick` finds in a line to come; rejects when the process ends before. */
  async waitForLine<T>(pick: (line: string) => T | undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      const stop = this.onLine((line) => {
        const value = pick(line);
        if (value === undefined) return;
        stop();
        resolve(value);
      });
      void this.exited.then((code) => {
        reject(new Error(`ended with ${String(code)} while waited for:\n${this.#output}`));
      });
    });
  }

  write(text: string): void {
    this.#child.stdin?.write(text);
  }

  signal(name: NodeJS.Signals): void {
    try {
      process.kill(-this.pid, name);
    } catch {
      return; // It has ended already, which is what a signal is for.
    }
  }

  kill(): void {
    for (const pid of descendants(this.pid)) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        continue; // Gone between the list and the kill.
      }
    }
  }

  async stop(): Promise<void> {
    this.kill();
    await this.exited;
  }

  #take(text: string, lines: boolean): void {
    this.#output = (this.#output + text).slice(-KEPT_OUTPUT);
    if (!lines) return;
    const parts = (this.#partial + text).split('\n');
    this.#partial = parts.pop() ?? '';
    for (const line of parts) for (const listener of [...this.#listeners]) listener(line);
  }
}

/** Runs a command to its end; resolves with what it printed on standard output, rejects on another code than 0. */
export async function run(command: readonly string[], options: ProcessOptions = {}): Promise<string> {
  const child = new RunningProcess(command, options);
  const lines: string[] = [];
  child.onLine((line) => lines.push(line));
  const code = await child.exited;
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${String(code)}:\n${child.output}`);
  return lines.join('\n');
}

export interface Usage {
  readonly cpuSeconds: number;
  /** Largest resident set since the start, summed over the processes. */
  readonly peakBytes: number;
}

const TICKS_PER_SECOND = 100;

/** What a process and its children have used so far. */
export function usageOf(pid: number): Usage {
  let ticks = 0;
  let peakBytes = 0;
  for (const each of descendants(pid)) {
    const fields = statOf(each);
    ticks +=
      Number(fields[11] ?? 0) + Number(fields[12] ?? 0) + Number(fields[13] ?? 0) + Number(fields[14] ?? 0);
    const peak = /VmHWM:\s+(\d+) kB/.exec(readProc(`/proc/${String(each)}/status`));
    peakBytes += Number(peak?.[1] ?? 0) * 1024;
  }
  return { cpuSeconds: ticks / TICKS_PER_SECOND, peakBytes };
}

/** The process itself and everything below it. */
export function descendants(root: number): number[] {
  if (root === 0) return [];
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const parent = Number(statOf(Number(name))[1] ?? 0);
    children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const found = [root];
  for (const pid of found) found.push(...(children.get(pid) ?? []));
  return found;
}

/** Fields of /proc/PID/stat from the state (0) on; empty when the process is gone. */
function statOf(pid: number): string[] {
  const text = readProc(`/proc/${String(pid)}/stat`);
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}

/** A file below /proc; empty when the process is gone. */
export function readProc(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // The process has ended.
  }
}

/** Asks again every `everyMs` until there is an answer; rejects with `what` after `timeoutMs`. */
export async function until<T>(
  what: string,
  ask: () => Promise<T | undefined> | T | undefined,
  options: { readonly timeoutMs?: number; readonly everyMs?: number } = {},
): Promise<T> {
  const deadline = performance.now() + (options.timeoutMs ?? 60_000);
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > deadline) throw new Error(`timed out waiting for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, options.everyMs ?? 100));
  }
}
