// Why a download that wants to go on gets nothing, told from one look at its sources.
import type { PeerSnapshot, TrackerSnapshot, WebSeedSnapshot } from '../engine/api.ts';
import type { StallReason } from './download-api.ts';

export interface Sources {
  readonly isOnline: boolean;
  readonly hasWebRtc: boolean;
  readonly peers: readonly PeerSnapshot[];
  readonly trackers: readonly TrackerSnapshot[];
  readonly webSeeds: readonly WebSeedSnapshot[];
}

export function stallReason(sources: Sources): StallReason {
  const { isOnline, hasWebRtc, peers, trackers, webSeeds } = sources;
  const people = peers.filter(({ transport }) => transport !== 'webseed');
  if (people.length > 0) return 'waiting-for-peers';
  if (!isOnline) return 'offline';
  const usesTrackers = trackers.length > 0 && hasWebRtc;
  if (webSeeds.length === 0 && !usesTrackers) return trackers.length > 0 ? 'no-webrtc' : 'no-sources';
  const seedsFail = webSeeds.length > 0 && webSeeds.every(isBroken);
  const trackersFail = usesTrackers && trackers.every(isBroken);
  if (seedsFail && trackersFail) return 'both-failed';
  if (trackersFail) return webSeeds.length > 0 ? 'connecting' : 'tracker-failed';
  const others = trackers.some(({ seeders = 0, leechers = 0 }) => seeders + leechers > 1);
  if (usesTrackers && others) return 'connecting';
  if (seedsFail) return 'web-seed-failed';
  return webSeeds.length > 0 || trackers.some(({ status }) => status !== 'working')
    ? 'connecting'
    : 'no-peers';
}

function isBroken({ status }: TrackerSnapshot | WebSeedSnapshot): boolean {
  return status === 'failed' || status === 'banned';
}
