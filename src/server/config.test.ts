import { describe, expect, it } from 'vitest';
import { UsageError } from '../core/errors.ts';
import { parseTrackerConfig, readTrackerEnvironment } from './config.ts';
import { TRACKER_DEFAULTS } from './options.ts';
import { TRACKER_SETTINGS } from './settings-table.ts';

describe('tracker configuration', () => {
  it('reads every kind of setting, paths relative to the file', () => {
    const text =
      'port = 80\nws = false\nhost = "::1"\nallow = "list.txt"\ntrusted-proxies = ["10.0.0.0/8"]\n';
    expect(parseTrackerConfig(text, '/etc/swarmpress/track.toml')).toEqual({
      port: 80,
      ws: false,
      host: '::1',
      allow: '/etc/swarmpress/list.txt',
      trustedProxies: ['10.0.0.0/8'],
    });
  });

  it.each([
    'prot = 80',
    'port = 70000',
    'port = "80"',
    'min-interval = 0',
    'minInterval = 5',
    'port = ',
    'allow = ""',
  ])('refuses %j and names the file', (text) => {
    expect(() => parseTrackerConfig(text, 'track.toml')).toThrow(UsageError);
    expect(() => parseTrackerConfig(text, 'track.toml')).toThrow(/^track\.toml/);
  });

  it('reads the environment, and refuses names it does not know', () => {
    const environment = {
      PATH: '/bin',
      SWARMPRESS_TRACK_MIN_INTERVAL: '30',
      SWARMPRESS_TRACK_PUBLIC: 'true',
      SWARMPRESS_TRACK_TRUSTED_PROXIES: '10.0.0.1, 10.0.0.2',
    };
    expect(readTrackerEnvironment(environment, '/')).toEqual({
      minInterval: 30,
      public: true,
      trustedProxies: ['10.0.0.1', '10.0.0.2'],
    });
    expect(() => readTrackerEnvironment({ SWARMPRESS_TRACK_PROT: '1' }, '/')).toThrow(UsageError);
    expect(() => readTrackerEnvironment({ SWARMPRESS_TRACK_PORT: 'x' }, '/')).toThrow(UsageError);
  });

  it('has defaults that its own limits allow', () => {
    for (const [key, setting] of Object.entries(TRACKER_SETTINGS)) {
      const value = TRACKER_DEFAULTS[key as keyof typeof TRACKER_DEFAULTS];
      if (setting.kind !== 'number') continue;
      expect(value, key).toBeGreaterThanOrEqual(setting.min);
      expect(value, key).toBeLessThanOrEqual(setting.max);
    }
  });
});
