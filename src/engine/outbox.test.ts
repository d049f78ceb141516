import { describe, expect, it } from 'vitest';
import { concatBytes } from '../core/bytes/bytes.ts';
import { encodeMessage } from '../core/wire/encode.ts';
import { Outbox } from './outbox.ts';

function segment(): {
  released: number;
  frames: Uint8Array;
  ready: undefined;
  retain(): void;
  release(): void;
} {
  const made = {
    released: 0,
    frames: new Uint8Array(0),
    ready: undefined,
    retain: (): void => undefined,
    release: (): void => {
      made.released++;
    },
  };
  return made;
}

describe('the outbox', () => {
  it('joins small messages and keeps everything in order', () => {
    const outbox = new Outbox();
    const frames = new Uint8Array(100).fill(9);
    outbox.message({ kind: 'unchoke' });
    outbox.message({ kind: 'have', piece: 7 });
    outbox.frames(frames, 87, segment());
    outbox.message({ kind: 'choke' });
    const chunks = outbox.take();
    expect(chunks).toHaveLength(3);
    expect(chunks[1]).toBe(frames);
    expect(concatBytes(chunks)).toEqual(
      concatBytes([
        encodeMessage({ kind: 'unchoke' }),
        encodeMessage({ kind: 'have', piece: 7 }),
        frames,
        encodeMessage({ kind: 'choke' }),
      ]),
    );
    expect(outbox.take()).toEqual([]);
  });

  it('releases a segment when its last byte is taken, however that is counted', () => {
    for (const step of [1, 3, 40, 105, 210]) {
      const outbox = new Outbox();
      const [first, second] = [segment(), segment()];
      outbox.message({ kind: 'choke' });
      outbox.frames(new Uint8Array(100), 87, first);
      outbox.frames(new Uint8Array(105), 92, second);
      outbox.take();
      let payload = 0;
      for (let taken = 0; taken < 210; taken += step) {
        const bytes = Math.min(step, 210 - taken);
        payload += outbox.onTaken(bytes);
        expect(first.released).toBe(taken + bytes >= 105 ? 1 : 0);
        expect(second.released).toBe(taken + bytes >= 210 ? 1 : 0);
      }
      expect(payload).toBe(179);
    }
  });

  it('releases everything when the transport closes', () => {
    const outbox = new Outbox();
    const held = [segment(), segment()];
    for (const one of held) {
      outbox.frames(new Uint8Array(10), 10, one);
      if (one === held[0]) outbox.take();
    }
    outbox.clear();
    expect(held.map((one) => one.released)).toEqual([1, 1]);
  });
});
