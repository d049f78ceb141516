import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AnnounceQuery } from '../announce-query.ts';
import type { AnnounceEvent } from '../model.ts';
import { NO_TRANSFER, TransferAccounts } from './transfer-accounts.ts';

const OPTIONS = { maxBytesPerSecond: 1000, maxSessions: 100, maxSessionsPerUser: 10 };

interface Told {
  readonly swarm?: number;
  readonly uploaded?: number;
  readonly downloaded?: number;
  readonly event?: AnnounceEvent;
  readonly alone?: boolean;
}

function told({ swarm = 1, uploaded = 0, downloaded = 0, event = 'none', alone = false }: Told): {
  query: AnnounceQuery;
  alone: boolean;
} {
  const query = new AnnounceQuery();
  query.infoHash.fill(swarm);
  query.uploaded = uploaded;
  query.downloaded = downloaded;
  query.event = event;
  return { query, alone };
}

describe('accounts of transfers', () => {
  it('credit what totals grew by between two announces', () => {
    const accounts = new TransferAccounts(OPTIONS);
    expect(accounts.credit('a', told({ uploaded: 50, downloaded: 70, event: 'started' }), 0)).toEqual(
      NO_TRANSFER,
    );
    expect(accounts.credit('a', told({ uploaded: 150, downloaded: 370 }), 10_000)).toEqual({
      uploaded: 100,
      downloaded: 300,
    });
    expect(accounts.credit('a', told({ uploaded: 151, downloaded: 370, event: 'stopped' }), 20_000)).toEqual({
      uploaded: 1,
      downloaded: 0,
    });
    expect(accounts.sessions).toBe(0);
  });

  it('give nothing for a first word, a new start, totals that shrink, or uploads to nobody', () => {
    const accounts = new TransferAccounts(OPTIONS);
    expect(accounts.credit('a', told({ uploaded: 10 ** 12 }), 0)).toEqual(NO_TRANSFER);
    expect(accounts.credit('a', told({ uploaded: 10 ** 13, event: 'started' }), 10 ** 6)).toEqual(
      NO_TRANSFER,
    );
    expect(accounts.credit('a', told({ uploaded: 5 }), 10 ** 7)).toEqual(NO_TRANSFER);
    expect(accounts.credit('a', told({ uploaded: 500, downloaded: 9, alone: true }), 10 ** 8)).toEqual({
      uploaded: 0,
      downloaded: 9,
    });
  });

  it('give nothing when either total shrinks', () => {
    const accounts = new TransferAccounts(OPTIONS);
    accounts.credit('a', told({ uploaded: 10, downloaded: 10 }), 0);
    expect(accounts.credit('a', told({ uploaded: 20, downloaded: 9 }), 9000)).toEqual(NO_TRANSFER);
    expect(accounts.credit('a', told({ uploaded: 19, downloaded: 20 }), 18_000)).toEqual(NO_TRANSFER);
    expect(accounts.credit('a', told({ uploaded: 19, downloaded: 20 }), 27_000)).toEqual(NO_TRANSFER);
    expect(accounts.credit('a', told({ uploaded: 20, downloaded: 20 }), 36_000).uploaded).toBe(1);
    // A clock that goes back is no time.
    expect(accounts.credit('a', told({ uploaded: 30, downloaded: 30 }), 0)).toEqual(NO_TRANSFER);
  });

  it('let a user have as many sessions as before once some have ended', () => {
    const accounts = new TransferAccounts({ ...OPTIONS, maxSessionsPerUser: 2 });
    const enter = (swarm: number, event: AnnounceEvent = 'none'): number => {
      accounts.credit('a', told({ swarm, event }), swarm);
      return accounts.sessions;
    };
    expect([1, 2, 3].map((swarm) => enter(swarm))).toEqual([1, 2, 2]);
    expect([enter(1, 'stopped'), enter(4), enter(5)]).toEqual([1, 2, 2]);
    expect([enter(2, 'stopped'), enter(4, 'stopped'), enter(4, 'stopped')]).toEqual([1, 0, 0]);
    expect([6, 7, 8].map((swarm) => enter(swarm))).toEqual([1, 2, 2]);
  });

  it('forget the client not heard of for longest when there are too many', () => {
    const accounts = new TransferAccounts({ ...OPTIONS, maxSessions: 2 });
    const credit = (swarm: number, uploaded: number, now: number): number =>
      accounts.credit('a', told({ swarm, uploaded }), now).uploaded;
    credit(1, 0, 0);
    credit(2, 0, 1000);
    expect(credit(1, 5, 2000)).toBe(5);
    credit(3, 0, 3000);
    expect(accounts.sessions).toBe(2);
    expect(credit(1, 9, 4000)).toBe(4);
    expect(credit(2, 9, 5000)).toBe(0);
  });

  it('never credit more than the line carries, whatever is said', () => {
    const words = fc.array(
      fc.record({
        after: fc.nat(100_000),
        uploaded: fc.nat(10 ** 9),
        downloaded: fc.nat(10 ** 9),
        event: fc.constantFrom<AnnounceEvent>('none', 'started', 'stopped', 'completed'),
      }),
    );
    fc.assert(
      fc.property(words, (said) => {
        const accounts = new TransferAccounts(OPTIONS);
        let now = 0;
        let sum = 0;
        for (const { after, ...word } of said) {
          now += after;
          sum += accounts.credit('a', told(word), now).uploaded;
        }
        expect(sum).toBeLessThanOrEqual(now);
      }),
    );
  });

  it('are bounded, and one user cannot push out another', () => {
    const accounts = new TransferAccounts(OPTIONS);
    accounts.credit('a', told({}), 0);
    for (let swarm = 0; swarm < 250; swarm++) accounts.credit('b', told({ swarm }), 1);
    expect(accounts.sessions).toBe(11);
    expect(accounts.credit('a', told({ uploaded: 7 }), 1000).uploaded).toBe(7);
    accounts.expire(1000);
    expect(accounts.sessions).toBe(1);
  });
});
