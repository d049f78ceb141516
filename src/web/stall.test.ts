import { describe, expect, it } from 'vitest';
import type { PeerSnapshot, TrackerSnapshot, WebSeedSnapshot } from '../engine/api.ts';
import { stallReason, type Sources } from './stall.ts';

const NOTHING: Sources = { isOnline: true, hasWebRtc: true, peers: [], trackers: [], webSeeds: [] };

function tracker(status: TrackerSnapshot['status'], others = 0): TrackerSnapshot {
  const counts = { seeders: others, leechers: 1, nextAnnounceSeconds: undefined };
  return { url: 'wss://tracker.example/announce', status, message: undefined, ...counts };
}

function webSeed(status: WebSeedSnapshot['status']): WebSeedSnapshot {
  return { url: 'https://files.example/', status, message: undefined, downloaded: 0 };
}

function peer(transport: string): PeerSnapshot {
  const flags = { choked: true, interested: true, choking: true, peerInterested: false };
  const rates = { progress: 0, downloadRate: 0, uploadRate: 0, downloaded: 0, uploaded: 0 };
  const where = { id: '', address: '', listens: '', encrypted: false, outgoing: false };
  return { ...where, client: 'Somebody', transport, ...rates, ...flags };
}

describe('the reason of a standstill', () => {
  it('is that there is nobody to ask', () => {
    expect(stallReason(NOTHING)).toBe('no-sources');
  });

  it('is the missing network before anything else that is missing', () => {
    expect(stallReason({ ...NOTHING, isOnline: false, webSeeds: [webSeed('failed')] })).toBe('offline');
  });

  it('is the browser without WebRTC where only people could help', () => {
    expect(stallReason({ ...NOTHING, hasWebRtc: false, trackers: [tracker('working')] })).toBe('no-webrtc');
  });

  it('is the peers, where some are connected', () => {
    expect(stallReason({ ...NOTHING, peers: [peer('webrtc')], webSeeds: [webSeed('failed')] })).toBe(
      'waiting-for-peers',
    );
  });

  it('names what does not answer', () => {
    expect(stallReason({ ...NOTHING, webSeeds: [webSeed('banned')] })).toBe('web-seed-failed');
    expect(stallReason({ ...NOTHING, trackers: [tracker('failed')] })).toBe('tracker-failed');
    const both = { trackers: [tracker('failed', 5)], webSeeds: [webSeed('failed')] };
    expect(stallReason({ ...NOTHING, ...both })).toBe('both-failed');
  });

  it('is a swarm without anybody else', () => {
    expect(stallReason({ ...NOTHING, trackers: [tracker('working')] })).toBe('no-peers');
    const alone = { trackers: [tracker('working')], webSeeds: [webSeed('failed')] };
    expect(stallReason({ ...NOTHING, ...alone })).toBe('web-seed-failed');
  });

  it('is a connection that is being made', () => {
    expect(stallReason({ ...NOTHING, trackers: [tracker('working', 3)] })).toBe('connecting');
    expect(stallReason({ ...NOTHING, trackers: [tracker('idle')] })).toBe('connecting');
    expect(stallReason({ ...NOTHING, webSeeds: [webSeed('idle')] })).toBe('connecting');
  });
});
