// Access tokens: what they open, and everything that must not open anything.
import { createHmac as nodeHmac, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nodeDigests } from '../../node/digests.ts';
import { fromBase64Url, toBase64Url } from '../bytes/base64url.ts';
import { toHex } from '../bytes/bytes.ts';
import { createHmac } from './hmac.ts';
import { subjectOfInfoHash, subjectOfName, TokenSigner, type TokenClaims, type TokenUse } from './token.ts';

const NOW = 1_800_000_000;
const HASH = new Uint8Array(20).fill(7);
const signer = new TokenSigner(new Uint8Array(32).fill(1), nodeDigests);

function claims(changes: Partial<TokenClaims> = {}): TokenClaims {
  return {
    id: new Uint8Array(8).fill(9),
    rights: ['announce', 'read'],
    expiresAt: NOW + 60,
    subjects: [subjectOfInfoHash(HASH)],
    ...changes,
  };
}

function use(changes: Partial<TokenUse> = {}): TokenUse {
  return { right: 'announce', subjects: [subjectOfInfoHash(HASH)], nowSeconds: NOW, ...changes };
}

describe('a token', () => {
  it('opens what it says, and tells its claims', () => {
    expect(signer.check(signer.issue(claims()), use())).toEqual({ kind: 'valid', claims: claims() });
    const forever = claims({ expiresAt: undefined, subjects: [] });
    expect(signer.check(signer.issue(forever), use({ subjects: [] }))).toEqual({
      kind: 'valid',
      claims: forever,
    });
  });

  it.each<[string, { made?: Partial<TokenClaims>; asked?: Partial<TokenUse>; verdict: string }]>([
    ['after its time', { made: { expiresAt: NOW }, verdict: 'expired' }],
    [
      'for another torrent',
      { asked: { subjects: [subjectOfInfoHash(new Uint8Array(20))] }, verdict: 'not-for-this' },
    ],
    ['for one torrent where all are asked for', { asked: { subjects: [] }, verdict: 'not-for-this' }],
    ['without the right', { made: { rights: ['read'] }, verdict: 'not-for-this' }],
    ['when revoked', { asked: { isRevoked: (id) => id === '0909090909090909' }, verdict: 'revoked' }],
  ])('opens nothing %s', (_, { made, asked, verdict }) => {
    expect(signer.check(signer.issue(claims(made)), use(asked))).toEqual({ kind: verdict });
  });

  it('of another secret is forged', () => {
    const other = new TokenSigner(new Uint8Array(32).fill(2), nodeDigests);
    expect(signer.check(other.issue(claims()), use())).toEqual({ kind: 'forged' });
  });

  it('with any bit changed opens nothing', () => {
    const bytes = fromBase64Url(signer.issue(claims()));
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const changed = bytes.slice();
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(['forged', 'malformed']).toContain(signer.check(toBase64Url(changed), use()).kind);
    }
  });

  it('is refused without an exception, whatever the text', () => {
    const text = signer.issue(claims());
    for (let i = 0; i < text.length; i++) {
      expect(signer.check(text.slice(0, i), use()).kind).not.toBe('valid');
    }
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), (any) => {
        expect(['malformed', 'forged']).toContain(signer.check(any, use()).kind);
      }),
    );
  });

  it('has the subject of a name apart from others', () => {
    expect(subjectOfName('a', nodeDigests)).toHaveLength(8);
    expect(toHex(subjectOfName('a', nodeDigests))).not.toBe(toHex(subjectOfName('b', nodeDigests)));
  });
});

describe('what tokens are made of', () => {
  it('is the HMAC of RFC 4231, and of node:crypto', () => {
    const mac = createHmac(new Uint8Array(20).fill(0x0b), nodeDigests);
    expect(toHex(mac(new TextEncoder().encode('Hi There')))).toBe(
      'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
    );
    for (const length of [1, 32, 64, 65, 131]) {
      const key = randomBytes(length);
      const message = randomBytes(100);
      const expected = nodeHmac('sha256', key).update(message).digest('hex');
      expect(toHex(createHmac(key, nodeDigests)(message))).toBe(expected);
    }
  });

  it('is base64url as node writes it, and one text for each run of bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        const text = toBase64Url(bytes);
        expect(text).toBe(Buffer.from(bytes).toString('base64url'));
        expect(fromBase64Url(text)).toEqual(bytes);
      }),
    );
    for (const text of ['A', 'AB', 'AA=', 'A+', 'AAAAA', 'A A']) {
      expect(() => fromBase64Url(text)).toThrow('base64url');
    }
  });
});
