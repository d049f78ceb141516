// swarmpress publish: everything at once for one path: torrent, tracker, seed, page, direct download.
import { resolve } from 'node:path';
import { renderUnicodeCompact } from 'uqr';
import { toHex } from '../../core/bytes/bytes.ts';
import { SystemError } from '../../core/errors.ts';
import { formatBytes, formatCount, formatDuration, printable } from '../../core/format.ts';
import { createLog } from '../../node/log.ts';
import { startPublisher, type Publisher } from '../../publish/publisher.ts';
import type { PublicationStatus } from '../../publish/status.ts';
import { runCatalogue } from '../catalogue-run.ts';
import { defineCommand, examples, type CliCommand, type Invocation } from '../command.ts';
import type { Output } from '../output.ts';
import { pause } from '../pause.ts';
import type { Progress } from '../progress.ts';
import {
  addPublishOptions,
  baseUrlOf,
  isCatalogue,
  operatorEvent,
  operatorLink,
  operatorOf,
  reachNote,
  stateFolderOf,
  type PublishFlags,
} from '../publish-flags.ts';
import { createPublishView } from '../publish-view.ts';
import { toReachOptions } from '../reach-options.ts';
import { VERSION } from '../version.ts';

type Call = Invocation<PublishFlags>;

const TICK_MS = 500;
const TROUBLES = { missing: 'is gone', changed: 'has changed since it was hashed' } as const;

const FIREWALL = `
What to open in the firewall, and to forward in a router:
  TCP and UDP --port       the page, direct downloads, and the tracker over HTTP and UDP
  TCP and UDP --peer-port  peers
Behind a web server, forward it to --port and name the address that strangers use with --public-url. UDP and peers do
not pass through web servers: their ports stay open as above.
`;

export const publishCommand: CliCommand = defineCommand<PublishFlags>({
  name: 'publish',
  declare: (command) => {
    command.description(
      'Publish files or folders: torrent, tracker, seed, web page and direct download in one.',
    );
    addPublishOptions(command);
    command.addHelpText('after', FIREWALL);
    command.addHelpText(
      'after',
      examples(
        ['publish ./some-folder', 'a page at port 8080 of this machine'],
        ['publish film.mkv --public-url https://films.example/', 'behind a web server'],
        ['publish data --port 9000 --peer-port 6881 --up 5M', 'ports and a limit'],
        ['publish --watch /srv/releases', 'a catalogue of what is in a folder, with feeds'],
        ['publish data --json', 'links and numbers for programs'],
      ),
    );
  },
  run: async (call) => {
    if (isCatalogue(call.args, call.flags)) return runCatalogue(call);
    /** Said between two drawings of the live view. */
    const troubles: string[] = [];
    const publisher = await start(call, troubles);
    try {
      announce(call, publisher);
      await serve(call, publisher, troubles);
    } finally {
      await publisher.close();
    }
    sayGoodbye(call, publisher.status());
    return 130;
  },
});

async function start({ args, flags, io, output }: Call, troubles: string[]): Promise<Publisher> {
  const {
    port,
    host,
    mode: version,
    tracker,
    exclude,
    hidden,
    comment,
    webSeed,
    up: uploadLimit,
    private: isPrivate,
  } = flags;
  let progress: Progress | undefined;
  try {
    return await startPublisher(
      {
        path: resolve(io.cwd, args[0] ?? ''),
        port,
        reach: await toReachOptions(flags, io),
        peerPort: flags.peerPort ?? (port === 0 ? 0 : port + 1),
        baseUrl: (opened) => baseUrlOf(flags, opened),
        ...{
          host,
          version,
          trackers: tracker,
          webSeed,
          private: isPrivate,
          exclude,
          hidden,
          comment,
          uploadLimit,
        },
        createdBy: `swarmpress/${VERSION}`,
        stateFolder: stateFolderOf(flags, io),
        operator: operatorOf(flags, io),
      },
      {
        signal: io.signal,
        log: (io.env['SWARMPRESS_DEBUG'] ?? '') === '' ? undefined : createLog('debug'),
        onProgress: (done, total) => {
          progress ??= output.progress('hashing', total);
          progress.update(done);
        },
        onTrouble: (path, reason) => {
          troubles.push(`${printable(path)} ${TROUBLES[reason]}; start again to publish it as it is now`);
        },
      },
    );
  } finally {
    progress?.finish();
  }
}

/** Prints the links: what a publisher copies and sends. */
function announce({ flags, output, io }: Call, publisher: Publisher): void {
  const { metainfo, links, magnet, isReused, port, peerPort, operator } = publisher;
  const files = metainfo.files.filter((file) => !file.pad).length;
  const hash = metainfo.infoHash === undefined ? null : toHex(metainfo.infoHash);
  const hashV2 = metainfo.infoHashV2 === undefined ? null : toHex(metainfo.infoHashV2);
  for (const warning of publisher.warnings) output.warn(warning);
  output.json({
    event: 'published',
    ...{ name: metainfo.name, length: metainfo.length, files, infoHash: hash, infoHashV2: hashV2 },
    ...{ page: links.page, torrent: links.torrent, magnet, webSeed: links.webSeed ?? null },
    ...{ trackers: links.trackers, port, peerPort, reused: isReused },
    operator: operatorEvent(operator),
  });
  const { bold, dim } = output.colors;
  const size = `${formatBytes(metainfo.length)} in ${formatCount(files, 'file')}`;
  output.line(
    `${bold(printable(metainfo.name))}  ${size}${isReused ? dim(', unchanged since the last start') : ''}`,
  );
  output.line();
  output.line(`  page          ${bold(links.page)}`);
  output.line(`  torrent       ${links.torrent}`);
  output.line(`  magnet        ${magnet}`);
  if (hashV2 !== null) output.line(`  info hash v2  ${hashV2}`);
  if (hash !== null) output.line(`  info hash     ${hash}`);
  if (operator !== undefined) output.line(`  operator      ${operatorLink(operator, io)}`);
  output.line(`  ports         ${String(port)} page and tracker, ${String(peerPort)} peers, TCP and UDP`);
  output.line();
  if (flags.qr && !output.isJson) output.line(qrCode(links.page, output));
  output.note(reachNote(flags));
}

/** Dark on light whatever the terminal's colours are; without colours in the plain form. */
function qrCode(url: string, { colors }: Output): string {
  const lines = renderUnicodeCompact(url, { border: 1 }).split('\n');
  return lines.map((line) => `  ${colors.bgBlack(colors.whiteBright(line))}`).join('\n') + '\n';
}

async function serve({ flags, io, output }: Call, publisher: Publisher, troubles: string[]): Promise<void> {
  const view = createPublishView({
    ...{ output, stream: io.stderr, quiet: flags.quiet === true, publisher },
    now: () => performance.now(),
  });
  let failure: SystemError | undefined;
  publisher.torrent.on('error', ({ code, message }) => {
    failure = new SystemError(code, message);
  });
  while (!io.signal.aborted && failure === undefined) {
    if (troubles.length > 0) view.finish();
    for (const text of troubles.splice(0)) output.warn(text);
    view.tick();
    await pause(TICK_MS, io.signal);
  }
  view.finish();
  if (failure !== undefined) throw failure;
}

function sayGoodbye({ output }: Call, status: PublicationStatus): void {
  output.json({ event: 'stopped', ...status });
  output.note(
    `stopped after ${formatDuration(status.uptimeSeconds)}, ${status.copies.toFixed(2)} copies sent; ` +
      'the same command carries on with the same info hash',
  );
}
