// The live view of a publication: on a terminal a block redrawn in place, elsewhere a line when something changed, with
// --json an event a second.
import { formatBytes, printable } from '../core/format.ts';
import type { PeerSnapshot } from '../engine/api.ts';
import type { Publisher } from '../publish/publisher.ts';
import type { PublicationStatus } from '../publish/status.ts';
import type { CliStream } from './io.ts';
import type { Output } from './output.ts';

export interface PublishView {
  /** Shows the present state; call it about twice a second. */
  tick(): void;
  /** Takes the block away. */
  finish(): void;
}

export interface PublishViewOptions {
  readonly output: Output;
  readonly stream: CliStream;
  readonly quiet: boolean;
  readonly publisher: Pick<Publisher, 'status' | 'torrent'>;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

const EVENT_INTERVAL_MS = 1000;
const PLAIN_INTERVAL_MS = 10_000;
const PEERS_SHOWN = 8;

export function createPublishView(options: PublishViewOptions): PublishView {
  const { output, stream, quiet, publisher, now } = options;
  const isTerminal = stream.isTTY === true && !quiet;
  let drawnLines = 0;
  let lastEvent = Number.NEGATIVE_INFINITY;
  let lastLine = now();
  let lastText = '';
  const clear = (): void => {
    if (drawnLines > 0) stream.write(`\u001b[${String(drawnLines)}A\u001b[J`);
    drawnLines = 0;
  };
  return {
    tick: () => {
      const status = publisher.status();
      if (output.isJson && now() - lastEvent >= EVENT_INTERVAL_MS) {
        lastEvent = now();
        output.json({ event: 'progress', ...status });
      }
      if (isTerminal) {
        const width = Math.max(20, (stream.columns ?? 80) - 1);
        const lines = [
          describe(status),
          ...publisher.torrent.peers().toSorted(busiest).slice(0, PEERS_SHOWN).map(describePeer),
        ];
        clear();
        stream.write(lines.map((line) => `${line.slice(0, width)}\n`).join(''));
        drawnLines = lines.length;
      } else if (!quiet && !output.isJson && now() - lastLine >= PLAIN_INTERVAL_MS) {
        lastLine = now();
        const text = describe(status);
        if (text !== lastText) stream.write(`${text}\n`);
        lastText = text;
      }
    },
    finish: clear,
  };
}

function describe(status: PublicationStatus): string {
  return [
    `↑ ${formatBytes(status.uploadRate)}/s`,
    `${String(status.connected)} connected`,
    `${String(status.seeders)} complete, ${String(status.leechers)} downloading`,
    `${status.copies.toFixed(2)} copies sent`,
    `${String(status.completed)} finished`,
  ].join('   ');
}

function describePeer(peer: PeerSnapshot): string {
  return [
    `  ${peer.address.padEnd(24)}`,
    printable(peer.client).slice(0, 22).padEnd(22),
    `${String(Math.floor(peer.progress * 100)).padStart(3)}%`,
    `↑ ${formatBytes(peer.uploadRate)}/s`.padEnd(14),
    formatBytes(peer.uploaded),
  ].join('  ');
}

function busiest(a: PeerSnapshot, b: PeerSnapshot): number {
  return b.uploadRate - a.uploadRate;
}
