// Every English sentence of the download element, in one place: a translation is another object of this shape.
import { formatBytes, formatCount, formatDuration } from '../core/format.ts';
import type { StallReason } from '../web/download-api.ts';

/** What is wrong, and what it means. */
export interface Trouble {
  readonly title: string;
  readonly text: string;
}

const REASONS: Readonly<Record<StallReason, Trouble>> = {
  offline: {
    title: 'You are offline',
    text: 'The download goes on by itself when the connection is back. Nothing is lost.',
  },
  'no-sources': {
    title: 'There is nothing a browser can download from',
    text: 'This torrent names no web server and no tracker for browsers. A torrent app can reach more people.',
  },
  'web-seed-failed': {
    title: 'The server does not answer',
    text: 'And nobody else with the files is connected. This page asks again every few seconds.',
  },
  'tracker-failed': {
    title: 'The tracker does not answer',
    text: 'Without it this page cannot find other people. It asks again every few seconds.',
  },
  'both-failed': {
    title: 'Neither the server nor other people can be reached',
    text: 'What you have is kept. This page asks again every few seconds and goes on by itself.',
  },
  'no-peers': {
    title: 'Nobody else is here right now',
    text: 'The download starts as soon as somebody who has the files comes. You can leave this page open.',
  },
  connecting: {
    title: 'Looking for somebody who has the missing parts',
    text: 'That can take half a minute. Some networks let browsers reach nobody; a torrent app may do better.',
  },
  'waiting-for-peers': {
    title: 'The others do not have the missing parts yet',
    text: 'You are connected, and get each part as soon as somebody has it.',
  },
  'no-webrtc': {
    title: 'This browser does not connect to other people',
    text: 'WebRTC is missing or switched off. Use the plain download, or a torrent app.',
  },
};

const FAILURES: Readonly<Record<string, Trouble>> = {
  DISK_FULL: {
    title: 'There is no room left',
    text: 'The browser may keep no more for this page. Free some space and try again, or use another way.',
  },
  STORAGE_BUSY: {
    title: 'Another tab is downloading this',
    text: 'Go on there, or close it and try again here.',
  },
  WORKER_FAILED: {
    title: 'This site does not let the download work',
    text: 'Its rules forbid a part that runs beside the page. Use another way.',
  },
  STORAGE_TOO_LARGE: {
    title: 'Too large for this page',
    text: 'On a site without https the browser lends a page nothing but memory. Use another way.',
  },
  SAVE_FAILED: {
    title: 'The file could not be saved',
    text: 'The download itself is whole and kept here. Try again, or choose another place.',
  },
};

export const STRINGS = {
  rate: (perSecond: number): string => `${formatBytes(perSecond)}/s`,
  button: {
    download: 'Download',
    goOn: 'Continue the download',
    pause: 'Pause',
    resume: 'Resume',
    retry: 'Try again now',
    save: 'Save again',
    saveNow: 'Save the file',
    saveAll: 'Save all as one ZIP',
    saveToFolder: 'Save to a folder…',
    saveTo: 'Choose where to save…',
    preview: 'Play while it loads',
    show: 'Show',
    closePreview: 'Close preview',
    share: 'Share',
    copy: 'Copy',
    copied: 'Copied',
    remove: 'Delete what this browser keeps',
    app: 'Open in a torrent app',
    direct: 'Plain download',
    torrent: 'Save the .torrent',
  },
  lead: 'Starts at once from the server, then from other people too. Nothing to install.',
  leadPeople: 'Comes from other people who have it. Nothing to install.',
  kept: (bytes: number): string => `${formatBytes(bytes)} are here already.`,
  notKept: 'This site has no https: the page keeps the download in memory, and a reload loses it.',
  reading: 'Reading the torrent…',
  size: (bytes: number, files: number): string =>
    files === 1 ? formatBytes(bytes) : `${formatBytes(bytes)} in ${formatCount(files, 'file')}`,
  state: {
    'loading-metadata': 'Asking for the list of files',
    checking: 'Checking what is here',
    downloading: 'Downloading',
    stalled: 'Waiting',
    paused: 'Paused',
    done: 'Whole, verified and yours',
    failed: 'Stopped',
    closed: 'Closed',
  },
  done: (isSaved: boolean): string =>
    isSaved
      ? 'Your browser has saved it. Leave this page open to give it to others.'
      : 'Save it below. Leave this page open to give it to others.',
  progress: (done: number, total: number): string => `${formatBytes(done)} of ${formatBytes(total)}`,
  left: (seconds: number): string => `${formatDuration(seconds)} left`,
  percent: (part: number): string => `${String(Math.floor(part * 100))} %`,
  numbers: {
    fromServer: 'From the server',
    fromPeople: 'From people',
    given: 'Given to others',
    people: 'Connected to',
  },
  people: (count: number): string => (count === 1 ? '1 person' : `${String(count)} people`),
  share: (part: number): string => `${String(Math.round(part * 100))} %`,
  giving: (perSecond: number): string =>
    perSecond >= 1024 ? `now ${STRINGS.rate(perSecond)}` : 'as it is asked for',
  picture: (server: boolean, people: number): string => {
    const sources = [...(server ? ['the server'] : []), ...(people > 0 ? [STRINGS.people(people)] : [])];
    return sources.length === 0 ? 'Connected to nobody yet.' : `Connected to ${sources.join(' and ')}.`;
  },
  you: 'You',
  server: 'Server',
  pieces: (had: number, all: number): string => `${String(had)} of ${formatCount(all, 'piece')}`,
  files: (count: number): string => `Choose among ${formatCount(count, 'file')}`,
  fileProgress: (name: string): string => `Progress of ${name}`,
  fileSave: (name: string): string => `Save ${name}`,
  filePreview: (name: string): string => `Show ${name}`,
  preview: 'Preview',
  shareTitle: 'Give it to more people',
  link: 'Address of this page',
  magnet: 'Magnet link, for torrent apps',
  embed: 'For your own website',
  qr: 'QR code of the address of this page',
  qrMagnet: 'QR code of the magnet link',
  trouble: (reason: StallReason): Trouble => REASONS[reason],
  failure: (code: string, message: string): Trouble =>
    FAILURES[code] ?? { title: 'The download has stopped', text: `${message} (${code})` },
  noScriptTorrent: 'The torrent cannot be read',
} as const;
