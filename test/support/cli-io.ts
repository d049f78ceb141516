// A CliIo over buffers, for tests of commands.
import type { CliIo } from '../../src/cli/io.ts';

export interface TestIo extends CliIo {
  /** Everything printed so far. */
  readonly out: () => string;
  readonly outBytes: () => Uint8Array;
  readonly err: () => string;
}

export interface TestIoOptions extends Partial<Pick<CliIo, 'env' | 'cwd' | 'signal'>> {
  readonly stdin?: Uint8Array | undefined;
  readonly isTTY?: boolean | undefined;
}

export function createTestIo(options: TestIoOptions = {}): TestIo {
  const out: Uint8Array[] = [];
  const err: Uint8Array[] = [];
  const stream = (chunks: Uint8Array[]): CliIo['stdout'] => ({
    isTTY: options.isTTY,
    write: (chunk) => chunks.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk.slice()),
  });
  return {
    stdin: input(options.stdin),
    stdout: stream(out),
    stderr: stream(err),
    env: options.env ?? {},
    cwd: options.cwd ?? '/',
    signal: options.signal ?? new AbortController().signal,
    out: () => Buffer.concat(out).toString('utf8'),
    outBytes: () => new Uint8Array(Buffer.concat(out)),
    err: () => Buffer.concat(err).toString('utf8'),
  };
}

function input(bytes: Uint8Array | undefined): AsyncIterable<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    start: (controller) => {
      if (bytes !== undefined) controller.enqueue(bytes);
      controller.close();
    },
  });
}
