// A tracker that sends its clients round in circles, away from encryption, or onto others.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { messageOf } from './announcing.ts';
import { EvilServer } from './http-server.ts';

describe('tracker redirect loops', () => {
  let tracker: EvilServer;
  let target: (path: string) => string;

  beforeEach(async () => {
    target = () => tracker.url('/announce');
    tracker = await EvilServer.start((request, response) => {
      response.writeHead(302, { location: target(request.url ?? '') });
      response.end();
    });
  });

  afterEach(() => tracker.close());

  it('end after five hops, with a message and a pause before the next try', async () => {
    expect(await messageOf(tracker.url('/announce'))).toMatch(/redirects/);
    const { length } = tracker.asked;
    expect(length).toBe(6);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(tracker.asked).toHaveLength(length);
  });

  it('that lengthen the URL with each hop end as soon', async () => {
    target = (path) => `${path}&${'x'.repeat(1000)}`;
    expect(await messageOf(tracker.url('/announce'))).toMatch(/redirects/);
    expect(tracker.asked).toHaveLength(6);
  });
});
