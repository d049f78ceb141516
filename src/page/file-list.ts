// The files of a torrent: which of them to download, how far each is, and what can be done with those that are whole.
import { formatBytes, printable } from '../core/format.ts';
import type { Metainfo } from '../core/metainfo/metainfo.ts';
import type { DownloadSnapshot } from '../web/download-api.ts';
import { button, element, setShown } from './dom.ts';
import { mediaKind } from './media.ts';
import { STRINGS } from './strings.ts';

/** More rows than anybody reads, and than a page carries lightly. */
const MAX_ROWS = 1000;

export interface FileListHooks {
  readonly onSelect: (files: readonly number[]) => void;
  readonly onSave: (index: number) => void;
  readonly onPreview: (index: number) => void;
  /** Whether files can be shown before they are whole. */
  readonly canStream: () => boolean;
}

interface Row {
  readonly index: number;
  readonly node: HTMLElement;
  readonly box: HTMLInputElement;
  readonly bar: HTMLProgressElement;
  readonly save: HTMLButtonElement;
  readonly preview: HTMLButtonElement | undefined;
}

export class FileList {
  readonly node: HTMLDetailsElement;
  readonly #hooks: FileListHooks;
  readonly #list: HTMLElement = element('ul', {});
  readonly #summary: HTMLElement = element('summary');
  #rows: readonly Row[] = [];

  constructor(hooks: FileListHooks) {
    this.#hooks = hooks;
    this.node = element('details', { class: 'files', hidden: true }, this.#summary, this.#list);
  }

  /** Undefined while all are chosen. */
  get selected(): readonly number[] | undefined {
    if (this.#rows.every(({ box }) => box.checked)) return undefined;
    return this.#rows.filter(({ box }) => box.checked).map(({ index }) => index);
  }

  /** A single file needs no list, and of very many files all are taken. */
  show(metainfo: Metainfo): void {
    const files = [...metainfo.files.entries()].filter(([, file]) => !file.pad);
    setShown(this.node, !metainfo.isSingleFile && files.length <= MAX_ROWS);
    if (this.#rows.length > 0 || this.node.hidden) return;
    this.#summary.textContent = STRINGS.files(files.length);
    this.node.open = files.length <= 8;
    this.#rows = files.map(([index, { path, length }]) =>
      this.#row(index, printable(path.slice(1).join('/')), length),
    );
    this.#list.append(...this.#rows.map(({ node }) => node));
  }

  update(now: DownloadSnapshot): void {
    if (this.node.hidden || !this.node.open) return;
    const byIndex = new Map(now.files.map((file) => [file.index, file]));
    for (const { index, bar, save, preview, box } of this.#rows) {
      const file = byIndex.get(index);
      if (file === undefined) continue;
      const isWhole = file.completed >= file.length;
      bar.value = file.length === 0 ? 1 : file.completed / file.length;
      setShown(bar, file.wanted);
      setShown(save, isWhole && file.wanted);
      if (preview !== undefined) setShown(preview, file.wanted && (isWhole || this.#hooks.canStream()));
      box.checked = file.wanted;
    }
  }

  #row(index: number, name: string, length: number): Row {
    const box = element('input', { type: 'checkbox', checked: true });
    box.addEventListener('change', () => {
      // Nothing at all is no download.
      if (!this.#rows.some((row) => row.box.checked)) box.checked = true;
      this.#hooks.onSelect(this.selected ?? this.#rows.map((row) => row.index));
    });
    const bar = element('progress', { max: '1', 'aria-label': STRINGS.fileProgress(name), hidden: true });
    const save = button(
      'Save',
      () => {
        this.#hooks.onSave(index);
      },
      { class: 'quiet', 'aria-label': STRINGS.fileSave(name), hidden: true },
    );
    const open = (): void => {
      this.#hooks.onPreview(index);
    };
    const label = { class: 'quiet', 'aria-label': STRINGS.filePreview(name), hidden: true };
    const preview = mediaKind(name) === undefined ? undefined : button(STRINGS.button.show, open, label);
    const title = element('label', {}, box, element('bdi', {}, name));
    const size = element('span', { class: 'size' }, formatBytes(length));
    return { index, node: element('li', {}, title, size, bar, preview, save), box, bar, save, preview };
  }
}
