// Access by signed tokens: an announce URL carries one, and it says by itself for which torrents and until when. A
// private swarm needs no table of users.
import { subjectOfInfoHash, type TokenSigner } from '../../token/token.ts';
import type { AnnounceQuery } from '../announce-query.ts';
import type { AccessControl } from '../policy.ts';
import { REFUSALS, type Refusal } from '../refusal.ts';

export interface TokenAccessDeps {
  readonly signer: TokenSigner;
  readonly unixSeconds: () => number;
  /** By id, in lower-case hex. */
  readonly isRevoked: (id: string) => boolean;
}

export class TokenAccess implements AccessControl {
  readonly #deps: TokenAccessDeps;

  constructor(deps: TokenAccessDeps) {
    this.#deps = deps;
  }

  check(query: AnnounceQuery): Refusal | undefined {
    const { signer, unixSeconds, isRevoked } = this.#deps;
    const verdict = signer.check(query.credential, {
      right: 'announce',
      subjects: [subjectOfInfoHash(query.infoHash)],
      nowSeconds: unixSeconds(),
      isRevoked,
    });
    switch (verdict.kind) {
      case 'valid':
        return undefined;
      case 'expired':
        return REFUSALS['expired-token'];
      case 'revoked':
        return REFUSALS['revoked-token'];
      case 'malformed':
      case 'forged':
      case 'not-for-this':
        return REFUSALS['bad-token'];
    }
  }
}

/** Passes what any of them passes; each accounts for what it passed itself. */
export class AnyAccess implements AccessControl {
  readonly #each: readonly AccessControl[];

  constructor(each: readonly AccessControl[]) {
    this.#each = each;
  }

  check(query: AnnounceQuery, now: number): Refusal | undefined {
    let refusal: Refusal | undefined;
    for (const access of this.#each) {
      const found = access.check(query, now);
      if (found === undefined) return undefined;
      // The one that knows most about the credential: a token that has expired, a user that is locked.
      if (refusal === undefined || refusal.code === 'bad-token') refusal = found;
    }
    return refusal;
  }

  account(query: AnnounceQuery, alone: boolean, now: number): void {
    for (const access of this.#each) access.account?.(query, alone, now);
  }
}
