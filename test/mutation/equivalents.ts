// Mutants that no test can notice, each with the reason. One that a test does notice, or that is no longer made, is an error.

export interface Equivalent {
  readonly file: string;
  /** The trimmed line in which the change begins. */
  readonly code: string;
  /** Left out: every change on that line. */
  readonly change?: string;
  readonly reason: string;
}

export const EQUIVALENTS: readonly Equivalent[] = [];
