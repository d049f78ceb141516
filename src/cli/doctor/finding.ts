// What an examination comes to: one line for people, one object for programs.

export interface Finding {
  readonly check: string;
  /** `warn`: it works, but not as well as it could. */
  readonly status: 'ok' | 'warn' | 'fail';
  readonly message: string;
  /** What to do about it. */
  readonly next?: string | undefined;
}

/** Makes a finding of one check. */
export function finding(check: string, status: Finding['status'], ...texts: [string, string?]): Finding {
  return { check, status, message: texts[0], next: texts[1] };
}
