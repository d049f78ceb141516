// The file of a token: made for its owner alone, refused when others can read it.
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Token } from './token.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'token-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

describe('a token', () => {
  it('is made once, long, and readable for its owner alone', async () => {
    const path = join(folder, 'state', 'token');
    const made = await Token.load(path);
    expect(made.value).toMatch(/^[\w-]{32}$/);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await readFile(path, 'utf8')).trim()).toBe(made.value);
    expect((await Token.load(path)).value).toBe(made.value);
    expect((await Token.load(join(folder, 'other'))).value).not.toBe(made.value);
  });

  it.each([0o644, 0o640, 0o604])('is refused from a file of mode %o', async (mode) => {
    const path = join(folder, 'token');
    await Token.load(path);
    await chmod(path, mode);
    await expect(Token.load(path)).rejects.toMatchObject({ code: 'TOKEN_EXPOSED' });
  });

  it('is refused when it is short', async () => {
    const path = join(folder, 'token');
    await writeFile(path, 'short\n', { mode: 0o600 });
    await expect(Token.load(path)).rejects.toMatchObject({ code: 'TOKEN_TOO_SHORT' });
  });

  it('matches itself, and what is derived of it for one purpose', () => {
    const token = new Token('a'.repeat(32));
    expect(token.matches('a'.repeat(32))).toBe(true);
    for (const other of ['', 'a', 'a'.repeat(33), `${'a'.repeat(31)}b`])
      expect(token.matches(other)).toBe(false);
    expect(token.matchesDerived(token.derive('one'), 'one')).toBe(true);
    expect(token.matchesDerived(token.derive('one'), 'other')).toBe(false);
    expect(token.derive('one')).not.toContain('aaaa');
  });
});
