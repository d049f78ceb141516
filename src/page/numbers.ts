// Who pays for the download, in numbers: from the server, from people, given back, and how many are here.
import { formatBytes } from '../core/format.ts';
import { element, setText } from './dom.ts';
import type { ProgressPart } from './progress.ts';
import { STRINGS } from './strings.ts';

export function createNumbers(): ProgressPart {
  const labels = STRINGS.numbers;
  const server = createNumber(labels.fromServer, 'server');
  const people = createNumber(labels.fromPeople, 'people');
  const given = createNumber(labels.given);
  const connected = createNumber(labels.people);
  const all = [server, people, given, connected];
  const node = element('dl', { class: 'numbers' }, ...all.map((number) => number.node));
  return {
    node,
    update: (now) => {
      const { fromWebSeeds, fromPeers, uploaded, uploadRate, peers } = now;
      const came = fromWebSeeds + fromPeers;
      const share = (bytes: number): string => (came === 0 ? '' : STRINGS.share(bytes / came));
      const count = peers.filter(({ transport }) => transport !== 'webseed').length;
      server.show(formatBytes(fromWebSeeds), share(fromWebSeeds));
      people.show(formatBytes(fromPeers), share(fromPeers));
      given.show(formatBytes(uploaded), STRINGS.giving(uploadRate));
      connected.show(STRINGS.people(count), '');
    },
  };
}

function createNumber(
  label: string,
  tone?: string,
): { readonly node: HTMLElement; show(value: string, note: string): void } {
  const value = element('span');
  const note = element('small');
  const term = element('dt', { class: tone }, label);
  const node = element('div', {}, term, element('dd', {}, value, note));
  return {
    node,
    show: (text, more) => {
      setText(value, text);
      setText(note, more);
    },
  };
}
