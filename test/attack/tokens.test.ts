// Tokens that were never given out, that were meant for somebody else, or whose time has passed; and the time that a
// comparison takes, which must tell nothing about the secret.
import { readFileSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { toBase64Url } from '../../src/core/bytes/base64url.ts';
import { equalInConstantTime } from '../../src/core/token/hmac.ts';
import { TokenSigner, type TokenClaims } from '../../src/core/token/token.ts';
import { ConnectionIds } from '../../src/core/tracker/connection-id.ts';
import { Token } from '../../src/local-http/token.ts';
import { nodeDigests } from '../../src/node/digests.ts';

const SRC = resolve(import.meta.dirname, '../../src');
const secret = new Uint8Array(32).fill(7);
const claims: TokenClaims = {
  id: new Uint8Array(8).fill(1),
  rights: ['read'],
  expiresAt: 2000,
  subjects: [new Uint8Array(8).fill(2)],
};
const use = { right: 'read', subjects: claims.subjects, nowSeconds: 1000 } as const;

describe('token forging', () => {
  const signer = new TokenSigner(secret, nodeDigests);

  it('no change of a token and no other secret opens anything', () => {
    const token = signer.issue(claims);
    expect(signer.check(token, use).kind).toBe('valid');
    const bytes = new Uint8Array(Buffer.from(token, 'base64url'));
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const forged = bytes.slice();
      forged[bit >> 3] = (forged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(signer.check(toBase64Url(forged), use).kind).not.toBe('valid');
    }
    const other = new TokenSigner(
      secret.map((byte) => byte ^ 1),
      nodeDigests,
    );
    expect(other.check(token, use).kind).toBe('forged');
    for (const text of ['', 'x', token.slice(0, -1), `${token}A`, token.toLowerCase(), '='.repeat(1e6)]) {
      expect(signer.check(text, use).kind).not.toBe('valid');
    }
  });

  it('a token of one kind is none of another: rights and subjects are under the MAC', () => {
    const token = signer.issue(claims);
    expect(signer.check(token, { ...use, right: 'operate' }).kind).toBe('not-for-this');
    expect(signer.check(token, { ...use, subjects: [] }).kind).toBe('not-for-this');
    expect(signer.check(token, { ...use, subjects: [new Uint8Array(8).fill(3)] }).kind).toBe('not-for-this');
  });
});

describe('token replay', () => {
  it('after its time, and after it was revoked, a token opens nothing', () => {
    const signer = new TokenSigner(secret, nodeDigests);
    const token = signer.issue(claims);
    expect(signer.check(token, { ...use, nowSeconds: 1999 }).kind).toBe('valid');
    expect(signer.check(token, { ...use, nowSeconds: 2000 }).kind).toBe('expired');
    expect(signer.check(token, { ...use, isRevoked: (id) => id === '01'.repeat(8) }).kind).toBe('revoked');
  });

  it('a connection id of the UDP tracker is for its address, and for minutes (BEP 15)', () => {
    const ids = new ConnectionIds(secret.slice(0, 16));
    const [mine, other] = [Uint8Array.of(203, 0, 113, 1), Uint8Array.of(203, 0, 113, 2)];
    const packet = new Uint8Array(8);
    const start = 1e9;
    ids.issue(mine, start, { bytes: packet, at: 0 });
    expect(ids.verify(mine, start + 120_000, packet)).toBe(true);
    expect(ids.verify(other, start, packet)).toBe(false);
    expect(ids.verify(mine, start + 180_000, packet)).toBe(false);
    // The two bits of the minute come round after four.
    for (let minute = 3; minute < 300; minute++) {
      expect(ids.verify(mine, start + minute * 60_000, packet)).toBe(false);
    }
  });

  it('what a browser or a player holds of the daemon’s token is good for its one purpose', () => {
    const token = new Token('a-token-of-some-length');
    const cookie = token.derive('cookie');
    expect(token.matchesDerived(cookie, 'cookie')).toBe(true);
    expect(token.matchesDerived(cookie, 'file 1/0')).toBe(false);
    expect(token.matches(cookie)).toBe(false);
    expect(token.matchesDerived(token.value, 'cookie')).toBe(false);
  });
});

describe('timing of token compare', () => {
  /** Counts how often the bytes are looked at. */
  function counted(bytes: readonly number[]): { bytes: Uint8Array; reads: () => number } {
    let reads = 0;
    const proxy = new Proxy(Uint8Array.from(bytes), {
      get: (target, name) => {
        if (typeof name === 'string' && /^\d+$/.test(name)) reads++;
        return Reflect.get(target, name, target) as unknown;
      },
    });
    return { bytes: proxy, reads: () => reads };
  }

  it('looks at as many bytes wherever the first difference is', () => {
    const right = Array.from({ length: 16 }, (_, i) => i);
    const counts = new Set<number>();
    for (let at = 0; at <= right.length; at++) {
      const given = counted(right.map((byte, i) => (i === at ? byte ^ 0x80 : byte)));
      const wanted = counted(right);
      expect(equalInConstantTime(given.bytes, wanted.bytes)).toBe(at === right.length);
      counts.add(given.reads() + wanted.reads());
    }
    expect([...counts]).toEqual([32]);
    expect(equalInConstantTime(Uint8Array.of(1, 2), Uint8Array.of(1, 2, 3))).toBe(false);
    expect(equalInConstantTime(Uint8Array.of(1, 2, 3), Uint8Array.of(1, 2))).toBe(false);
    expect(equalInConstantTime(Uint8Array.of(0), Uint8Array.of())).toBe(false);
  });

  /** Files in which a secret is compared, and with what. */
  const COMPARISONS: Readonly<Record<string, RegExp>> = {
    'core/token/token.ts': /equalInConstantTime\(/,
    'local-http/token.ts': /equalInConstantTime\(/,
    'server/admin/admin-api.ts': /timingSafeEqual\(/,
  };

  it.each(Object.entries(COMPARISONS))('%s compares nothing secret with ===', (path, comparison) => {
    const text = readFileSync(join(SRC, path), 'utf8');
    expect(text).toMatch(comparison);
    expect(text).not.toMatch(
      /\b(?:mac|secret|token|digest|bearer|cookie|given|wanted)\w*\s*[!=]==(?!\s*(?:undefined|null))/i,
    );
  });

  it('no other file compares a secret in time that depends on it', () => {
    const suspicious = /\b\w*(?:secret|passkey|password|hmac)\b\s*[!=]==(?!\s*(?:undefined|null|''))/i;
    const guilty = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'))
      .filter((path) => suspicious.test(readFileSync(join(SRC, path), 'utf8')));
    expect(guilty).toEqual([]);
  });
});
