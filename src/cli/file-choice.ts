// Which files of a torrent a user means: indices as `--list` shows them, ranges of them, or globs over paths.
import picomatch from 'picomatch';
import { UsageError } from '../core/errors.ts';
import { parseSelection } from '../core/metainfo/file-selection.ts';
import type { FileEntry, Info } from '../core/metainfo/metainfo.ts';

/** Indices into `Info.files`, ascending. Throws UsageError FILES_NO_MATCH for a choice that names no file. */
export function chooseFiles(
  info: Pick<Info, 'files' | 'isSingleFile'>,
  choices: readonly string[],
): number[] {
  const chosen = new Set<number>();
  for (const choice of choices) {
    const matches = isIndices(choice) ? byIndex(info, choice) : byGlob(info, choice);
    if (matches.length === 0) throw new UsageError('FILES_NO_MATCH', `no file matches ${choice}; see --list`);
    for (const index of matches) chosen.add(index);
  }
  return [...chosen].sort((a, b) => a - b);
}

/** The path as globs see it and lists show it: without the root folder. */
export function shownPath(info: Pick<Info, 'isSingleFile'>, file: Pick<FileEntry, 'path'>): string {
  return (info.isSingleFile ? file.path : file.path.slice(1)).join('/');
}

function isIndices(choice: string): boolean {
  return /^\d+(-\d+)?(,\d+(-\d+)?)*$/.test(choice);
}

function byIndex(info: Pick<Info, 'files'>, choice: string): number[] {
  return (parseSelection([choice]) ?? []).filter((index) => info.files[index]?.pad === false);
}

function byGlob(info: Pick<Info, 'files' | 'isSingleFile'>, choice: string): number[] {
  if (choice === '') return [];
  const glob = choice.replace(/^\.?\//, '').replace(/\/$/, '/**');
  const matches = picomatch(glob, { dot: true, basename: !glob.includes('/'), nocase: true });
  return [...info.files.entries()]
    .filter(([, file]) => !file.pad && matches(shownPath(info, file)))
    .map(([index]) => index);
}
