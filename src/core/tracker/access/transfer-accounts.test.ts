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
