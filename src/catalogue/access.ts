// Who may do what: issues tokens, keeps the list of those revoked, and answers the tracker and the pages.
import { nodeDigests } from '../node/digests.ts';
import { fromHex, toHex } from '../core/bytes/bytes.ts';
import type { AnnounceQuery } from '../core/tracker/announce-query.ts';
import type { AccessControl } from '../core/tracker/policy.ts';
import { REFUSALS, type Refusal } from '../core/tracker/refusal.ts';
import { subjectOfName, TokenSigner, type TokenRight, type TokenVerdict } from '../core/token/token.ts';
import { newTokenId, type CatalogueState } from './state.ts';
import type { TokenRecord } from './records.ts';

export interface TokenRequest {
  /** Undefined for the whole catalogue. */
  readonly slug?: string | undefined;
  readonly right: TokenRecord['right'];
  readonly expiresAt?: number | undefined;
  readonly note?: string | undefined;
}

/** Signs tokens of a catalogue and remembers what was issued. */
export class Access implements AccessControl {
  readonly #signer: TokenSigner;
  readonly #state: CatalogueState;
  /** Truncated info hash → the private item that it belongs to. */
  readonly #guarded = new Map<string, string>();
  #revoked: ReadonlySet<string> = new Set();

  private constructor(signer: TokenSigner, state: CatalogueState) {
    this.#signer = signer;
    this.#state = state;
  }

  static async open(state: CatalogueState): Promise<Access> {
    const access = new Access(new TokenSigner(await state.secret(), nodeDigests), state);
    access.refresh();
    return access;
  }

  /** Reads again which tokens are revoked. */
  refresh(): void {
    const revoked = this.#state.tokens().filter((token) => token.revokedAt !== undefined);
    this.#revoked = new Set(revoked.map((token) => token.id));
  }

  async issue(
    request: TokenRequest,
    nowSeconds: number,
  ): Promise<{ readonly id: string; readonly token: string }> {
    const { slug, right, expiresAt, note } = request;
    const id = newTokenId();
    await this.#state.noteToken({ id, slug, right, expiresAt, note, issuedAt: nowSeconds });
    return { id, token: this.sign(id, request) };
  }

  /** The token of an id: the same claims give the same text. */
  sign(id: string, { slug, right, expiresAt }: TokenRequest): string {
    const rights: readonly TokenRight[] = right === 'operate' ? ['operate'] : ['read', 'announce'];
    const subjects = slug === undefined ? [] : [subjectOf(slug)];
    return this.#signer.issue({ id: fromHex(id), rights, expiresAt, subjects });
  }

  check(query: AnnounceQuery, now: number): Refusal | undefined {
    if (this.#guarded.size === 0) return undefined;
    const slug = this.#guarded.get(toHex(query.infoHash.subarray(0, 20)));
    if (slug === undefined) return undefined;
    const verdict = this.verify(query.credential, { right: 'announce', slug, nowSeconds: now / 1000 });
    if (verdict.kind === 'valid') return undefined;
    return REFUSALS[verdict.kind === 'expired' ? 'expired-token' : 'bad-token'];
  }

  verify(
    token: string,
    use: { readonly right: TokenRight; readonly slug?: string | undefined; readonly nowSeconds: number },
  ): TokenVerdict {
    return this.#signer.check(token, {
      right: use.right,
      subjects: use.slug === undefined ? [] : [subjectOf(use.slug)],
      nowSeconds: use.nowSeconds,
      isRevoked: (id) => this.#revoked.has(id),
    });
  }

  /** From now on only holders of a token announce these hashes. */
  guard(slug: string, hashes: readonly Uint8Array[]): void {
    for (const hash of hashes) this.#guarded.set(toHex(hash), slug);
  }

  unguard(slug: string): void {
    for (const [hash, owner] of this.#guarded) if (owner === slug) this.#guarded.delete(hash);
  }
}

function subjectOf(slug: string): Uint8Array {
  return subjectOfName(`item:${slug}`, nodeDigests);
}
