// What a transfer shows: on a terminal one line redrawn in place, elsewhere a line now and then, with --json events.
import { formatBytes, formatDuration, printable } from '../core/format.ts';
import type { Torrent, TorrentSnapshot } from '../engine/api.ts';
import type { CliIo } from './io.ts';
import type { Output } from './output.ts';
import { drawBar } from './progress.ts';
import { errorLine } from './report-error.ts';

/** One torrent of a transfer and the text by which the user named it. */
export interface ViewedTorrent {
  readonly source: string;
  readonly torrent: Pick<Torrent, 'snapshot'>;
}

export interface TransferView {
  /** Shows the present state; call it about twice a second. */
  tick(): void;
  /** A remark on a line of its own. */
  note(text: string): void;
  /** What ended a torrent, in the form of all errors. */
  error(error: { readonly code: string; readonly message: string }): void;
  /** A result for people, on stdout. */
  line(text: string): void;
  /** With --json one event a line, the torrent's identity included. */
  event(name: string, of: ViewedTorrent | undefined, fields?: Readonly<Record<string, unknown>>): void;
  /** Takes the redrawn line away. */
  finish(): void;
}

export interface ViewOptions {
  readonly output: Output;
  readonly io: CliIo;
  readonly quiet: boolean;
  readonly torrents: readonly ViewedTorrent[];
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

const PLAIN_INTERVAL_MS = 10_000;
const EVENT_INTERVAL_MS = 1000;

export function createTransferView(options: ViewOptions): TransferView {
  const { output, io, quiet, torrents, now } = options;
  const stream = io.stderr;
  const isTerminal = stream.isTTY === true && !quiet;
  const start = now();
  let lastLine = start;
  let lastEvent = start - EVENT_INTERVAL_MS;
  let lastText = '';
  let drawn = false;
  const clear = (): void => {
    if (drawn) stream.write('\r\u001b[2K');
    drawn = false;
  };
  const event: TransferView['event'] = (name, of, fields = {}) => {
    output.json({ event: name, ...(of === undefined ? {} : identify(of)), ...fields });
  };
  return {
    event,
    tick: () => {
      const time = now();
      if (output.isJson && time - lastEvent >= EVENT_INTERVAL_MS) {
        lastEvent = time;
        for (const viewed of torrents) event('progress', viewed, progressFields(viewed.torrent.snapshot()));
      }
      const total = sumUp(torrents.map(({ torrent }) => torrent.snapshot()));
      if (isTerminal) {
        const width = Math.max(20, (stream.columns ?? 80) - 1);
        stream.write(`\r\u001b[2K${drawLine(total, output, width)}`);
        drawn = true;
      } else if (!quiet && !output.isJson && time - lastLine >= PLAIN_INTERVAL_MS) {
        lastLine = time;
        const text = describeTotal(total);
        if (text !== lastText) stream.write(`${text}\n`);
        lastText = text;
      }
    },
    note: (text) => {
      clear();
      output.note(printable(text));
    },
    error: (error) => {
      clear();
      io.stderr.write(errorLine(io, error));
    },
    line: (text) => {
      clear();
      output.line(printable(text));
    },
    finish: clear,
  };
}

/** All torrents as one. */
interface Total {
  readonly state: 'metadata' | 'checking' | 'downloading' | 'seeding';
  readonly names: readonly string[];
  readonly wanted: number;
  readonly completed: number;
  readonly checked: number;
  readonly downloadRate: number;
  readonly uploadRate: number;
  readonly uploaded: number;
  readonly connected: number;
}

function sumUp(snapshots: readonly TorrentSnapshot[]): Total {
  const sum = (pick: (snapshot: TorrentSnapshot) => number): number =>
    snapshots.reduce((total, snapshot) => total + pick(snapshot), 0);
  const states = new Set(snapshots.map((snapshot) => snapshot.state));
  const state = (['downloading', 'checking', 'metadata'] as const).find((each) => states.has(each));
  return {
    state: state ?? 'seeding',
    names: snapshots.map((snapshot) => snapshot.name),
    wanted: sum((snapshot) => snapshot.wanted ?? 0),
    completed: sum((snapshot) => snapshot.completed),
    checked: sum((snapshot) => snapshot.checked ?? 1) / Math.max(1, snapshots.length),
    downloadRate: sum((snapshot) => snapshot.downloadRate),
    uploadRate: sum((snapshot) => snapshot.uploadRate),
    uploaded: sum((snapshot) => snapshot.uploaded),
    connected: sum((snapshot) => snapshot.connected),
  };
}

/** Uploaded bytes over the bytes of the wanted content. */
export function ratioOf(snapshot: Pick<TorrentSnapshot, 'uploaded' | 'wanted'>): number {
  return Math.round((snapshot.uploaded * 1000) / Math.max(1, snapshot.wanted ?? 0)) / 1000;
}

function drawLine(total: Total, output: Output, width: number): string {
  const barWidth = 26;
  const share =
    total.state === 'checking' ? total.checked : total.wanted === 0 ? 0 : total.completed / total.wanted;
  const bar =
    total.state === 'seeding' || total.state === 'metadata' ? '' : `${drawBar(share, output.colors)} `;
  return bar + describeTotal(total).slice(0, width - (bar === '' ? 0 : barWidth));
}

function describeTotal(total: Total): string {
  const peers = `${String(total.connected)} ${total.connected === 1 ? 'peer' : 'peers'}`;
  const up = `↑ ${formatBytes(total.uploadRate)}/s`;
  const ratio = `ratio ${ratioOf(total).toFixed(2)}`;
  const percent = `${String(Math.floor((total.completed * 100) / Math.max(1, total.wanted)))}%`;
  const left = total.wanted - total.completed;
  switch (total.state) {
    case 'metadata':
      return `looking for the torrent's description, ${peers}`;
    case 'checking':
      return `checking ${String(Math.floor(total.checked * 100))}%`;
    case 'seeding':
      return `seeding ${nameOf(total)}  ${up}  ${peers}  ${formatBytes(total.uploaded)} sent  ${ratio}`;
    case 'downloading': {
      const eta = total.downloadRate > 0 ? `  ${formatDuration(left / total.downloadRate)} left` : '';
      const down = `↓ ${formatBytes(total.downloadRate)}/s`;
      return `${percent} of ${formatBytes(total.wanted)}  ${down}${eta}  ${peers}  ${up}  ${ratio}`;
    }
  }
}

function nameOf(total: Total): string {
  const [only] = total.names;
  return total.names.length === 1 && only !== undefined
    ? printable(only)
    : `${String(total.names.length)} torrents`;
}

function identify({ source, torrent }: ViewedTorrent): Readonly<Record<string, unknown>> {
  const { name, infoHash, infoHashV2 } = torrent.snapshot();
  return { source, name, infoHash: infoHash ?? null, infoHashV2: infoHashV2 ?? null };
}

function progressFields(snapshot: TorrentSnapshot): Readonly<Record<string, unknown>> {
  const { state, completed, downloadRate, uploadRate, downloaded, uploaded, connected } = snapshot;
  return {
    ...{ state, wanted: snapshot.wanted ?? null, completed, checked: snapshot.checked ?? null },
    ...{ downloadRate: Math.round(downloadRate), uploadRate: Math.round(uploadRate), downloaded, uploaded },
    ...{ ratio: ratioOf(snapshot), etaSeconds: snapshot.etaSeconds ?? null, connected },
    ...{ seeders: snapshot.seeders, leechers: snapshot.leechers },
  };
}
