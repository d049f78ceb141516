// The list of torrents: one item each, kept and changed in place, so that focus and selection survive an update.
// Law: names are text; nothing of a torrent ever becomes markup.
import { formatBytes, formatDuration } from '../core/format.ts';
import { call, type FileRow, type TorrentRow } from './daemon-api.ts';

interface Item {
  readonly root: HTMLLIElement;
  readonly name: HTMLElement;
  readonly bar: HTMLProgressElement;
  readonly words: HTMLElement;
  readonly toggle: HTMLButtonElement;
  readonly files: HTMLDetailsElement;
  row: TorrentRow;
}

const STATES: Readonly<Record<string, string>> = {
  queued: 'waits for its turn',
  metadata: 'looks for its description',
  checking: 'is checked',
  downloading: 'downloading',
  seeding: 'seeding',
  paused: 'paused',
  failed: 'stopped',
};

export class TorrentList {
  readonly #list: HTMLElement;
  readonly #items = new Map<string, Item>();
  readonly #act: (step: () => Promise<unknown>) => void;

  /** `act` runs what a button asks for, and says so if it fails. */
  constructor(list: HTMLElement, act: (step: () => Promise<unknown>) => void) {
    this.#list = list;
    this.#act = act;
  }

  show(rows: readonly TorrentRow[]): void {
    const ids = new Set(rows.map(({ id }) => id));
    for (const [id, item] of this.#items) {
      if (ids.has(id)) continue;
      item.root.remove();
      this.#items.delete(id);
    }
    for (const [place, row] of rows.entries()) {
      const item = this.#items.get(row.id) ?? this.#create(row);
      this.#items.set(row.id, item);
      item.row = row;
      fill(item);
      const there = this.#list.children[place];
      if (there !== item.root) this.#list.insertBefore(item.root, there ?? null);
    }
  }

  #create(row: TorrentRow): Item {
    const root = document.createElement('li');
    const head = element('div', 'head');
    const actions = element('div', 'actions');
    const toggle = button('Pause', () => {
      this.#act(() => call('PATCH', path(item.row), { paused: !item.row.settings.paused }));
    });
    const first = button('First', () => {
      this.#act(() => call('PATCH', path(item.row), { place: 0 }));
    });
    const recheck = button('Check', () => {
      const retries = item.row.state === 'failed';
      this.#act(() => call('POST', `${path(item.row)}/${retries ? 'retry' : 'recheck'}`));
    });
    const remove = button('Remove', () => {
      this.#remove(item);
    });
    actions.append(toggle, first, recheck, remove);
    const files = document.createElement('details');
    const summary = document.createElement('summary');
    summary.textContent = 'Files';
    files.append(summary);
    files.addEventListener('toggle', () => {
      if (files.open) this.#act(() => showFiles(item));
    });
    const item: Item = {
      ...{ root, toggle, files, row },
      name: element('strong', 'name'),
      bar: document.createElement('progress'),
      words: element('p', 'words'),
    };
    head.append(item.name, actions);
    root.append(head, item.bar, item.words, files);
    return item;
  }

  /** Asked in place: the answer keeps the files, removes them too, or nothing. */
  #remove({ root, row }: Item): void {
    if (root.querySelector('.ask') !== null) return;
    const ask = element('div', 'ask');
    ask.setAttribute('role', 'group');
    ask.setAttribute('aria-label', `Remove ${row.name}?`);
    const answer = (label: string, query: string | undefined): HTMLButtonElement =>
      button(label, () => {
        ask.remove();
        if (query !== undefined) this.#act(() => call('DELETE', `${path(row)}${query}`));
      });
    const keep = answer('Remove, keep the files', '');
    ask.append(keep, answer('Remove with its files', '?content=true'), answer('Cancel', undefined));
    root.append(ask);
    keep.focus();
  }
}

function fill({ row, name, bar, words, toggle, root }: Item): void {
  root.dataset['state'] = row.state;
  setText(name, row.name);
  const part = row.checked ?? (row.wanted === null ? 0 : row.wanted === 0 ? 1 : row.completed / row.wanted);
  bar.max = 1;
  bar.value = part;
  bar.setAttribute('aria-label', `Progress of ${row.name}`);
  setText(words, describe(row, part));
  setText(toggle, row.settings.paused ? 'Resume' : 'Pause');
}

function describe(row: TorrentRow, part: number): string {
  if (row.error !== null) return `Stopped: ${row.error.message}`;
  const size = row.wanted === null ? '' : `${(part * 100).toFixed(1)}% of ${formatBytes(row.wanted)}`;
  const moving = row.state === 'downloading' || row.state === 'seeding';
  return [
    STATES[row.state] ?? row.state,
    size,
    row.state === 'downloading' ? `↓ ${formatBytes(row.downloadRate)}/s` : '',
    moving ? `↑ ${formatBytes(row.uploadRate)}/s` : '',
    row.etaSeconds === null ? '' : `${formatDuration(row.etaSeconds)} left`,
    moving ? `${String(row.connected)} peers` : '',
    row.uploaded > 0 ? `${formatBytes(row.uploaded)} given back` : '',
  ]
    .filter((words) => words !== '')
    .join(' · ');
}

async function showFiles({ files, row }: Item): Promise<void> {
  const rows = await call<readonly FileRow[]>('GET', `${path(row)}/files`);
  const list = document.createElement('ul');
  for (const file of rows) list.append(fileItem(file, row, rows));
  files.querySelector('ul')?.remove();
  files.append(list);
}

function fileItem(file: FileRow, row: TorrentRow, all: readonly FileRow[]): HTMLLIElement {
  const item = document.createElement('li');
  const label = document.createElement('label');
  const box = document.createElement('input');
  box.type = 'checkbox';
  box.checked = file.wanted;
  box.addEventListener('change', () => {
    const boxes = [...(item.parentElement?.querySelectorAll('input') ?? [])];
    const wanted = all.filter((_, i) => boxes[i]?.checked === true).map(({ index }) => index);
    void call('PATCH', path(row), { files: wanted });
  });
  label.append(box, ` ${file.path} (${formatBytes(file.length)})`);
  const open = document.createElement('a');
  open.href = file.stream;
  open.target = '_blank';
  open.rel = 'noreferrer';
  open.textContent = 'open';
  open.setAttribute('aria-label', `Open ${file.path}`);
  item.append(label, ' ', open);
  return item;
}

function path({ id }: TorrentRow): string {
  return `torrents/${id}`;
}

function setText(target: HTMLElement, text: string): void {
  if (target.textContent !== text) target.textContent = text;
}

function element(tag: string, className: string): HTMLElement {
  const made = document.createElement(tag);
  made.className = className;
  return made;
}

function button(text: string, onClick: () => void): HTMLButtonElement {
  const made = document.createElement('button');
  made.type = 'button';
  made.textContent = text;
  made.addEventListener('click', onClick);
  return made;
}
