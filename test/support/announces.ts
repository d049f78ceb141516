// What tests of the tracker, and of its clients, start from.
import type { AnnounceReply } from '../../src/core/tracker/model.ts';
import type { Policy } from '../../src/core/tracker/policy.ts';

export const PLAIN_POLICY: Policy = {
  intervalSeconds: 1000,
  minIntervalSeconds: 30,
  defaultNumWant: 50,
  maxNumWant: 100,
  publicOnly: false,
  trustClientIp: false,
  maxScrape: 3,
  torrents: undefined,
  access: undefined,
};

export const REPLY: AnnounceReply = {
  intervalSeconds: 1800,
  minIntervalSeconds: undefined,
  seeders: 1,
  leechers: 2,
  downloads: undefined,
  peers: [],
  externalIp: undefined,
  warning: undefined,
};
