// The catalogue's state: what is kept, under whose name, and what a second process sees.
import { beforeEach, describe, expect, it } from 'vitest';
import { MemoryDatabase } from '../../test/support/memory-database.ts';
import { isSlug, makeSlug, parseSlug } from './slug.ts';
import { CatalogueState, newTokenId } from './state.ts';

const NOW = 1_800_000_000;
const fresh = { source: 'given', createdAt: NOW } as const;
let database: MemoryDatabase;
let state: CatalogueState;

beforeEach(() => {
  database = new MemoryDatabase();
  state = new CatalogueState(database);
});

describe('the items of a catalogue', () => {
  it('have a name for good, and no two the same', async () => {
    const [a, b] = await state.ensure(['/x/Film One.mkv', '/y/film-one.mkv'], fresh);
    expect([a?.slug, b?.slug]).toEqual(['film-one-mkv', 'film-one-mkv-2']);
    const [again] = await state.ensure(['/y/film-one.mkv'], fresh);
    expect(again?.slug).toBe('film-one-mkv-2');
    expect(state.items()).toHaveLength(2);
  });

  it('take changes, lose values, and tell that something has changed', async () => {
    await state.ensure(['/x/a'], fresh);
    const before = state.revision();
    await state.change('a', { title: 'A', expiresAt: NOW + 5, down: { since: NOW, word: 'sorry' } });
    expect(state.item('a')).toMatchObject({ title: 'A', expiresAt: NOW + 5, down: { word: 'sorry' } });
    await state.change('a', { title: null, down: null });
    expect(state.item('a')).not.toHaveProperty('down');
    expect(state.item('a')).not.toHaveProperty('title');
    expect(state.revision()).not.toBe(before);
    await expect(state.change('b', {})).rejects.toMatchObject({ code: 'ITEM_UNKNOWN' });
  });

  it('count their versions up, each with its torrent', async () => {
    await state.ensure(['/x/a'], fresh);
    const made = { slug: 'a', path: '/x/a', publishedAt: NOW, files: [] };
    await Promise.all(Array.from({ length: 12 }, () => state.addVersion(made, (n) => Uint8Array.of(n))));
    expect(state.versions('a').map(({ version }) => version)).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
    ]);
    expect(state.item('a')?.version).toBe(12);
    expect(state.torrent('a', 12)).toEqual(Uint8Array.of(12));
  });

  it('add up what was moved for them', async () => {
    await state.ensure(['/x/a'], fresh);
    const moved = { downloads: 1, uploaded: 10, sentDirectly: 3 };
    await state.count(new Map([['a', moved]]));
    await state.count(new Map([['a', moved]]));
    expect(state.counts('a')).toEqual({ downloads: 2, uploaded: 20, sentDirectly: 6 });
  });
});

describe('the tokens of a catalogue', () => {
  it('are listed without being kept, and revoked by name', async () => {
    const id = newTokenId();
    await state.noteToken({ id, slug: 'a', right: 'read', issuedAt: NOW, note: 'for Ann' });
    await state.revokeToken(id, NOW + 1);
    expect(state.tokens()).toEqual([
      { id, slug: 'a', right: 'read', issuedAt: NOW, note: 'for Ann', revokedAt: NOW + 1 },
    ]);
    await expect(state.revokeToken('00', NOW)).rejects.toMatchObject({ code: 'TOKEN_UNKNOWN' });
    expect(await state.secret()).toEqual(await new CatalogueState(database).secret());
  });
});

describe('a name in addresses', () => {
  it('is made of any file name', () => {
    const free = (): boolean => false;
    expect(makeSlug('Crème Brûlée (2024).tar.gz', free)).toBe('creme-brulee-2024-tar-gz');
    expect(makeSlug('東京', free)).toMatch(/^item-[0-9a-f]{8}$/);
    for (const name of ['...', '<script>', 'x'.repeat(300), 'a--b', '-'])
      expect(isSlug(makeSlug(name, free))).toBe(true);
    for (const text of ['', 'A', 'a/b', '..', 'a--b', '-a'])
      expect(() => parseSlug(text)).toThrow('not an item');
  });
});
