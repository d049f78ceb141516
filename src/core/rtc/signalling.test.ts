import { describe, expect, it } from 'vitest';
import { toInfoHash, toPeerId } from '../ids.ts';
import { Signalling, type SignallingEffect, type SignallingInput } from './signalling.ts';

const INFO_HASH = toInfoHash(new Uint8Array(20).fill(0xe9));
const SECOND = 1000;

interface Frame {
  readonly [key: string]: unknown;
  readonly offers?: readonly { readonly offer_id: string; readonly offer: { readonly sdp: string } }[];
}

/** One machine with a driver that makes offers and answers out of thin air, and a log of what it asked for. */
class Side {
  readonly machine: Signalling;
  readonly sent: Frame[] = [];
  readonly done: SignallingEffect[] = [];
  wanted = 2;
  welcomes = true;
  #now: number;

  constructor(name: number, now = 0) {
    this.#now = now;
    let last = name * 1000;
    this.machine = new Signalling(
      {
        infoHash: INFO_HASH,
        peerId: toPeerId(new Uint8Array(20).fill(name)),
        counts: () => ({ uploaded: 1, downloaded: 2, left: 3 }),
        wanted: () => this.wanted,
        welcomes: () => this.welcomes,
        random: () => (last = (last * 1103515245 + 12345) >>> 0),
      },
      now,
    );
  }

  input(input: SignallingInput): this {
    this.machine.handle(input, this.#now);
    for (let effect = this.machine.poll(); effect !== undefined; effect = this.machine.poll()) {
      this.done.push(effect);
      if (effect.kind === 'send') this.sent.push(JSON.parse(effect.text) as Frame);
      else if (effect.kind === 'make-offers') {
        const offers = Array.from({ length: effect.count }, () => {
          const key = this.machine.takeKey();
          return { key, sdp: `offer ${String(key)}` };
        });
        this.machine.handle({ kind: 'offers-made', offers }, this.#now);
      } else if (effect.kind === 'make-answer') {
        const made = { key: effect.key, sdp: `answer to ${effect.sdp}` };
        this.machine.handle({ kind: 'answer-made', ...made }, this.#now);
      }
    }
    return this;
  }

  open(): this {
    return this.input({ kind: 'tick' }).input({ kind: 'socket-open' });
  }

  frame(frame: object): this {
    return this.input({ kind: 'frame', text: JSON.stringify(frame) });
  }

  /** Lets time pass up to the machine's next timeout; returns how much. */
  sleep(): number {
    const at = this.machine.nextTimeout() ?? this.#now;
    const passed = at - this.#now;
    this.#now = at;
    this.input({ kind: 'tick' });
    return passed;
  }

  kinds(): string[] {
    return this.done.map(({ kind }) => kind);
  }

  count(kind: SignallingEffect['kind']): number {
    return this.kinds().filter((each) => each === kind).length;
  }
}

/** What a tracker makes of an announce for one other peer. */
function relayed(frame: Frame | undefined, at = 0): object {
  const offer = frame?.offers?.[at];
  return {
    action: 'announce',
    info_hash: frame?.['info_hash'],
    peer_id: frame?.['peer_id'],
    offer_id: offer?.offer_id,
    offer: offer?.offer,
  };
}

const hash = String.fromCharCode(...INFO_HASH);
const reply = { action: 'announce', info_hash: hash, interval: 600, complete: 4, incomplete: 2 };

describe('signalling', () => {
  it('connects, then announces itself with as many offers as connections are wanted', () => {
    const side = new Side(1).open();
    expect(side.kinds()).toEqual(['connect', 'make-offers', 'send']);
    expect(side.sent[0]).toMatchObject({ action: 'announce', event: 'started', left: 3, numwant: 2 });
    expect(new Set(side.sent[0]?.offers?.map((offer) => offer.offer_id)).size).toBe(2);
  });

  it('brings two peers together through a relay', () => {
    const [asking, answering] = [new Side(1).open(), new Side(2).open()];
    answering.frame(relayed(asking.sent[0], 1));
    const answer = answering.sent.at(-1);
    expect(answer).toMatchObject({ to_peer_id: asking.sent[0]?.['peer_id'] });
    asking.frame({ ...answer, peer_id: answering.sent[0]?.['peer_id'] });
    expect(asking.done.at(-1)).toMatchObject({ kind: 'accept', sdp: 'answer to offer 2' });
  });

  it('takes one answer to an offer, and none to what it never offered', () => {
    const side = new Side(1).open();
    const answer = { ...relayed(side.sent[0]), offer: undefined, answer: { type: 'answer', sdp: 'yes' } };
    side.frame({ ...answer, offer_id: 'x'.repeat(20) });
    expect(side.count('accept')).toBe(0);
    side.frame(answer).frame(answer);
    expect(side.count('accept')).toBe(1);
  });

  it('answers nobody where there is no room, and never itself', () => {
    const side = new Side(1).open();
    side.frame(relayed(side.sent[0]));
    side.welcomes = false;
    side.frame(relayed(new Side(2).open().sent[0]));
    expect(side.count('make-answer')).toBe(0);
  });

  it('answers a peer that has everything without making offers of its own', () => {
    const side = new Side(1);
    side.wanted = 0;
    side.open().frame(relayed(new Side(2).open().sent[0]));
    expect(side.sent[0]).toMatchObject({ numwant: 0, offers: [] });
    expect(side.count('make-answer')).toBe(1);
  });

  it('drops offers that nobody answered, each once', () => {
    const side = new Side(1).open();
    side.wanted = 0;
    for (let slept = 0; slept < 60 * SECOND;) slept += side.sleep();
    expect(side.count('drop')).toBe(2);
  });

  it('announces again soon while connections are missing, and when the tracker says otherwise', () => {
    const hungry = new Side(1).open().frame(reply);
    expect(hungry.sleep()).toBe(30 * SECOND);
    const content = new Side(2);
    content.wanted = 0;
    content.open().frame(reply);
    content.frame({ ...reply, interval: 0 });
    expect(content.sleep()).toBe(15 * SECOND);
    expect(content.sent).toHaveLength(2);
    expect(content.sent[1]?.['event']).toBeUndefined();
  });

  it('tells the counts of the tracker, and its refusals', () => {
    const side = new Side(1).open().frame(reply);
    expect(side.machine.snapshot()).toMatchObject({ status: 'working', seeders: 4, leechers: 2 });
    side.frame({ 'failure reason': 'not here' });
    expect(side.machine.snapshot()).toMatchObject({ status: 'failed', message: 'not here' });
  });

  it('waits longer after each failed connection, and not at all when told to try again', () => {
    const side = new Side(1).input({ kind: 'tick' });
    const waits: number[] = [];
    for (let i = 0; i < 4; i++) waits.push(side.input({ kind: 'socket-closed' }).sleep());
    for (const [i, wait] of waits.entries()) expect(wait).toBeGreaterThanOrEqual(3 * SECOND * 2 ** i);
    side.input({ kind: 'socket-closed' }).input({ kind: 'retry' });
    expect(side.done.at(-1)).toEqual({ kind: 'connect' });
  });

  it('does not press a tracker that works when told to try again', () => {
    const side = new Side(1).open().frame(reply).input({ kind: 'retry' });
    expect(side.sent).toHaveLength(1);
    expect(side.sleep()).toBe(15 * SECOND);
    expect(side.sent).toHaveLength(2);
  });

  it('announces `started` anew to a tracker that it has lost, and lets go of its offers', () => {
    const side = new Side(1).open().input({ kind: 'socket-closed' });
    expect(side.count('drop')).toBe(2);
    side.sleep();
    side.input({ kind: 'socket-open' });
    expect(side.sent.map((frame) => frame['event'])).toEqual(['started', 'started']);
  });

  it('says completed and stopped, and nothing after that', () => {
    const side = new Side(1).open().input({ kind: 'completed' }).input({ kind: 'stop' });
    expect(side.sent.map((frame) => frame['event'])).toEqual(['started', 'completed', 'stopped']);
    expect(side.kinds().at(-1)).toBe('close');
    expect(side.machine.nextTimeout()).toBeUndefined();
  });

  it('offers made too late for the connection are dropped', () => {
    const side = new Side(1).open();
    side.input({ kind: 'socket-closed' });
    side.input({ kind: 'offers-made', offers: [{ key: 77, sdp: 'late' }] });
    expect(side.done.at(-1)).toEqual({ kind: 'drop', key: 77 });
  });

  it('survives whatever a tracker may send', () => {
    const side = new Side(1).open();
    const before = side.done.length;
    const other = relayed(new Side(2).open().sent[0]);
    const hostile = [
      '',
      'null',
      '[]',
      '{',
      '"text"',
      '['.repeat(20_000),
      'x'.repeat(300_000),
      JSON.stringify({ ...other, peer_id: 'short' }),
      JSON.stringify({ ...other, offer_id: 7 }),
      JSON.stringify({ ...other, peer_id: '\u{1f600}'.repeat(10) }),
      JSON.stringify({ ...other, info_hash: 'z'.repeat(20) }),
      JSON.stringify({ ...other, offer: { sdp: 'x'.repeat(40_000) }, peer_id: 5 }),
      JSON.stringify({ ...reply, interval: -1, complete: 1.5, incomplete: 'many' }),
    ];
    for (const text of hostile) side.input({ kind: 'frame', text });
    expect(side.done.length).toBe(before);
    expect(side.machine.snapshot().seeders).toBeUndefined();
  });

  it('is not put to sleep by a tracker', () => {
    const side = new Side(1);
    side.wanted = 0;
    side
      .open()
      .frame({ ...reply, interval: 9e12 })
      .input({ kind: 'completed' });
    expect(side.sleep()).toBeLessThanOrEqual(7200 * SECOND);
  });

  it('answers a flood of offers only so often', () => {
    const side = new Side(1).open();
    for (let i = 0; i < 500; i++) {
      side.frame({ ...relayed(new Side(2).open().sent[0]), offer_id: String(i).padStart(20, '0') });
    }
    expect(side.count('make-answer')).toBe(30);
  });
});
