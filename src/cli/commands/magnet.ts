// swarmpress magnet: the magnet link of a .torrent.
import { formatMagnet, type MagnetLink } from '../../core/metainfo/magnet.ts';
import { toMagnet } from '../../core/metainfo/to-magnet.ts';
import { UsageError } from '../../core/errors.ts';
import { defineCommand, examples, type CliCommand, type CommonFlags } from '../command.ts';
import { readTorrentSource } from '../torrent-source.ts';

interface MagnetFlags extends CommonFlags {
  /** False with --no-name and so on. */
  readonly name: boolean;
  readonly trackers: boolean;
  readonly webSeeds: boolean;
  readonly v1: boolean;
  readonly v2: boolean;
}

export const magnetCommand: CliCommand = defineCommand<MagnetFlags>({
  name: 'magnet',
  declare: (command) =>
    command
      .description('Print the magnet link of a .torrent.')
      .argument('<torrent...>', "a .torrent file, a magnet link to shorten, or '-' for stdin")
      .option('--no-name', 'leave the name out')
      .option('--no-trackers', 'leave the trackers out')
      .option('--no-web-seeds', 'leave the web seeds out')
      .option('--no-v1', 'leave the v1 info hash of a hybrid out')
      .option('--no-v2', 'leave the v2 info hash of a hybrid out')
      .addHelpText(
        'after',
        examples(
          ['magnet films.torrent', 'info hashes, name, trackers, web seeds'],
          ['magnet films.torrent --no-trackers --no-web-seeds', 'for clients with DHT'],
        ),
      ),
  run: async ({ args, flags, io, output }) => {
    for (const input of args) {
      const source = await readTorrentSource(input, io);
      const full = source.kind === 'magnet' ? source.link : toMagnet(source.metainfo);
      const magnet = formatMagnet(reduce(full, flags));
      output.json({ input, ok: true, magnet });
      output.line(magnet);
    }
    return 0;
  },
});

function reduce(link: MagnetLink, flags: MagnetFlags): MagnetLink {
  const infoHash = flags.v1 ? link.infoHash : undefined;
  const infoHashV2 = flags.v2 ? link.infoHashV2 : undefined;
  if (infoHash === undefined && infoHashV2 === undefined) {
    throw new UsageError('MAGNET_NO_HASH', 'no info hash is left; drop --no-v1 or --no-v2');
  }
  return {
    ...link,
    infoHash,
    infoHashV2,
    name: flags.name ? link.name : undefined,
    trackers: flags.trackers ? link.trackers : [],
    webSeeds: flags.webSeeds ? link.webSeeds : [],
  };
}
