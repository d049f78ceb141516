// Telling an abort of our own from what went wrong.

/** True for what node:timers and the like reject with when their signal aborts. */
export function isAborted(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}
