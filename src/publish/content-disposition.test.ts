import fc from 'fast-check';
import { expect, it } from 'vitest';
import { attachment } from './content-disposition.ts';

it('keeps the exact name in UTF-8 and an ASCII one for old clients', () => {
  expect(attachment('Ünï "x" 100%.txt')).toBe(
    `attachment; filename="_n_ _x_ 100_.txt"; filename*=UTF-8''%C3%9Cn%C3%AF%20%22x%22%20100%25.txt`,
  );
});

it('cannot be broken out of by any name', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (name) => {
      expect(attachment(name)).toMatch(
        /^attachment; filename="[^"\\]*"; filename\*=UTF-8''[\w!#$&+.^`|~%-]*$/,
      );
      expect(attachment(name)).toMatch(/^[\x20-\x7e]*$/);
    }),
  );
});
