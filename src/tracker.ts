// The published entry `swarmpress/tracker`: a tracker to embed.
export { createTracker, type Tracker, type TrackerDeps } from './server/tracker.ts';
export { TRACKER_DEFAULTS, type TrackerOptions, type TrackerSettings } from './server/options.ts';
export type { TrackerStatistics } from './server/statistics.ts';
