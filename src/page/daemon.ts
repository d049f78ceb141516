// The daemon's web view: logs in, adds, lists and limits. The token comes once in the address's fragment, which no
// server ever sees, and is gone from the address right away.
import { formatBytes } from '../core/format.ts';
import { call, LoginNeeded, type SessionRow, type TorrentRow } from './daemon-api.ts';
import { TorrentList } from './daemon-list.ts';

const REFRESH_MS = 1000;
const HIDDEN_MS = 5000;
const MIB = 1024 * 1024;

const find = (id: string): HTMLElement => {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`the page has no ${id}`);
  return element;
};
const field = (id: string): HTMLInputElement => {
  const element = find(id);
  if (element instanceof HTMLInputElement) return element;
  throw new Error(`${id} is no field`);
};
const message = find('message');
const list = new TorrentList(find('torrents'), act);
let timer: ReturnType<typeof setTimeout> | undefined;

async function refresh(): Promise<void> {
  clearTimeout(timer);
  try {
    const [session, rows] = await Promise.all([
      call<SessionRow>('GET', 'session'),
      call<readonly TorrentRow[]>('GET', 'torrents'),
    ]);
    show(true);
    find('rates').textContent =
      `↓ ${formatBytes(session.downloadRate)}/s  ↑ ${formatBytes(session.uploadRate)}/s`;
    fillLimits(session);
    list.show(rows);
    find('empty').hidden = rows.length > 0;
    if (message.dataset['kind'] === 'connection') say('');
  } catch (error) {
    if (error instanceof LoginNeeded) {
      show(false);
      return;
    }
    say('The daemon does not answer; trying again.', 'connection');
  }
  timer = setTimeout(() => void refresh(), document.hidden ? HIDDEN_MS : REFRESH_MS);
}

function act(step: () => Promise<unknown>): void {
  step().then(
    () => {
      say('');
      void refresh();
    },
    (error: unknown) => {
      say(error instanceof Error ? error.message : String(error), 'error');
      if (error instanceof LoginNeeded) show(false);
    },
  );
}

function say(text: string, kind = ''): void {
  message.textContent = text;
  message.dataset['kind'] = kind;
}

function show(isIn: boolean): void {
  find('login').hidden = isIn;
  find('app').hidden = !isIn;
}

async function login(token: string): Promise<void> {
  await call('POST', 'login', { token });
  say('');
  await refresh();
}

/** Not while somebody types there. */
function fillLimits({ downloadLimit, uploadLimit, maxDownloads }: SessionRow): void {
  const rate = (limit: number | null): string => (limit === null ? '' : String(+(limit / MIB).toFixed(2)));
  const values = { down: rate(downloadLimit), up: rate(uploadLimit), 'max-downloads': String(maxDownloads) };
  if (find('limits').contains(document.activeElement)) return;
  for (const [id, value] of Object.entries(values)) field(id).value = value;
}

function readRate(id: string): number | null {
  const value = Number(field(id).value.replace(',', '.'));
  if (Number.isNaN(value) || value < 0) throw new Error('A limit is a number of MiB a second, or empty.');
  return value === 0 ? null : Math.max(1, Math.round(value * MIB));
}

async function addFiles(files: Iterable<File>): Promise<void> {
  for (const file of files) await call('POST', 'torrents', file);
}

function onSubmit(id: string, step: () => Promise<unknown>): void {
  find(id).addEventListener('submit', (event) => {
    event.preventDefault();
    act(step);
  });
}

onSubmit('login', () => login(field('token').value.trim()));
onSubmit('add', async () => {
  const source = field('source');
  if (source.value.trim() === '') throw new Error('Paste a link first, or choose a .torrent file.');
  await call('POST', 'torrents', { source: source.value.trim() });
  source.value = '';
});
onSubmit('limits', async () => {
  await call('PATCH', 'session', {
    downloadLimit: readRate('down'),
    uploadLimit: readRate('up'),
    maxDownloads: Number(field('max-downloads').value),
  });
  if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
});
const picker = field('file');
picker.addEventListener('change', () => {
  act(async () => {
    await addFiles(picker.files ?? []);
    picker.value = '';
  });
});
document.addEventListener('dragover', (event) => {
  event.preventDefault();
});
document.addEventListener('drop', (event) => {
  event.preventDefault();
  act(() => addFiles(event.dataTransfer?.files ?? []));
});

const token = /^#token=([\w-]+)$/.exec(location.hash)?.[1];
if (token !== undefined) history.replaceState(null, '', location.pathname);
if (token === undefined) void refresh();
else act(() => login(token));
