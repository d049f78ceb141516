// `get --list`: the files of torrents with the indices that `--files` takes.
import { formatBytes, printable } from '../core/format.ts';
import type { Metainfo } from '../core/metainfo/metainfo.ts';
import type { Session } from '../engine/api.ts';
import { shownPath } from './file-choice.ts';
import type { CliIo, ExitCode } from './io.ts';
import type { Output } from './output.ts';
import { nextEvent, type TransferItem } from './transfer-run.ts';

/** Fetches what a magnet link does not say from peers; no content is downloaded. */
export async function listFiles(
  items: readonly TransferItem[],
  session: Session,
  { output, io }: { readonly output: Output; readonly io: CliIo },
): Promise<ExitCode> {
  const stop = (): void => void session.close();
  io.signal.addEventListener('abort', stop);
  try {
    for (const item of items) show(await describe(item, session), item.source, output);
    return 0;
  } finally {
    io.signal.removeEventListener('abort', stop);
  }
}

async function describe({ content, options }: TransferItem, session: Session): Promise<Metainfo> {
  if ('infoBytes' in content) return content;
  const torrent = await session.add(content, options);
  return torrent.metainfo ?? nextEvent(torrent, 'metainfo');
}

function show(metainfo: Metainfo, source: string, output: Output): void {
  const files = [...metainfo.files.entries()]
    .filter(([, file]) => !file.pad)
    .map(([index, file]) => ({ index, path: shownPath(metainfo, file), length: file.length }));
  output.json({ event: 'files', source, name: metainfo.name, length: metainfo.length, files });
  output.line(output.colors.bold(printable(metainfo.name)));
  for (const { index, path, length } of files) {
    output.line(`${String(index).padStart(6)}  ${formatBytes(length).padStart(10)}  ${printable(path)}`);
  }
}
