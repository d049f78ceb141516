// Colours of a stream.
import pc from 'picocolors';
import type { CliIo } from './io.ts';

export type Colors = ReturnType<typeof pc.createColors>;

/** NO_COLOR (any value) switches colours off, FORCE_COLOR on; otherwise they follow the terminal. */
export function streamColors(io: Pick<CliIo, 'env'>, isTTY: boolean | undefined): Colors {
  const off = (io.env['NO_COLOR'] ?? '') !== '' || io.env['TERM'] === 'dumb';
  return pc.createColors(!off && (isTTY === true || (io.env['FORCE_COLOR'] ?? '') !== ''));
}
