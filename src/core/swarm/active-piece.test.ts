import { describe, expect, it } from 'vitest';
import { BLOCK_LENGTH, Geometry } from '../metainfo/geometry.ts';
import type { FileEntry } from '../metainfo/metainfo.ts';
import { createBufferPool } from './buffers.ts';
import { ActivePiece } from './active-piece.ts';

const BLOCKS = 4;
const file: Omit<FileEntry, 'length' | 'offset' | 'pad'> = {
  path: ['a'],
  executable: false,
  hidden: false,
  symlink: undefined,
  piecesRoot: undefined,
};

/** A torrent of one piece of four blocks; the last `padding` bytes are a padding file. */
function geometryOf(padding = 0): Geometry {
  const pieceLength = BLOCKS * BLOCK_LENGTH;
  const length = pieceLength - padding;
  const files = [{ ...file, length, offset: 0, pad: false }];
  if (padding > 0) files.push({ ...file, length: padding, offset: length, pad: true });
  return new Geometry({ pieceLength, pieceCount: 1, files, version: 'v1' });
}

function begun(options: { padding?: number; isExclusive?: boolean; fill?: number } = {}): ActivePiece {
  const buffer = new Uint8Array(BLOCKS * BLOCK_LENGTH).fill(options.fill ?? 0);
  return new ActivePiece(geometryOf(options.padding), 0, {
    ...{ buffer, memory: createBufferPool().memory, opener: 7 },
    isExclusive: options.isExclusive ?? false,
  });
}

const block = (byte: number): Uint8Array => new Uint8Array(BLOCK_LENGTH).fill(byte);

describe('a piece in memory', () => {
  it('gives out its blocks in order, each once', () => {
    const piece = begun();
    expect(piece.blockCount).toBe(BLOCKS);
    expect([1, 1, 2, 2, 3].map((peer) => piece.take(peer))).toEqual([0, 1, 2, 3, -1]);
    expect(piece.open).toBe(0);
    expect(piece.requesters(1)).toEqual([1]);
    expect(piece.requesters(2)).toEqual([2]);
    expect(piece.isRequested(3)).toBe(true);
    expect(piece.isReceived(3)).toBe(false);
  });

  it('is for its opener alone if it is exclusive', () => {
    expect(begun().exclusive).toBeUndefined();
    expect(begun({ isExclusive: true }).exclusive).toBe(7);
  });

  it('gives a block out again that was given up, the lowest first', () => {
    const piece = begun();
    for (let i = 0; i < 3; i++) piece.take(1);
    expect(piece.giveUp(2, 1)).toBe(true);
    expect(piece.giveUp(0, 1)).toBe(true);
    expect(piece.open).toBe(3);
    expect(piece.isRequested(0)).toBe(false);
    expect([2, 2, 2, 2].map((peer) => piece.take(peer))).toEqual([0, 2, 3, -1]);
    expect(piece.requesters(0)).toEqual([2]);
  });

  it('has nothing to give up of a block that is open or has come', () => {
    const piece = begun();
    expect(piece.giveUp(0, 1)).toBe(false);
    piece.take(1);
    piece.receive(0, block(1), 1);
    expect(piece.giveUp(0, 1)).toBe(false);
    expect(piece.isReceived(0)).toBe(true);
    expect(piece.open).toBe(3);
  });

  it('asks several at the end: one that gives up leaves it to the others', () => {
    const piece = begun();
    piece.take(1);
    piece.addRequester(0, 2);
    piece.addRequester(0, 3);
    expect(piece.requesters(0)).toEqual([1, 2, 3]);
    expect(piece.giveUp(0, 1)).toBe(false);
    expect(piece.requesters(0)).toEqual([2, 3]);
    expect(piece.giveUp(0, 3)).toBe(false);
    expect(piece.requesters(0)).toEqual([2]);
    expect(piece.isRequested(0)).toBe(true);
    expect(piece.open).toBe(3);
    expect(piece.giveUp(0, 2)).toBe(true);
    expect(piece.open).toBe(4);
  });

  it('puts blocks where they belong and knows who sent them', () => {
    const piece = begun();
    for (let i = 0; i < 4; i++) piece.take(1);
    expect(piece.senders()).toEqual([1]);
    for (const at of [2, 0, 3]) expect(piece.receive(at, block(at + 1), 1)).toBeUndefined();
    expect(piece.isWhole).toBe(false);
    expect(piece.received).toBe(3);
    expect(piece.receive(1, block(2), 5)).toEqual([1]);
    expect(piece.isWhole).toBe(true);
    expect([0, 1, 2, 3].map((at) => piece.buffer[at * BLOCK_LENGTH])).toEqual([1, 2, 3, 4]);
    expect([0, 1, 2, 3].map((at) => piece.buffer[(at + 1) * BLOCK_LENGTH - 1])).toEqual([1, 2, 3, 4]);
    expect([0, 1].map((at) => piece.sender(at))).toEqual([1, 5]);
    expect(piece.senders()).toEqual([1, 5]);
  });

  it('takes a block that is open, and does not give it out any more', () => {
    const piece = begun();
    expect(piece.receive(0, block(9), 4)).toBeUndefined();
    expect(piece.open).toBe(3);
    expect(piece.sender(0)).toBe(4);
    expect(piece.senders()).toEqual([4]);
    expect(piece.take(1)).toBe(1);
  });

  it('names the others that were asked for a block that came', () => {
    const piece = begun();
    piece.take(1);
    piece.take(1);
    piece.addRequester(0, 2);
    piece.addRequester(0, 3);
    piece.addRequester(1, 2);
    expect(piece.receive(0, block(1), 1)).toEqual([2, 3]);
    expect(piece.requesters(0)).toEqual([1]);
    expect(piece.receive(1, block(1), 2)).toEqual([1]);
    expect(piece.requesters(1)).toEqual([2]);
  });

  it('has blocks of padding from the start, zeroed; one that is padding in part is asked for (BEP 47)', () => {
    const piece = begun({ padding: 2 * BLOCK_LENGTH, fill: 0xff });
    expect([piece.open, piece.received, piece.isWhole]).toEqual([2, 2, false]);
    expect([0, 1, 2, 3].map((at) => piece.isReceived(at))).toEqual([false, false, true, true]);
    expect(piece.buffer.subarray(2 * BLOCK_LENGTH).every((byte) => byte === 0)).toBe(true);
    expect(piece.buffer.subarray(0, 2 * BLOCK_LENGTH).every((byte) => byte === 0xff)).toBe(true);
    expect(piece.senders()).toEqual([]);
    expect([1, 1, 1].map((peer) => piece.take(peer))).toEqual([0, 1, -1]);
    expect(begun({ padding: BLOCK_LENGTH + 1 }).open).toBe(3);
  });
});
