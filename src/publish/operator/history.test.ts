// Rings of numbers over time: means, gaps, limits, clocks that jump, and what outlives a start.
import { describe, expect, it } from 'vitest';
import { decodeBooks, encodeBooks } from './books.ts';
import { History, type Sample } from './history.ts';

const HOUR = 3600;
const START = 1_800_000_000;

function sample(toPeers: number, paid = 0): Sample {
  return { toPeers, directly: 0, connected: 0, seeders: 0, leechers: 0, delivered: 0, paid };
}

describe('history', () => {
  it('keeps seconds as they are, the mean of rates and the last of sums by the minute', () => {
    const history = new History();
    history.add(sample(10, 1), START);
    history.add(sample(30, 5), START + 1);
    expect(history.series('seconds')).toMatchObject({
      stepSeconds: 1,
      end: START + 1,
      columns: { toPeers: [10, 30], paid: [1, 5] },
    });
    expect(history.series('minutes').columns).toMatchObject({ toPeers: [20], paid: [5] });
    expect(history.series('seconds', START).columns.toPeers).toEqual([30]);
    expect(history.series('seconds', START + 1).columns.toPeers).toEqual([]);
  });

  it('leaves time in which nothing ran empty, and forgets what is too old', () => {
    const history = new History();
    history.add(sample(1), START);
    history.add(sample(2), START + 3);
    expect(history.series('seconds').columns.toPeers).toEqual([1, null, null, 2]);
    for (let i = 0; i < 700; i++) history.add(sample(i), START + 10 + i);
    const { toPeers } = history.series('seconds').columns;
    expect([toPeers.length, toPeers[0], toPeers.at(-1)]).toEqual([600, 100, 699]);
    history.add(sample(5), START + 90_000);
    expect(history.series('seconds').columns.toPeers.filter((value) => value !== null)).toEqual([5]);
  });

  it('is not stopped by a clock that was set back, and not emptied by a little of it', () => {
    const history = new History();
    history.add(sample(1), START + HOUR);
    history.add(sample(3), START + HOUR - 1);
    expect(history.series('hours').columns.toPeers).toEqual([2]);
    history.add(sample(7), START - 1000 * HOUR);
    expect(history.series('hours').columns.toPeers).toEqual([7]);
  });

  it('outlives a start, with the gap', () => {
    const before = new History();
    for (let i = 0; i < 5; i++) before.add(sample(i, i), START + 60 * i);
    const books = { since: START, accounts: {}, history: before.save() };
    const read = decodeBooks(encodeBooks(books));
    expect(read).toEqual(books);
    const after = new History();
    if (read !== undefined) after.restore(read.history);
    after.add(sample(9, 9), START + 60 * 7);
    expect(after.series('minutes').columns.toPeers).toEqual([0, 1, 2, 3, 4, null, null, 9]);
    expect(after.series('seconds').columns.toPeers).toEqual([9]);
  });

  it('begins anew where the books are none', () => {
    for (const text of ['', 'nothing', '{}', '{"since":-1,"accounts":{},"history":{}}']) {
      expect(decodeBooks(new TextEncoder().encode(text))).toBeUndefined();
    }
  });
});
