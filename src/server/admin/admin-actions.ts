// What the operator's API does, over the parts of a running tracker.
import { ByteWriter } from '../../core/bytes/writer.ts';
import { toHex } from '../../core/bytes/bytes.ts';
import { UsageError } from '../../core/errors.ts';
import type { PeerStore } from '../../core/tracker/announce.ts';
import { dropSwarm } from '../../core/tracker/drop-swarm.ts';
import { parseSwarmRecords } from '../../core/tracker/share/swarm-record.ts';
import { StoreCounts } from '../../core/tracker/store/store-query.ts';
import type { Swarms } from '../../core/tracker/swarms.ts';
import type { Millis } from '../../core/time.ts';
import { revokeToken } from '../access/token-keys.ts';
import type { OpenedAccess } from '../access/open-access.ts';
import type { AdminActions, SwarmSummary } from './admin-api.ts';

export interface AdminParts {
  readonly table: Pick<Swarms, 'recordCount' | 'readSwarm'>;
  /** Where announces go: the table, or the table and other machines. */
  readonly store: PeerStore;
  readonly access: OpenedAccess;
  readonly tokenSecret: string | undefined;
  readonly statistics: () => object;
  readonly reload: () => Promise<void>;
  readonly now: () => Millis;
}

export function createAdminActions(parts: AdminParts): AdminActions {
  const { table, store, access, now } = parts;
  const counts = new StoreCounts();
  const summaryOf = (infoHash: Uint8Array): SwarmSummary => {
    store.scrape(infoHash, counts);
    const { seeders, leechers, downloads } = counts;
    return { infoHash: toHex(infoHash), seeders, leechers, downloads };
  };
  return {
    statistics: parts.statistics,
    swarms: (from, limit) => {
      const end = Math.min(from + limit, table.recordCount);
      const out = new ByteWriter();
      for (let number = from; number < end; number++) table.readSwarm(number, now(), out);
      const swarms = parseSwarmRecords(out.finish(), 0).map(({ infoHash }) => summaryOf(infoHash));
      return { swarms, next: end < table.recordCount ? end : undefined };
    },
    swarm: summaryOf,
    drop: (infoHash) => dropSwarm(store, infoHash, now()),
    bans: () => access.bans.all(),
    ban: (what) => access.bans.add(what),
    unban: (what) => access.bans.remove(what),
    revoke: async (id) => {
      if (parts.tokenSecret === undefined)
        throw new UsageError('ADMIN_NO_TOKENS', 'this tracker has no token secret');
      if (!/^[0-9a-f]{16}$/.test(id))
        throw new UsageError('ADMIN_BAD_ID', 'the id of a token has 16 hex digits');
      await revokeToken(parts.tokenSecret, id);
      await access.reload();
    },
    reload: parts.reload,
  };
}
