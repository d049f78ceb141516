// Translates errors of the operating system into SystemError with a stable code for each area.
import { SystemError } from '../core/errors.ts';

/** System error names (`ENOSPC`, …) and the code that stands for them; `other` is for the rest. */
export interface CodeTable {
  readonly other: string;
  readonly codes: Readonly<Record<string, string>>;
}

export const DISK_CODES: CodeTable = {
  other: 'DISK_FAILED',
  codes: {
    ENOENT: 'DISK_MISSING',
    ENOSPC: 'DISK_FULL',
    EDQUOT: 'DISK_FULL',
    EROFS: 'DISK_READ_ONLY',
    EACCES: 'DISK_READ_ONLY',
    EPERM: 'DISK_READ_ONLY',
    ELOOP: 'DISK_SYMLINK',
    EMFILE: 'DISK_TOO_MANY_OPEN_FILES',
    ENFILE: 'DISK_TOO_MANY_OPEN_FILES',
  },
};

export const DIAL_CODES: CodeTable = {
  other: 'DIAL_FAILED',
  codes: {
    ECONNREFUSED: 'DIAL_REFUSED',
    ETIMEDOUT: 'DIAL_TIMEOUT',
    EHOSTUNREACH: 'DIAL_UNREACHABLE',
    ENETUNREACH: 'DIAL_UNREACHABLE',
    EADDRNOTAVAIL: 'DIAL_UNREACHABLE',
  },
};

export const LISTEN_CODES: CodeTable = {
  other: 'LISTEN_FAILED',
  codes: {
    EADDRINUSE: 'LISTEN_ADDRESS_IN_USE',
    EADDRNOTAVAIL: 'LISTEN_ADDRESS_UNAVAILABLE',
    ENOTFOUND: 'LISTEN_ADDRESS_UNAVAILABLE',
    EACCES: 'LISTEN_FORBIDDEN',
  },
};

export const DNS_CODES: CodeTable = {
  other: 'DNS_FAILED',
  codes: { ENOTFOUND: 'DNS_NOT_FOUND', ENODATA: 'DNS_NOT_FOUND', ETIMEDOUT: 'DNS_TIMEOUT' },
};

export const HTTP_CODES: CodeTable = {
  other: 'HTTP_FAILED',
  codes: {
    ECONNREFUSED: 'HTTP_UNREACHABLE',
    EHOSTUNREACH: 'HTTP_UNREACHABLE',
    ENETUNREACH: 'HTTP_UNREACHABLE',
    ENOTFOUND: 'HTTP_UNREACHABLE',
    ECONNRESET: 'HTTP_DISCONNECTED',
    EPIPE: 'HTTP_DISCONNECTED',
    ETIMEDOUT: 'HTTP_TIMEOUT',
  },
};

/** The system's short name of an error (`ENOENT`), or undefined if it has none. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** Wraps an error of the system; one that is a SystemError already is passed through. */
export function toSystemError(error: unknown, table: CodeTable, what: string): SystemError {
  if (error instanceof SystemError) return error;
  const code = table.codes[errnoOf(error) ?? ''] ?? table.other;
  const message = error instanceof Error ? error.message : String(error);
  return new SystemError(code, `${what}: ${message}`, { cause: error });
}
