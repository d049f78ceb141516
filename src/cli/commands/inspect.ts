// swarmpress inspect: what a .torrent or a magnet link says.
import { toHex } from '../../core/bytes/bytes.ts';
import { InvariantError } from '../../core/errors.ts';
import { printable } from '../../core/format.ts';
import { lintTorrent } from '../../core/metainfo/lint.ts';
import type { MagnetLink } from '../../core/metainfo/magnet.ts';
import type { Metainfo } from '../../core/metainfo/metainfo.ts';
import { defineCommand, examples, type CliCommand, type CommonFlags, type Invocation } from '../command.ts';
import { showMagnet, showMetainfo } from '../inspect-view.ts';
import { describeError, errorLine } from '../report-error.ts';
import { readTorrentSource, type TorrentFile } from '../torrent-source.ts';

interface InspectFlags extends CommonFlags {
  readonly lint?: boolean;
  readonly all?: boolean;
}

type Call = Invocation<InspectFlags>;

export const inspectCommand: CliCommand = defineCommand<InspectFlags>({
  name: 'inspect',
  declare: (command) =>
    command
      .description('Show what .torrent files and magnet links say.')
      .argument('<torrent...>', "a .torrent file, a magnet link, or '-' for stdin")
      .option('--lint', 'say what the publisher would regret')
      .option('--all', 'list every file, however many there are')
      .addHelpText(
        'after',
        examples(
          ['inspect films.torrent', 'a summary with the tree of files'],
          ['inspect --lint *.torrent', 'and what could be better'],
          ["inspect --json 'magnet:?xt=urn:btih:…'", 'one JSON object for each input'],
        ),
      ),
  run: async (call) => {
    let failed = false;
    for (const [i, input] of call.args.entries()) {
      call.io.signal.throwIfAborted();
      if (i > 0) call.output.line();
      if (!(await inspect(call, input))) failed = true;
    }
    return failed ? 1 : 0;
  },
});

async function inspect(call: Call, input: string): Promise<boolean> {
  const { io, output } = call;
  try {
    const source = await readTorrentSource(input, io);
    if (source.kind === 'torrent') inspectTorrent(call, input, source);
    else {
      output.json({ input, ok: true, ...describeMagnet(source.link) });
      showMagnet(source.link, output);
    }
    return true;
  } catch (error) {
    if (error instanceof InvariantError) throw error;
    const { code, message } = describeError(error);
    output.json({ input, ok: false, code, error: message });
    io.stderr.write(
      errorLine(io, { code, message: message.includes(input) ? message : `${input}: ${message}` }),
    );
    return false;
  }
}

function inspectTorrent({ flags, output }: Call, input: string, { bytes, metainfo }: TorrentFile): void {
  const lint = flags.lint === true ? lintTorrent(bytes, metainfo) : undefined;
  output.json({ input, ok: true, ...describeMetainfo(metainfo), ...(lint === undefined ? {} : { lint }) });
  showMetainfo(metainfo, output, { torrentLength: bytes.length, allFiles: flags.all === true });
  for (const { code, message } of lint ?? [])
    output.line(`${output.colors.yellow(code)} ${printable(message)}`);
  if (lint?.length === 0) output.line(output.colors.green('nothing to regret'));
}

/** The stable form of --json. Hashes are lower-case hex, lengths bytes, null what is not known. */
function describeMetainfo(metainfo: Metainfo): object {
  return {
    infoHash: hexOrNull(metainfo.infoHash),
    infoHashV2: hexOrNull(metainfo.infoHashV2),
    name: metainfo.name,
    length: metainfo.length,
    pieceLength: metainfo.pieceLength,
    pieceCount: metainfo.pieceCount,
    private: metainfo.private,
    files: metainfo.files
      .filter((file) => !file.pad)
      .map((file) => ({ path: file.path.join('/'), length: file.length })),
    trackers: metainfo.trackers,
    webSeeds: metainfo.webSeeds,
    warnings: metainfo.warnings,
  };
}

/** The same form for a link, which knows neither content nor the private flag. */
function describeMagnet(link: MagnetLink): object {
  return {
    infoHash: hexOrNull(link.infoHash),
    infoHashV2: hexOrNull(link.infoHashV2),
    name: link.name ?? null,
    length: null,
    pieceLength: null,
    pieceCount: null,
    private: false,
    files: [],
    trackers: link.trackers.map((url) => [url]),
    webSeeds: link.webSeeds,
    warnings: [],
  };
}

function hexOrNull(bytes: Uint8Array | undefined): string | null {
  return bytes === undefined ? null : toHex(bytes);
}
