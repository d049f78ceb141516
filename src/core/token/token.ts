// Access tokens: one format for announce URLs, private pages and the operator's view. A token says by itself what it
// opens and until when, under a MAC, so that checking one needs no table; only revoked ones are listed.
// Layout: version (1) · rights (1) · id (8) · expiry, seconds since 1970, 0 for none (4) · subjects (8 each) · MAC (16),
// as base64url. A token without subjects is for everything. It is a secret of its holder: never log one.
import { fromBase64Url, toBase64Url } from '../bytes/base64url.ts';
import { concatBytes, equalBytes, toHex, utf8Encode } from '../bytes/bytes.ts';
import type { Digests } from '../digests.ts';
import { ProtocolError } from '../errors.ts';
import { invariant } from '../invariant.ts';
import { createHmac, equalInConstantTime, type Mac } from './hmac.ts';

/** `announce`: at the tracker. `read`: page, .torrent and content. `operate`: the operator's view. */
export type TokenRight = 'announce' | 'read' | 'operate';

export interface TokenClaims {
  /** 8 random bytes: its name where it is listed or revoked. */
  readonly id: Uint8Array;
  readonly rights: readonly TokenRight[];
  /** Seconds since 1970; undefined for a token without an end. */
  readonly expiresAt: number | undefined;
  /** What it is for, 8 bytes each (see `subjectOf…`), at most 8 of them; none means everything. */
  readonly subjects: readonly Uint8Array[];
}

export type TokenVerdict =
  | { readonly kind: 'valid'; readonly claims: TokenClaims }
  | { readonly kind: 'malformed' | 'forged' | 'expired' | 'revoked' | 'not-for-this' };

export interface TokenUse {
  readonly right: TokenRight;
  /** Any of these makes it fit; an empty list asks for a token that is for everything. */
  readonly subjects: readonly Uint8Array[];
  readonly nowSeconds: number;
  /** By id, in lower-case hex. */
  readonly isRevoked?: ((id: string) => boolean) | undefined;
}

const VERSION = 1;
const RIGHTS: readonly TokenRight[] = ['announce', 'read', 'operate'];
const ID_BYTES = 8;
const HEAD_BYTES = 2 + ID_BYTES + 4;
const SUBJECT_BYTES = 8;
const MAC_BYTES = 16;
const MAX_SUBJECTS = 8;
const MAX_TEXT = Math.ceil(((HEAD_BYTES + MAX_SUBJECTS * SUBJECT_BYTES + MAC_BYTES) * 4) / 3);
/** Sets this MAC apart from any other use of the same secret. */
const PURPOSE = utf8Encode('swarmpress token 1\n');

/** Signs tokens and checks them, under one secret of at least 16 bytes. */
export class TokenSigner {
  readonly #mac: Mac;

  constructor(secret: Uint8Array, digests: Pick<Digests, 'sha256'>) {
    invariant(secret.length >= 16, 'a secret of 16 bytes or more');
    this.#mac = createHmac(secret, digests);
  }

  issue(claims: TokenClaims): string {
    const { id, rights, expiresAt = 0, subjects } = claims;
    invariant(
      id.length === ID_BYTES && subjects.length <= MAX_SUBJECTS,
      'a token has a name and few subjects',
    );
    invariant(expiresAt >= 0 && expiresAt < 2 ** 32, 'an expiry within 32 bits');
    const head = new Uint8Array(HEAD_BYTES);
    head[0] = VERSION;
    head[1] = rights.reduce((bits, right) => bits | (1 << RIGHTS.indexOf(right)), 0);
    head.set(id, 2);
    new DataView(head.buffer).setUint32(2 + ID_BYTES, Math.floor(expiresAt));
    const body = concatBytes([head, ...subjects]);
    return toBase64Url(concatBytes([body, this.#sign(body)]));
  }

  /** What a token says that we signed, whatever it is for and however old. */
  read(text: string): TokenClaims | 'malformed' | 'forged' {
    const bytes = decode(text);
    if (bytes === undefined) return 'malformed';
    const body = bytes.subarray(0, -MAC_BYTES);
    if (!equalInConstantTime(this.#sign(body), bytes.subarray(-MAC_BYTES))) return 'forged';
    return readClaims(body);
  }

  /** Never throws, whatever the text. */
  check(text: string, use: TokenUse): TokenVerdict {
    const claims = this.read(text);
    if (typeof claims === 'string') return { kind: claims };
    if (claims.expiresAt !== undefined && claims.expiresAt <= use.nowSeconds) return { kind: 'expired' };
    if (use.isRevoked?.(toHex(claims.id)) === true) return { kind: 'revoked' };
    return fits(claims, use) ? { kind: 'valid', claims } : { kind: 'not-for-this' };
  }

  #sign(body: Uint8Array): Uint8Array {
    return this.#mac(concatBytes([PURPOSE, body])).subarray(0, MAC_BYTES);
  }
}

/** The subject of a swarm: 20 bytes, of a v1 hash or a truncated v2 hash. */
export function subjectOfInfoHash(infoHash: Uint8Array): Uint8Array {
  return infoHash.slice(0, SUBJECT_BYTES);
}

/** The subject of anything that has a name. */
export function subjectOfName(name: string, { sha256 }: Pick<Digests, 'sha256'>): Uint8Array {
  return sha256(utf8Encode(name)).slice(0, SUBJECT_BYTES);
}

function decode(text: string): Uint8Array | undefined {
  if (text.length > MAX_TEXT) return undefined;
  try {
    const bytes = fromBase64Url(text);
    const rest = bytes.length - HEAD_BYTES - MAC_BYTES;
    return rest >= 0 && rest % SUBJECT_BYTES === 0 && bytes[0] === VERSION ? bytes : undefined;
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}

/** Of a body whose MAC was right. */
function readClaims(body: Uint8Array): TokenClaims {
  const bits = body[1] ?? 0;
  const expiry = new DataView(body.buffer, body.byteOffset).getUint32(2 + ID_BYTES);
  const count = (body.length - HEAD_BYTES) / SUBJECT_BYTES;
  const at = (i: number): number => HEAD_BYTES + i * SUBJECT_BYTES;
  return {
    id: body.slice(2, 2 + ID_BYTES),
    rights: RIGHTS.filter((_, i) => (bits & (1 << i)) !== 0),
    expiresAt: expiry === 0 ? undefined : expiry,
    subjects: Array.from({ length: count }, (_, i) => body.slice(at(i), at(i + 1))),
  };
}

function fits({ rights, subjects }: TokenClaims, use: TokenUse): boolean {
  if (!rights.includes(use.right)) return false;
  return (
    subjects.length === 0 || subjects.some((own) => use.subjects.some((wanted) => equalBytes(own, wanted)))
  );
}
