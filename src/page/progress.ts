// The bar of the whole download, in two tones: from the server, and from people.
import type { DownloadSnapshot } from '../web/download-api.ts';
import { element, setText } from './dom.ts';
import { STRINGS } from './strings.ts';

export interface ProgressPart {
  readonly node: HTMLElement;
  update(now: DownloadSnapshot): void;
}

export function createProgress(): ProgressPart {
  const server = element('i', { class: 'server' });
  const people = element('i', { class: 'people' });
  const bar = element(
    'div',
    {
      class: 'bar',
      role: 'progressbar',
      'aria-valuemin': '0',
      'aria-valuemax': '100',
      'aria-label': 'Download',
    },
    server,
    people,
  );
  const amount = element('span');
  const pace = element('span');
  const node = element('div', { class: 'progress' }, bar, element('p', { class: 'fine' }, amount, pace));
  return {
    node,
    update: (now) => {
      const part = progressOf(now);
      const [fromServer, fromPeople] = split(now, part);
      server.style.width = `${String(fromServer * 100)}%`;
      people.style.width = `${String(fromPeople * 100)}%`;
      bar.setAttribute('aria-valuenow', String(Math.floor(part * 100)));
      bar.setAttribute('aria-valuetext', STRINGS.percent(part));
      bar.classList.toggle('waiting', now.wanted === undefined);
      setText(amount, now.wanted === undefined ? '' : STRINGS.progress(now.completed, now.wanted));
      setText(pace, paceOf(now));
    },
  };
}

/** 0..1 of what is wanted; of the check while that goes on. */
export function progressOf({ state, checked, wanted, completed }: DownloadSnapshot): number {
  if (state === 'checking' && checked !== undefined) return checked;
  if (wanted === undefined) return 0;
  return wanted === 0 ? 1 : Math.min(1, completed / wanted);
}

/** What came before this visit is counted with the server's part: nobody knows any more. */
function split(now: DownloadSnapshot, part: number): [number, number] {
  const { wanted = 0, fromPeers } = now;
  const people = wanted === 0 ? 0 : Math.min(part, fromPeers / wanted);
  return [part - people, people];
}

function paceOf({ state, downloadRate, etaSeconds }: DownloadSnapshot): string {
  if (state !== 'downloading' || downloadRate < 1) return '';
  const left = etaSeconds === undefined ? '' : ` · ${STRINGS.left(etaSeconds)}`;
  return `${STRINGS.rate(downloadRate)}${left}`;
}
