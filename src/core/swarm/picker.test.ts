import { beforeEach, describe, expect, it } from 'vitest';
import { digests } from '../../../test/support/digests.ts';
import { Bitfield } from '../bytes/bitfield.ts';
import { toPeerId } from '../ids.ts';
import { BLOCK_LENGTH } from '../metainfo/geometry.ts';
import type { FileEntry, Metainfo } from '../metainfo/metainfo.ts';
import type { ActivePiece } from './active-piece.ts';
import { createBufferPool } from './buffers.ts';
import { Content } from './content.ts';
import { SwarmContext } from './context.ts';
import type { SwarmOptions } from './options.ts';
import { Peer } from './peers.ts';
import { Picker } from './picker.ts';
import { PIECE } from './pieces.ts';

const BLOCKS = 4;
const PIECE_LENGTH = BLOCKS * BLOCK_LENGTH;

function metainfoOf(pieceCount: number): Metainfo {
  // One file for each piece, so that each can have a priority.
  const files = Array.from({ length: pieceCount }, (_, i): FileEntry => ({
    path: ['n', String(i)],
    length: PIECE_LENGTH,
    offset: i * PIECE_LENGTH,
    pad: false,
    executable: false,
    hidden: false,
    symlink: undefined,
    piecesRoot: undefined,
  }));
  const none = { trackers: [], webSeeds: [], httpSeeds: [], nodes: [], warnings: [], pieceLayers: new Map() };
  const absent = { comment: undefined, createdBy: undefined, creationDate: undefined, source: undefined };
  const hashes = { infoHash: undefined, infoHashV2: undefined, pieceHashes: new Uint8Array(20 * pieceCount) };
  return {
    ...none,
    ...absent,
    ...hashes,
    version: 'v1',
    name: 'n',
    pieceLength: PIECE_LENGTH,
    pieceCount,
    length: pieceCount * PIECE_LENGTH,
    files,
    isSingleFile: false,
    private: false,
    infoBytes: new Uint8Array(),
  };
}

class Bench {
  readonly context: SwarmContext;
  readonly picker: Picker;
  readonly content: Content;

  constructor(
    pieceCount: number,
    options: Partial<SwarmOptions> & { have?: number[]; budget?: number } = {},
  ) {
    const buffers = createBufferPool({ budgetBytes: options.budget ?? 100 * PIECE_LENGTH });
    const peerId = toPeerId(new Uint8Array(20));
    const plain = {
      infoHash: undefined,
      infoHashV2: undefined,
      maxPeers: 50,
      seed: 1,
      peerId,
      buffers,
      digests,
    };
    this.context = new SwarmContext({ ...plain, ...options });
    const have = new Bitfield(pieceCount);
    for (const piece of options.have ?? []) have.add(piece);
    this.content = new Content(metainfoOf(pieceCount), have, { buffers, rng: this.context.rng });
    this.context.content = this.content;
    this.picker = new Picker(this.context);
  }

  /** An unchoked peer with these pieces (all of them by default), counted in availability. */
  peer(pieces?: readonly number[], transport: 'tcp' | 'webseed' = 'tcp'): Peer {
    const { size } = this.content.pieces;
    const peer = new Peer(
      {
        kind: 'peer-connected',
        peer: this.context.peers.size + 1,
        transport,
        address: undefined,
        outgoing: true,
        peerId: toPeerId(new Uint8Array(20)),
        capabilities: { extended: true, fast: true, dht: false, v2: false },
      },
      0,
    );
    peer.choked = false;
    peer.has = new Bitfield(size);
    for (let piece = 0; piece < size; piece++) {
      if (pieces !== undefined && !pieces.includes(piece)) continue;
      peer.has.add(piece);
      this.content.availability.add(piece);
    }
    this.context.peers.set(peer.key, peer);
    return peer;
  }

  /** The piece for a peer, and its next block taken. */
  take(peer: Peer): number | undefined {
    const active = this.picker.next(peer);
    active?.take(peer.key);
    return active?.index;
  }

  /** What the peer is given one block after the other. */
  takeAll(peer: Peer, most = 100): number[] {
    const taken: number[] = [];
    for (let piece = this.take(peer); piece !== undefined && taken.length < most; piece = this.take(peer)) {
      taken.push(piece);
    }
    return taken;
  }

  /** The pieces in the order in which the peer begins them. */
  begun(peer: Peer): number[] {
    return [...new Set(this.takeAll(peer))];
  }

  priorities(...priorities: number[]): void {
    this.content.prioritise(priorities);
  }
}

/** The peer has delivered so many blocks in the last 750 ms. */
function deliver(peer: Peer, blocks: number, now: number): void {
  peer.pipeline.started(now - 750);
  for (let i = 0; i < blocks; i++) {
    peer.pipeline.onBlock(BLOCK_LENGTH, 10, now);
    peer.down.add(BLOCK_LENGTH, now);
  }
}

const open = (piece: ActivePiece | undefined): number | undefined => piece?.open;

describe('which piece is asked for', () => {
  it('none before the metadata or what the peer has is known', () => {
    const bench = new Bench(2);
    const peer = bench.peer();
    peer.has = undefined;
    expect(bench.picker.next(peer)).toBeUndefined();
    const early = new SwarmContext(bench.context.options);
    expect(new Picker(early).next(bench.peer())).toBeUndefined();
  });

  it('a piece is finished before another is begun', () => {
    const bench = new Bench(3);
    const taken = bench.takeAll(bench.peer());
    expect(taken).toHaveLength(3 * BLOCKS);
    for (let i = 0; i < taken.length; i += BLOCKS) expect(new Set(taken.slice(i, i + BLOCKS)).size).toBe(1);
    expect(new Set(taken).size).toBe(3);
    expect(bench.content.pieces.count(PIECE.IN_FLIGHT)).toBe(3);
  });

  it('only what the peer has', () => {
    const bench = new Bench(4);
    expect(bench.begun(bench.peer([1, 3])).sort()).toEqual([1, 3]);
    expect(bench.picker.next(bench.peer([]))).toBeUndefined();
  });

  it('only what is allowed fast of one that chokes us (BEP 6)', () => {
    const bench = new Bench(4);
    const peer = bench.peer();
    peer.choked = true;
    expect(bench.picker.next(peer)).toBeUndefined();
    peer.revive();
    peer.allowedFast.add(2);
    expect(bench.begun(peer)).toEqual([2]);
    const other = bench.peer([0]);
    other.choked = true;
    other.allowedFast.add(2);
    expect(bench.picker.next(other)).toBeUndefined();
  });

  it('rarest first once there are two pieces; before, at random', () => {
    const bench = new Bench(5, { have: [0, 1] });
    bench.peer([2, 3]);
    bench.peer([2]);
    expect(bench.begun(bench.peer())).toEqual([4, 3, 2]);
    const firsts = new Set<number>();
    for (let seed = 1; seed < 60; seed++) {
      const fresh = new Bench(4, { have: [0], seed });
      fresh.peer([1, 2]);
      fresh.peer([1]);
      firsts.add(fresh.take(fresh.peer()) ?? -1);
    }
    expect([...firsts].sort()).toEqual([1, 2, 3]);
  });

  it('by priority before rarity, and nothing unwanted', () => {
    const bench = new Bench(6, { have: [0, 1] });
    bench.priorities(1, 1, 1, 0, 2, 1);
    bench.peer([4, 5]);
    bench.peer([4]);
    expect(bench.begun(bench.peer())).toEqual([4, 2, 5]);
  });

  it('in order if that is asked', () => {
    const bench = new Bench(5, { sequential: true, have: [1] });
    bench.peer([0, 2]);
    expect(bench.begun(bench.peer([0, 2, 3, 4]))).toEqual([0, 2, 3, 4]);
  });

  it('what the peer suggests first, unless it is had (BEP 6)', () => {
    const bench = new Bench(5, { have: [0, 1] });
    const peer = bench.peer([0, 1, 2, 3]);
    bench.peer([3]);
    for (const piece of [1, 4, 3]) peer.suggested.add(piece);
    expect(bench.take(peer)).toBe(3);
    // What is had is forgotten; what the peer lacks may come yet.
    expect([...peer.suggested]).toEqual([4, 3]);
  });

  it('an open block of a begun piece rather than a new piece that is as rare', () => {
    const bench = new Bench(4, { have: [0, 1] });
    const first = bench.peer();
    const piece = bench.take(first);
    expect(bench.take(bench.peer())).toBe(piece);
  });

  it('a rarer new piece before one that is begun', () => {
    const bench = new Bench(4, { have: [0, 1] });
    const first = bench.peer([2]);
    expect(bench.take(first)).toBe(2);
    const second = bench.peer();
    expect(bench.take(second)).toBe(3);
    expect(bench.takeAll(second)).toEqual([3, 3, 3, 2, 2, 2]);
  });

  it('of begun pieces that of the highest priority, then the rarest, then the one nearest its end', () => {
    const pick = (arrange: (bench: Bench, openers: Peer[]) => void): number | undefined => {
      const bench = new Bench(5, { have: [0, 1] });
      const openers = [2, 3, 4].map((piece) => bench.peer([piece]));
      for (const peer of openers) bench.take(peer);
      arrange(bench, openers);
      return bench.take(bench.peer());
    };
    const finishSome = (bench: Bench, peer: Peer | undefined): void => {
      if (peer !== undefined) bench.takeAll(peer, 1);
    };
    expect(pick((bench, [, middle]) => finishSome(bench, middle))).toBe(3);
    expect(pick((bench, [, , last]) => finishSome(bench, last))).toBe(4);
    expect(
      pick((bench, [, middle]) => {
        finishSome(bench, middle);
        for (const piece of [3, 4]) bench.peer([piece]);
      }),
    ).toBe(2);
    expect(
      pick((bench, [first]) => {
        finishSome(bench, first);
        bench.priorities(1, 1, 1, 1, 2);
      }),
    ).toBe(4);
  });

  it('leaves a piece to the peer that is at it and soon done', () => {
    const bench = new Bench(4, { have: [0, 1] });
    const quick = bench.peer([2]);
    const other = bench.peer([2, 3]);
    bench.peer([3]);
    bench.peer([3]);
    expect(bench.take(quick)).toBe(2);
    bench.context.now = 1000;
    // Three blocks are open: at this rate they take 225 ms, and that is soon.
    deliver(quick, 10, 1000);
    expect(bench.take(other)).toBe(3);
  });

  it.each<[string, (bench: Bench, quick: Peer) => void]>([
    ['is too slow', () => undefined],
    ['is not quite quick enough', (_, quick) => deliver(quick, 8, 1000)],
    ['is just not quick enough', (_, quick) => deliver(quick, 9, 1000)],
    [
      'has gone',
      (_, quick) => {
        deliver(quick, 99, 1000);
        quick.gone = true;
      },
    ],
    [
      'has left',
      (bench, quick) => {
        deliver(quick, 99, 1000);
        bench.context.peers.delete(quick.key);
      },
    ],
    [
      'chokes us',
      (_, quick) => {
        deliver(quick, 99, 1000);
        quick.choked = true;
      },
    ],
    [
      'is silent',
      (_, quick) => {
        deliver(quick, 99, 1000);
        quick.snubbed = true;
      },
    ],
    [
      'is at another piece',
      (_, quick) => {
        deliver(quick, 99, 1000);
        quick.current = undefined;
      },
    ],
  ])('does not leave it to one that %s', (_, arrange) => {
    const bench = new Bench(4, { have: [0, 1] });
    const quick = bench.peer([2]);
    const other = bench.peer([2, 3]);
    bench.peer([3]);
    bench.peer([3]);
    bench.take(quick);
    bench.context.now = 1000;
    arrange(bench, quick);
    expect(bench.take(other)).toBe(2);
  });

  it('takes what is kept for another rather than nothing', () => {
    const bench = new Bench(3, { have: [0, 1] });
    const quick = bench.peer([2]);
    bench.take(quick);
    bench.context.now = 1000;
    deliver(quick, 99, 1000);
    expect(bench.take(quick)).toBe(2);
    expect(bench.take(bench.peer([2]))).toBe(2);
  });

  it('gives a suspect piece to one peer only', () => {
    const bench = new Bench(3, { have: [0, 1] });
    bench.content.suspects.add(2);
    const [one, other] = [bench.peer(), bench.peer()];
    expect(bench.take(one)).toBe(2);
    expect(bench.take(other)).toBeUndefined();
    other.current = bench.content.active.get(2);
    expect(bench.take(other)).toBeUndefined();
    expect(bench.takeAll(one)).toEqual([2, 2, 2]);
  });

  it('comes back to blocks that opened again, and not to pieces out of flight', () => {
    const bench = new Bench(3, { have: [0, 1] });
    const peer = bench.peer();
    bench.takeAll(peer);
    const active = bench.content.active.get(2);
    if (active === undefined) throw new Error('not begun');
    expect(bench.picker.next(peer)).toBeUndefined();
    active.giveUp(1, peer.key);
    expect(bench.picker.next(bench.peer())).toBeUndefined();
    bench.picker.opened(active);
    expect(bench.picker.next(bench.peer())).toBe(active);
    bench.picker.closed(active);
    expect(bench.picker.next(bench.peer())).toBeUndefined();
  });
});

describe('memory for pieces', () => {
  it('spent: begun pieces go on, and the want of a buffer is noted', () => {
    const bench = new Bench(6, { have: [0, 1], budget: 2 * PIECE_LENGTH });
    const peer = bench.peer();
    expect(bench.begun(peer)).toHaveLength(2);
    expect(bench.picker.starved).toBe(true);
    bench.picker.starved = false;
    const active = [...bench.content.active.values()][0];
    if (active === undefined) throw new Error('not begun');
    active.giveUp(0, peer.key);
    bench.picker.opened(active);
    bench.peer([active.index]);
    const other = bench.peer();
    expect(bench.picker.next(other)).toBe(active);
    expect(other.current).toBe(active);
    expect(bench.picker.starved).toBe(true);
  });

  it('spent: even a piece kept for another goes on', () => {
    const bench = new Bench(6, { have: [0, 1], budget: 2 * PIECE_LENGTH });
    const quick = bench.peer([2]);
    bench.take(quick);
    bench.takeAll(bench.peer([3]));
    bench.context.now = 1000;
    deliver(quick, 99, 1000);
    expect(bench.take(bench.peer([2, 4]))).toBe(2);
  });

  it('is not wanting while pieces can be begun', () => {
    const bench = new Bench(3);
    bench.takeAll(bench.peer());
    expect(bench.picker.starved).toBe(false);
  });
});

describe('a peer with few pieces of many', () => {
  /** We look for 600 pieces, all rarer than those that the peer has. */
  function poor(have: readonly number[]): { bench: Bench; peer: Peer } {
    const bench = new Bench(600, { have: [0, 1] });
    for (let i = 0; i < 3; i++) bench.peer([590, 591, 592, 593]);
    const peer = bench.peer(have);
    return { bench, peer };
  }

  it('is searched once, and then known to be barren', () => {
    const { bench, peer } = poor([590]);
    expect(bench.take(peer)).toBe(590);
    expect(peer.barren).toBe(false);
    bench.takeAll(peer);
    expect(peer.barren).toBe(true);
    peer.has?.add(300);
    expect(bench.picker.next(peer)).toBeUndefined();
    peer.revive();
    expect(bench.take(peer)).toBe(300);
  });

  it('is asked for what it reported, best first, also while barren', () => {
    const { bench, peer } = poor([590, 591, 592]);
    bench.peer([590, 592]);
    peer.barren = true;
    peer.news = [590, 591, 592];
    expect(bench.begun(peer)).toEqual([591, 590, 592]);
    expect([peer.news, peer.newsAt]).toEqual([[], 0]);
  });

  it('is asked for the news of highest priority', () => {
    const { bench, peer } = poor([590, 591]);
    bench.content.prioritise(Array.from({ length: 600 }, (_, piece) => (piece === 591 ? 2 : 1)));
    bench.peer([591]);
    peer.barren = true;
    peer.news = [590, 591];
    expect(bench.take(peer)).toBe(591);
  });

  it('its news that we have, or that it does not give, are passed over', () => {
    const { bench, peer } = poor([590, 592]);
    peer.barren = true;
    peer.news = [0, 1, 591, 592, 590];
    expect(bench.take(peer)).toBe(592);
    expect(peer.newsAt).toBe(2);
  });

  it('only the next of its news are looked at', () => {
    const { bench, peer } = poor([300, 590]);
    peer.barren = true;
    peer.news = [...Array.from({ length: 31 }, (_, i) => 100 + i), 300];
    expect(bench.take(peer)).toBe(300);
    const late = poor([300, 590]);
    late.peer.barren = true;
    late.peer.news = [...Array.from({ length: 32 }, (_, i) => 100 + i), 300];
    expect(late.bench.take(late.peer)).toBeUndefined();
    expect(late.peer.news).toHaveLength(33);
  });

  it('the rarest of the quick look goes before its news', () => {
    const bench = new Bench(4, { have: [0, 1] });
    bench.peer([3]);
    const peer = bench.peer();
    peer.news = [3];
    expect(bench.take(peer)).toBe(2);
  });
});

describe('a web seed (BEP 19)', () => {
  it('goes on with the piece behind its last one', () => {
    const bench = new Bench(8, { have: [0, 1, 5] });
    const seed = bench.peer(undefined, 'webseed');
    seed.suggested.add(3);
    expect(bench.takeAll(seed, 8)).toEqual([...Array<number>(4).fill(3), ...Array<number>(4).fill(4)]);
    const next = bench.begun(seed);
    expect(next.sort()).toEqual([2, 6, 7]);
  });

  it('stops at the end, and at what is had', () => {
    const bench = new Bench(4, { have: [0, 2] });
    const seed = bench.peer(undefined, 'webseed');
    seed.suggested.add(3);
    expect(bench.begun(seed)).toEqual([3, 1]);
  });

  it('does without the next piece while memory is spent', () => {
    const bench = new Bench(6, { have: [0, 1], budget: 2 * PIECE_LENGTH });
    const seed = bench.peer(undefined, 'webseed');
    seed.suggested.add(2);
    expect(bench.begun(seed)).toEqual([2, 3]);
    expect(bench.picker.starved).toBe(true);
  });

  it('other peers do not go on in order', () => {
    const bench = new Bench(8, { have: [0, 1] });
    bench.peer([4, 5, 6]);
    const peer = bench.peer();
    peer.suggested.add(3);
    expect(bench.begun(peer).slice(0, 3).sort()).toEqual([2, 3, 7]);
  });
});

describe('pieces with a deadline', () => {
  let bench: Bench;
  const set = (...list: [piece: number, at: number][]): void =>
    bench.picker.deadlines.set(list.map(([piece, at]) => ({ piece, at })));

  beforeEach(() => {
    bench = new Bench(8, { have: [0, 1] });
  });

  it('go first, most urgent first', () => {
    expect(bench.picker.deadlines.isEmpty).toBe(true);
    bench.peer([5, 6]);
    set([6, 900], [5, 300]);
    expect(bench.picker.deadlines.isEmpty).toBe(false);
    expect(bench.begun(bench.peer()).slice(0, 2)).toEqual([5, 6]);
  });

  it('go before a piece that the peer is at, and are joined when begun', () => {
    const [one, other] = [bench.peer(), bench.peer()];
    const current = bench.take(one) ?? -1;
    const urgent = [2, 3, 4, 5, 6, 7].find((piece) => piece !== current) ?? -1;
    set([urgent, 500]);
    expect(bench.take(one)).toBe(urgent);
    expect(bench.take(other)).toBe(urgent);
    expect(open(bench.content.active.get(urgent))).toBe(2);
  });

  it('are not asked of one that has them not, or chokes us', () => {
    set([5, 300], [6, 400]);
    const peer = bench.peer([6, 7]);
    expect(bench.take(peer)).toBe(6);
    peer.choked = true;
    expect(bench.take(peer)).toBeUndefined();
  });

  it('are forgotten once had; new ones take the place of the old', () => {
    set([0, 100], [5, 300]);
    expect(bench.take(bench.peer([0, 5]))).toBe(5);
    set([1, 100]);
    expect(bench.picker.deadlines.isEmpty).toBe(false);
    bench.take(bench.peer());
    expect(bench.picker.deadlines.isEmpty).toBe(true);
    expect(bench.picker.deadlines.isLate(1, 1e9)).toBe(false);
  });

  it('all of whose blocks are asked for leave the turn to the next', () => {
    set([5, 300], [6, 400]);
    const taken = bench.takeAll(bench.peer(), BLOCKS + 1);
    expect(taken).toEqual([5, 5, 5, 5, 6]);
    expect(bench.take(bench.peer())).toBe(6);
  });

  it('that are a suspect piece stay with one peer', () => {
    bench.content.suspects.add(5);
    set([5, 300]);
    const [one, other] = [bench.peer(), bench.peer()];
    expect(bench.take(one)).toBe(5);
    expect(bench.take(other)).not.toBe(5);
    expect(bench.take(one)).toBe(5);
  });

  it('being verified are lacking still, but not to be asked for', () => {
    set([5, 300]);
    bench.takeAll(bench.peer([5]));
    bench.content.pieces.move(5, PIECE.IN_FLIGHT, PIECE.VERIFYING);
    expect(bench.take(bench.peer())).not.toBe(5);
    expect(bench.picker.deadlines.isEmpty).toBe(false);
  });

  it('are late if what comes is expected after them, by the earliest of several', () => {
    set([5, 900], [5, 300], [6, 500]);
    bench.context.now = 100;
    expect(bench.picker.deadlines.isLate(5, 200)).toBe(false);
    expect(bench.picker.deadlines.isLate(5, 201)).toBe(true);
    expect(bench.picker.deadlines.isLate(6, 400)).toBe(false);
    expect(bench.picker.deadlines.isLate(7, 1e9)).toBe(false);
  });

  describe('and a slow peer', () => {
    let slow: Peer;
    let quick: Peer;

    /** Now is 1,000; the slow peer needs 250 ms for a block, three in the time of which the other has given so many. */
    function rates(blocks: number): void {
      bench.context.now = 1000;
      deliver(slow, 3, 1000);
      deliver(quick, blocks, 1000);
    }

    beforeEach(() => {
      slow = bench.peer();
      quick = bench.peer();
    });

    it('are left to one more than twice as quick', () => {
      rates(7);
      set([5, 1249]);
      expect(bench.take(slow)).not.toBe(5);
      expect(bench.take(quick)).toBe(5);
    });

    it('are asked of it if it is in time', () => {
      rates(7);
      set([5, 1250]);
      expect(bench.take(slow)).toBe(5);
    });

    it('what it was asked for before counts', () => {
      rates(7);
      set([5, 1499]);
      slow.outstanding.set(1, 0);
      expect(bench.take(slow)).not.toBe(5);
      set([5, 1500]);
      expect(bench.take(slow)).toBe(5);
    });

    it('are asked of it if nobody is that much quicker', () => {
      rates(6);
      set([5, 1001]);
      expect(bench.take(slow)).toBe(5);
    });

    it.each<[string, () => void]>([
      ['chokes us', () => (quick.choked = true)],
      ['is silent', () => (quick.snubbed = true)],
      ['has gone', () => (quick.gone = true)],
      ['lacks the piece', () => quick.has?.delete(5)],
      ['has said nothing of its pieces', () => (quick.has = undefined)],
    ])('are asked of it if the quicker one %s', (_, arrange) => {
      rates(9);
      arrange();
      set([5, 1001]);
      expect(bench.take(slow)).toBe(5);
    });

    it('are asked of one of which nothing is known yet', () => {
      bench.context.now = 1000;
      deliver(quick, 99, 1000);
      set([5, 1001]);
      expect(bench.take(slow)).toBe(5);
    });
  });
});
