// What comes out of frames does not depend on how they arrive, and what breaks RFC 6455 ends the connection.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CLOSE, FrameReader } from './frame-reader.ts';

interface Heard {
  readonly texts: string[];
  readonly pings: string[];
  readonly ends: number[];
}

function listen(): { readonly reader: FrameReader; readonly heard: Heard } {
  const heard: Heard = { texts: [], pings: [], ends: [] };
  const reader = new FrameReader({
    text: (text) => heard.texts.push(text),
    ping: (payload) => heard.pings.push(payload.toString()),
    pong: () => undefined,
    end: (code) => heard.ends.push(code),
  });
  return { reader, heard };
}

/** A frame as section 5.2 of RFC 6455 has it. */
function frame(
  payload: string,
  options: { readonly opcode?: number; readonly fin?: boolean; readonly mask?: boolean } = {},
): Buffer {
  const { opcode = 1, fin = true, mask = true } = options;
  const data = Buffer.from(payload);
  const key = Buffer.from([0x12, 0x34, 0xab, 0xcd]);
  const head = Buffer.alloc(data.length < 126 ? 2 : data.length < 65_536 ? 4 : 10);
  head[0] = (fin ? 0x80 : 0) | opcode;
  head[1] = (mask ? 0x80 : 0) | (head.length === 2 ? data.length : head.length === 4 ? 126 : 127);
  if (head.length === 4) head.writeUInt16BE(data.length, 2);
  if (head.length === 10) head.writeUInt32BE(data.length, 6);
  if (!mask) return Buffer.concat([head, data]);
  return Buffer.concat([head, key, data.map((byte, i) => byte ^ (key[i % 4] ?? 0))]);
}

describe('frames of WebSocket clients', () => {
  it('are read as they were sent, wherever the stream is cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ maxLength: 300 }), { maxLength: 5 }),
        fc.integer({ min: 65_000, max: 70_000 }).map((length) => 'ü'.repeat(length)),
        fc.array(fc.nat(400), { maxLength: 40 }),
        (short, long, cuts) => {
          const texts = [...short, long, ...short];
          const bytes = Buffer.concat(texts.map((text) => frame(text)));
          const { reader, heard } = listen();
          let at = 0;
          for (const cut of cuts) {
            reader.read(Buffer.from(bytes.subarray(at, at + cut)));
            at = Math.min(bytes.length, at + cut);
          }
          reader.read(Buffer.from(bytes.subarray(at)));
          expect(heard.texts).toEqual(texts);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('may come in parts, with a ping between them', () => {
    const { reader, heard } = listen();
    const parts = [frame('one ', { fin: false }), frame('hello', { opcode: 9 }), frame('two', { opcode: 0 })];
    reader.read(Buffer.concat(parts));
    expect(heard).toEqual({ texts: ['one two'], pings: ['hello'], ends: [] });
  });

  it.each([
    ['no mask', frame('x', { mask: false }), CLOSE.protocol],
    ['a continuation of nothing', frame('x', { opcode: 0 }), CLOSE.protocol],
    ['a beginning within a message', Buffer.concat([frame('x', { fin: false }), frame('x')]), CLOSE.protocol],
    ['an unknown opcode', frame('x', { opcode: 3 }), CLOSE.protocol],
    ['an unknown control frame', frame('x', { opcode: 11 }), CLOSE.protocol],
    ['a long ping', frame('x'.repeat(126), { opcode: 9 }), CLOSE.protocol],
    ['a ping in parts', frame('x', { opcode: 9, fin: false }), CLOSE.protocol],
    ['a reserved bit', Buffer.from([0xc1, 0x80, 0, 0, 0, 0]), CLOSE.protocol],
    ['no UTF-8', Buffer.from([0x81, 0x81, 0, 0, 0, 0, 0xff]), CLOSE.unreadable],
    ['a length of exabytes', Buffer.from([0x81, 0xff, 1, 0, 0, 0, 0, 0, 0, 0]), CLOSE.tooLarge],
    ['a message beyond the limit', frame('x'.repeat(256 * 1024 + 1)), CLOSE.tooLarge],
    ['a goodbye', frame('', { opcode: 8 }), CLOSE.normal],
  ])('end with %s, and nothing after it is read', (_, bytes, code) => {
    const { reader, heard } = listen();
    reader.read(Buffer.concat([frame('before'), bytes, frame('behind')]));
    reader.read(frame('later'));
    expect(heard).toEqual({ texts: ['before'], pings: [], ends: [code] });
  });

  it('that are endless parts of nothing are cut off', () => {
    const { reader, heard } = listen();
    reader.read(frame('', { fin: false }));
    const nothing = Buffer.concat(Array.from({ length: 1000 }, () => frame('', { opcode: 0, fin: false })));
    for (let i = 0; i < 300; i++) reader.read(Buffer.from(nothing));
    expect(heard.ends).toEqual([CLOSE.tooLarge]);
  });

  it('never throw, whatever comes', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 50 })), (chunks) => {
        const { reader, heard } = listen();
        for (const chunk of chunks) reader.read(Buffer.from(chunk));
        expect(heard.ends.length).toBeLessThanOrEqual(1);
      }),
    );
  });
});
