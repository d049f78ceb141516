// Access rules that must all be met.
import type { AccessControl } from '../policy.ts';

/** Undefined where there are no rules. */
export function allOf(...rules: readonly (AccessControl | undefined)[]): AccessControl | undefined {
  const given = rules.filter((rule) => rule !== undefined);
  const [only] = given;
  if (given.length < 2) return only;
  return {
    check: (query, now) => {
      for (const rule of given) {
        const refusal = rule.check(query, now);
        if (refusal !== undefined) return refusal;
      }
      return undefined;
    },
    account: (query, alone, now) => {
      for (const rule of given) rule.account?.(query, alone, now);
    },
  };
}
