import { describe, expect, it } from 'vitest';
import { HEADER, layoutFor, RECORD } from './layout.ts';
import { SwarmIndex } from './swarm-index.ts';

const SWARMS = 10;

/** Ten records over sixteen slots: most have neighbours. */
function create(): { index: SwarmIndex; memory: Int32Array; at: (n: number) => number } {
  const layout = layoutFor({ maxSwarms: SWARMS, arenaBytes: 0 });
  expect(layout.indexMask).toBe(15);
  const memory = new Int32Array(layout.words);
  const index = new SwarmIndex(memory, layout, [5, 6]);
  const at = (n: number): number => {
    index.hash.set([n, 2, 3, 4, 5]);
    return index.find();
  };
  return { index, memory, at };
}

describe('the index of swarms', () => {
  it('finds each swarm, whichever goes and comes back', () => {
    const { index, memory, at } = create();
    const records = new Map<number, number>();
    const enter = (n: number): void => {
      expect(at(n)).toBe(0);
      records.set(n, index.insert());
    };
    for (let n = 0; n < SWARMS; n++) enter(n);
    expect([at(77), index.insert()]).toEqual([0, 0]);
    for (let round = 0; round < 60; round++) {
      const leaving = [...records.keys()][(7 * round) % SWARMS] ?? 0;
      index.remove(records.get(leaving) ?? 0);
      records.delete(leaving);
      expect([at(leaving), memory[HEADER.swarms]]).toEqual([0, SWARMS - 1]);
      for (const [n, record] of records) expect(at(n)).toBe(record);
      enter(1000 + round);
      expect(new Set(records.values()).size).toBe(SWARMS);
      for (const [n, record] of records) expect(at(n)).toBe(record);
    }
    for (const record of records.values()) index.remove(record);
    for (const n of records.keys()) expect(at(n)).toBe(0);
    expect([memory[HEADER.swarms], index.usedRecords]).toEqual([0, SWARMS]);
  });

  it('hands out records that hold their hash and nothing else', () => {
    const { index, memory, at } = create();
    expect(at(-7)).toBe(0);
    const record = index.insert();
    memory.fill(9, record + RECORD.hash + 5, record + RECORD.words - 1);
    index.remove(record);
    expect(at(8)).toBe(0);
    expect(index.insert()).toBe(record);
    expect([...memory.subarray(record, record + RECORD.words)]).toEqual(
      [8, 2, 3, 4, 5, 0, 0, 1].concat(Array<number>(8).fill(0)),
    );
  });
});
