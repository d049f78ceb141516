// The Log port over pino: lines of JSON on a stream, for daemons and for finding faults. Law: what a stranger sent can
// neither end a line nor steer a terminal; JSON alone would let the controls beyond ASCII through.
import { pino, type DestinationStream, type Logger } from 'pino';
import { printable } from '../core/format.ts';
import type { Log, LogFields } from '../ports/log.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Writes to standard error unless another destination is given. */
export function createLog(level: LogLevel, destination: DestinationStream = process.stderr): Log {
  return wrap(pino({ level, base: null }, destination));
}

function wrap(logger: Logger): Log {
  return {
    debug: (message, fields) => {
      logger.debug(plain(fields), message);
    },
    info: (message, fields) => {
      logger.info(plain(fields), message);
    },
    warn: (message, fields) => {
      logger.warn(plain(fields), message);
    },
    error: (message, fields) => {
      logger.error(plain(fields), message);
    },
    child: (fields) => wrap(logger.child(plain(fields))),
  };
}

function plain(fields: LogFields = {}): LogFields {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      typeof value === 'string' ? printable(value) : value,
    ]),
  );
}
