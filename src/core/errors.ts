// The three error families. Every error that leaves the library is one of them and carries a stable code.
// UsageError: the caller's fault. ProtocolError: a peer, tracker or file lied. SystemError: disk or network failed.

export interface ErrorDetails {
  readonly cause?: unknown;
  readonly expected?: unknown;
  readonly received?: unknown;
}

/** Common base: a message for people and a code for machines. */
export abstract class SwarmpressError extends Error {
  readonly code: string;
  readonly expected: unknown;
  readonly received: unknown;

  constructor(code: string, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = new.target.name;
    this.code = code;
    this.expected = details.expected;
    this.received = details.received;
  }
}

/** The caller asked for something that cannot be done as asked. */
export class UsageError extends SwarmpressError {}

/** Remote or stored data broke a rule of its format. */
export class ProtocolError extends SwarmpressError {}

/** The operating system said no: disk, network, permissions. */
export class SystemError extends SwarmpressError {}

/** A promise of our own was broken: a bug, never the fault of input. */
export class InvariantError extends Error {
  override readonly name: string = 'InvariantError';
}
