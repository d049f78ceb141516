// The operator's page: signs in, then asks for the numbers again and again. The token comes once in the address's
// fragment, which no server ever sees, and is gone from the address right away.
import { formatBytes } from '../core/format.ts';
import { element, setText } from './dom.ts';
import { ask, LoginNeeded, type ColumnName, type Overview, type Series, type Swarm } from './operator-api.ts';
import { createChart, type Chart } from './operator-chart.ts';
import { ItemTable } from './operator-items.ts';
import { OPERATOR_STRINGS as STRINGS } from './operator-strings.ts';
import { SumView } from './operator-sum.ts';
import { SwarmTable } from './operator-swarm.ts';

const REFRESH_MS = 1000;
const HIDDEN_MS = 10_000;

const find = <K extends keyof HTMLElementTagNameMap>(tag: K, id: string): HTMLElementTagNameMap[K] => {
  const found = document.querySelector(`${tag}#${id}`);
  if (found === null) throw new Error(`the page has no ${tag} ${id}`);
  return found as HTMLElementTagNameMap[K];
};

const message = find('p', 'message');
const sum = new SumView({
  ...{ numbers: find('dl', 'numbers'), split: find('div', 'split'), since: find('p', 'since') },
});
const items = new ItemTable(find('tbody', 'item-rows'), find('p', 'item-note'), (key) => {
  opened = key;
  void refresh();
});
const swarm = new SwarmTable({
  ...{ rows: find('tbody', 'peer-rows'), note: find('p', 'peer-note') },
  ...{ map: find('canvas', 'map'), mapNote: find('figcaption', 'map-note') },
});
const charts = createCharts();
let step = 'seconds';
let series: Series | undefined;
/** The item whose swarm is shown. */
let opened: string | undefined;
let timer: ReturnType<typeof setTimeout> | undefined;
/** Answers of earlier questions that come late are not shown. */
let turn = 0;

async function refresh(): Promise<void> {
  clearTimeout(timer);
  const mine = ++turn;
  try {
    const search = encodeURIComponent(find('input', 'find').value);
    const overview = await ask<Overview>(`overview?q=${search}`);
    if (mine !== turn) return;
    show(true);
    showOverview(overview);
    await Promise.all([refreshCharts(mine), refreshSwarm(overview, mine)]);
    if (message.dataset['kind'] === 'connection') say('');
  } catch (error) {
    if (mine !== turn) return;
    if (error instanceof LoginNeeded) {
      show(false);
      return;
    }
    say(STRINGS.noAnswer, 'connection');
  }
  if (mine === turn) timer = setTimeout(() => void refresh(), document.hidden ? HIDDEN_MS : REFRESH_MS);
}

function showOverview(overview: Overview): void {
  const { toPeers, directly, connected, uptimeSeconds, itemCount } = overview;
  setText(find('p', 'rates'), STRINGS.rates(toPeers + directly, connected, uptimeSeconds));
  sum.show(overview);
  opened ??= overview.items[0]?.key;
  const isSearched = find('input', 'find').value !== '';
  find('div', 'catalogue').hidden = itemCount < 2 && !isSearched;
  items.show(overview, opened);
}

/** Only what is new is asked for; the step that is under way comes again. */
async function refreshCharts(mine: number): Promise<void> {
  const asked = step;
  const since = series === undefined ? 0 : series.end - series.stepSeconds;
  const news = await ask<Series>(`history?step=${asked}&since=${String(since)}`);
  if (mine !== turn || asked !== step) return;
  series = series === undefined ? news : append(series, news);
  for (const chart of charts) chart.show(series);
}

async function refreshSwarm(overview: Overview, mine: number): Promise<void> {
  const key = opened;
  if (key === undefined) return;
  const heading = find('p', 'swarm-of');
  try {
    const now = await ask<Swarm>(`items/${encodeURIComponent(key)}`);
    if (mine !== turn || key !== opened) return;
    swarm.show(now);
    heading.replaceChildren(
      `${STRINGS.swarmOf} `,
      element('a', { href: now.page }, element('bdi', {}, now.title)),
      `, ${formatBytes(now.length)}`,
    );
  } catch (error) {
    if (error instanceof LoginNeeded || error instanceof TypeError) throw error;
    setText(heading, STRINGS.swarmWait);
    if (!overview.items.some((item) => item.key === key)) opened = undefined;
  }
}

const MOST: Readonly<Record<string, number>> = { seconds: 600, minutes: 1440, hours: 2160 };

function append(before: Series, news: Series): Series {
  const fresh = news.columns.delivered.length;
  // How many of the old steps the new ones leave in their place.
  const kept = Math.round((news.end - before.end) / news.stepSeconds) - fresh;
  const names = Object.keys(news.columns) as ColumnName[];
  const columns = names.map((name): [ColumnName, (number | null)[]] => {
    const old = before.columns[name];
    const gap = new Array<null>(Math.max(0, Math.min(kept + 1, old.length))).fill(null);
    const joined = [...old.slice(0, Math.max(0, old.length + kept)), ...gap, ...news.columns[name]];
    return [name, joined.slice(-(MOST[step] ?? joined.length))];
  });
  return { ...news, columns: Object.fromEntries(columns) as Record<ColumnName, (number | null)[]> };
}

function createCharts(): readonly Chart[] {
  const line = (column: ColumnName, tone: string): { column: ColumnName; label: string; tone: string } => ({
    ...{ column, tone, label: STRINGS.series[column] },
  });
  const made = [
    createChart({
      ...{ title: STRINGS.charts.rates, base: 1024, format: (value) => `${formatBytes(value)}/s` },
      lines: [line('toPeers', 'people'), line('directly', 'server')],
    }),
    createChart({
      ...{ title: STRINGS.charts.people, base: 10, format: (value) => String(Math.round(value)) },
      lines: [line('connected', 'people'), line('leechers', 'server'), line('seeders', 'others')],
    }),
    createChart({
      ...{ title: STRINGS.charts.bytes, base: 1024, format: formatBytes },
      lines: [line('delivered', 'people'), line('paid', 'server')],
    }),
  ];
  find('div', 'chart-grid').append(...made.map(({ node }) => node));
  return made;
}

function say(text: string, kind = ''): void {
  setText(message, text);
  message.dataset['kind'] = kind;
}

function show(isIn: boolean): void {
  find('form', 'login').hidden = isIn;
  find('div', 'view').hidden = !isIn;
  find('button', 'leave').hidden = !isIn;
}

async function login(token: string): Promise<void> {
  try {
    await ask('login', { token });
    say('');
  } catch (error) {
    say(error instanceof LoginNeeded ? STRINGS.wrongToken : STRINGS.noAnswer, 'error');
    show(false);
    return;
  }
  await refresh();
}

find('form', 'login').addEventListener('submit', (event) => {
  event.preventDefault();
  const field = find('input', 'token');
  const token = field.value.trim();
  field.value = '';
  void login(token);
});
find('button', 'leave').addEventListener('click', () => {
  clearTimeout(timer);
  turn++;
  void ask('logout', {}).then(() => {
    show(false);
  });
});
find('input', 'find').addEventListener('input', () => void refresh());
find('fieldset', 'spans').addEventListener('change', (event) => {
  if (!(event.target instanceof HTMLInputElement)) return;
  step = event.target.value;
  series = undefined;
  void refresh();
});
document.addEventListener('visibilitychange', () => {
  if (!document.hidden && !find('div', 'view').hidden) void refresh();
});

const token = new URLSearchParams(location.hash.slice(1)).get('token');
if (token === null) void refresh();
else {
  history.replaceState(null, '', location.pathname);
  void login(token);
}
