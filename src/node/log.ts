// The Log port over pino: lines of JSON on a stream, for daemons and for finding faults.
import { pino, type DestinationStream, type Logger } from 'pino';
import type { Log } from '../ports/log.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Writes to standard error unless another destination is given. */
export function createLog(level: LogLevel, destination: DestinationStream = process.stderr): Log {
  return wrap(pino({ level, base: null }, destination));
}

function wrap(logger: Logger): Log {
  return {
    debug: (message, fields) => {
      logger.debug(fields, message);
    },
    info: (message, fields) => {
      logger.info(fields, message);
    },
    warn: (message, fields) => {
      logger.warn(fields, message);
    },
    error: (message, fields) => {
      logger.error(fields, message);
    },
    child: (fields) => wrap(logger.child(fields)),
  };
}
