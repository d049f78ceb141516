import { describe, expect, it } from 'vitest';
import { fromHex, latin1Encode } from '../core/bytes/bytes.ts';
import { verifySignature } from './signatures.ts';

describe('verifySignature', () => {
  // BEP 44, test 1.
  const key = fromHex('77ff84905a91936367c01360803104f92432fcd904a43511876df5cdf3e7e548');
  const signature = fromHex(
    '305ac8aeb6c9c151fa120f120ea2cfb923564e11552d06a5d856091e5e853cff' +
      '1260d3f39e4999684aa92eb73ffd136e6f4f3ecbfda0ce53a1608ecd7ae21f01',
  );

  it('accepts the signed item of BEP 44', () => {
    expect(verifySignature(key, latin1Encode('3:seqi1e1:v12:Hello World!'), signature)).toBe(true);
  });

  it('refuses the signature for another message', () => {
    expect(verifySignature(key, latin1Encode('3:seqi2e1:v12:Hello World!'), signature)).toBe(false);
  });
});
