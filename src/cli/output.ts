// What a command prints: results on stdout (lines or JSON, one object a line), everything else on stderr.
import { printable } from '../core/format.ts';
import { streamColors, type Colors } from './colors.ts';
import type { CliIo } from './io.ts';
import { createProgress, type Progress } from './progress.ts';

export interface OutputFlags {
  readonly json?: boolean | undefined;
  readonly quiet?: boolean | undefined;
}

export interface Output {
  /** True when results are to be JSON: then print them with `json` alone. */
  readonly isJson: boolean;
  /** For stdout. */
  readonly colors: Colors;
  /** A result for people, on stdout; nothing with --json. May hold colours: the caller makes names printable. */
  line(text?: string): void;
  /** A result for machines, on stdout; nothing without --json. */
  json(value: object): void;
  /** A remark of one line on stderr, made printable; nothing with --quiet. */
  note(text: string): void;
  /** A warning of one line on stderr, made printable, even with --quiet. */
  warn(text: string): void;
  /** A progress display on stderr over `total` bytes; silent with --quiet. */
  progress(label: string, total: number): Progress;
}

export function createOutput(io: Pick<CliIo, 'stdout' | 'stderr' | 'env'>, flags: OutputFlags): Output {
  const isJson = flags.json === true;
  const quiet = flags.quiet === true;
  const errorColors = streamColors(io, io.stderr.isTTY);
  return {
    isJson,
    colors: streamColors(io, io.stdout.isTTY),
    line: (text = '') => {
      if (!isJson) io.stdout.write(`${text}\n`);
    },
    json: (value) => {
      if (isJson) io.stdout.write(`${JSON.stringify(value)}\n`);
    },
    note: (text) => {
      if (!quiet) io.stderr.write(`${printable(text)}\n`);
    },
    warn: (text) => io.stderr.write(`${errorColors.yellow('warning:')} ${printable(text)}\n`),
    progress: (label, total) =>
      createProgress({ stream: quiet ? undefined : io.stderr, label, total, colors: errorColors }),
  };
}
