// The /stats page: numbers that update themselves and small charts of the last minutes. Complete in itself: no other
// host is asked for anything, and without scripts it says where the numbers are.

export const STATS_HTML = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Tracker statistics</title>
<link rel="stylesheet" href="stats.css">
<main>
<h1>Tracker</h1>
<p id="state" role="status">Loading the numbers…</p>
<noscript>The numbers are at <a href="stats.json">stats.json</a> and <a href="metrics">metrics</a>.</noscript>
<section id="figures" aria-label="Numbers"></section>
</main>
<script type="module" src="stats.js"></script>
</html>
`;

export const STATS_STYLE = `:root { color-scheme: light dark; --line: #2a6; --dim: #777; --edge: #8884; }
body { font: 16px/1.4 system-ui, sans-serif; margin: 0; }
main { max-width: 62rem; margin: 0 auto; padding: 1.5rem 1rem; }
h1 { font-size: 1.4rem; margin: 0 0 .25rem; }
#state { color: var(--dim); margin: 0 0 1rem; }
#figures { display: grid; grid-template-columns: repeat(auto-fill, minmax(14rem, 1fr)); gap: .75rem; }
figure { margin: 0; padding: .75rem; border: 1px solid var(--edge); border-radius: .5rem; }
figcaption { color: var(--dim); font-size: .85rem; }
output { display: block; font-size: 1.6rem; font-variant-numeric: tabular-nums; }
svg { display: block; width: 100%; height: 2.5rem; }
polyline { fill: none; stroke: var(--line); stroke-width: 1.5; vector-effect: non-scaling-stroke; }
`;

export const STATS_SCRIPT = `const POINTS = 150;
const EVERY_MS = 2000;
const FIGURES = [
  ['Peers', (s) => s.peers4 + s.peers6 + s.wsPeers],
  ['Seeds', (s) => s.seeds],
  ['Torrents', (s) => s.swarms],
  ['Announces a second', (s, rate) => rate('announces')],
  ['Scrapes a second', (s, rate) => rate('scrapes')],
  ['Refused a second', (s, rate) => rate('refused') + rate('rateLimited')],
  ['IPv4 peers', (s) => s.peers4],
  ['IPv6 peers', (s) => s.peers6],
  ['WebSocket peers', (s) => s.wsPeers],
  ['Downloads finished', (s) => s.completed],
  ['Connections', (s) => s.connections],
  ['Store, MB', (s) => s.bytes / 1e6],
];
const number = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });
const section = document.getElementById('figures');
const state = document.getElementById('state');
const cells = FIGURES.map(([title]) => {
  const figure = document.createElement('figure');
  const caption = document.createElement('figcaption');
  const output = document.createElement('output');
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  const line = document.createElementNS('http://www.w3.org/2000/svg', 'polyline');
  caption.textContent = title;
  svg.setAttribute('viewBox', '0 0 ' + (POINTS - 1) + ' 40');
  svg.setAttribute('preserveAspectRatio', 'none');
  svg.setAttribute('aria-hidden', 'true');
  svg.append(line);
  figure.append(caption, output, svg);
  section.append(figure);
  return { output, line, values: [] };
});
let before;
function show(now) {
  const rate = (name) => before === undefined ? 0 : Math.max(0, (now[name] - before[name]) / (now.at - before.at));
  FIGURES.forEach(([, value], i) => {
    const cell = cells[i];
    cell.values.push(value(now, rate));
    if (cell.values.length > POINTS) cell.values.shift();
    cell.output.textContent = number.format(cell.values.at(-1));
    const top = Math.max(1, ...cell.values);
    const first = POINTS - cell.values.length;
    cell.line.setAttribute('points', cell.values.map((v, x) => (first + x) + ',' + (38 - 36 * v / top)).join(' '));
  });
  before = now;
}
function duration(seconds) {
  const days = Math.floor(seconds / 86400);
  const hours = Math.floor(seconds / 3600) % 24;
  const minutes = Math.floor(seconds / 60) % 60;
  return (days > 0 ? days + ' d ' : '') + (days + hours > 0 ? hours + ' h ' : '') + minutes + ' min';
}
async function refresh() {
  try {
    const response = await fetch('stats.json');
    const now = await response.json();
    now.at = performance.now() / 1000;
    show(now);
    state.textContent = 'Up for ' + duration(now.uptimeSeconds);
  } catch {
    state.textContent = 'The tracker does not answer.';
  }
  setTimeout(refresh, document.hidden ? 5 * EVERY_MS : EVERY_MS);
}
refresh();
`;
