// The script of /stats: draws what the tracker remembers of the last minutes, then goes on with live numbers.

export const STATS_SCRIPT = `const POINTS = 150;
/** A minute: a tracker that has just been started does not begin with an empty chart. */
const LEAST_POINTS = 30;
const EVERY_MS = 2000;
const SVG = 'http://www.w3.org/2000/svg';
const peers = (s) => s.peers4 + s.peers6 + s.wsPeers;
const CHARTS = [
  ['announces', (s, rate) => rate('announces')],
  ['peers', peers],
];
const CARDS = [
  ['Torrents', (s) => s.swarms + s.wsSwarms],
  ['Seeds', (s) => s.seeds],
  ['Downloads finished', (s) => s.completed],
  ['Scrapes a second', (s, rate) => rate('scrapes')],
  ['Refused a second', (s, rate) => rate('refused') + rate('rateLimited')],
  ['Open connections', (s) => s.connections],
];
const BARS = [
  ['kinds', [['Seeds', (s) => s.seeds], ['Partial seeds', (s) => s.partialSeeds], ['Downloading', (s) => peers(s) - s.seeds - s.partialSeeds]]],
  ['networks', [['IPv4', (s) => s.peers4], ['IPv6', (s) => s.peers6], ['WebSocket', (s) => s.wsPeers]]],
  ['answers', [['Answered', (s) => s.announces + s.scrapes - s.refused - s.rateLimited], ['Refused', (s) => s.refused], ['Rate limited', (s) => s.rateLimited]]],
];
const exact = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });
const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });
const text = (value) => (value >= 100 ? whole : exact).format(value);
const byId = (id) => document.getElementById(id);

function element(name, className, ...children) {
  const made = document.createElement(name);
  made.className = className;
  made.append(...children);
  return made;
}
function drawing(height) {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('preserveAspectRatio', 'none');
  svg.setAttribute('aria-hidden', 'true');
  const area = document.createElementNS(SVG, 'path');
  area.setAttribute('class', 'area');
  const line = document.createElementNS(SVG, 'path');
  line.setAttribute('class', 'line');
  svg.append(area, line);
  return { svg, area, line, height };
}
/** A round number at or above: 1, 2 or 5 and zeros. */
function ceiling(value) {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, value)));
  return [1, 2, 5, 10].map((step) => step * power).find((step) => step >= value);
}
function draw({ svg, area, line, height }, values, { top, points: room }) {
  const first = room - values.length;
  svg.setAttribute('viewBox', '0 0 ' + (room - 1) + ' ' + height);
  const points = values.map((value, i) => (first + i) + ' ' + (height - 1 - (height - 3) * value / top).toFixed(2));
  const path = 'M' + points.join('L');
  line.setAttribute('d', path);
  area.setAttribute('d', path + 'V' + height + 'H' + first + 'Z');
}

const charts = CHARTS.map(([id, value]) => {
  const picture = drawing(100);
  const top = element('span', 'top');
  byId(id).querySelector('.plot').append(picture.svg, top);
  return { value, picture, values: [], output: byId(id).querySelector('output'), top };
});
const cards = CARDS.map(([title, value]) => {
  const picture = drawing(30);
  const output = element('output', '');
  byId('cards').append(element('figure', 'card', element('figcaption', '', title), output, picture.svg));
  return { value, picture, values: [], output };
});
const bars = BARS.map(([id, parts]) => {
  const bar = element('div', 'bar');
  const legend = element('ul', 'legend');
  byId(id).append(bar, legend);
  return parts.map(([title, value], i) => {
    const piece = element('i', 'part' + i);
    const number = element('b', '');
    const share = element('small', '');
    bar.append(piece);
    legend.append(element('li', '', element('i', 'part' + i), title, number, share));
    return { value, piece, number, share };
  });
});

let before;
function add(now) {
  const rate = (name) => before === undefined ? 0 : Math.max(0, (now[name] - before[name]) / (now.at - before.at));
  for (const each of [...charts, ...cards]) {
    if (before !== undefined || each.value.length === 1) each.values.push(each.value(now, rate));
    if (each.values.length > POINTS) each.values.shift();
  }
  before = now;
}
function show() {
  const points = Math.max(LEAST_POINTS, charts[0].values.length);
  const span = Math.round(points * EVERY_MS / 60_000) + ' min ago';
  for (const each of document.querySelectorAll('.axis span:first-child')) each.textContent = span;
  for (const { values, picture, output, top } of [...charts, ...cards]) {
    const highest = ceiling(Math.max(1, ...values));
    draw(picture, values, { top: highest, points });
    output.textContent = text(values.at(-1) ?? 0);
    if (top !== undefined) top.textContent = short.format(highest);
  }
  for (const parts of bars) {
    const values = parts.map(({ value }) => Math.max(0, value(before)));
    const sum = values.reduce((a, b) => a + b, 0);
    parts.forEach(({ piece, number, share }, i) => {
      piece.hidden = values[i] === 0;
      piece.style.flexGrow = sum === 0 ? 0 : values[i] / sum;
      number.textContent = text(values[i]);
      share.textContent = sum === 0 ? '' : Math.round(100 * values[i] / sum) + ' %';
    });
  }
  byId('memory').textContent = exact.format(before.bytes / 1e6) + ' MB';
  byId('uptime').textContent = duration(before.uptimeSeconds);
}
function duration(seconds) {
  const days = Math.floor(seconds / 86400);
  const hours = Math.floor(seconds / 3600) % 24;
  const minutes = Math.floor(seconds / 60) % 60;
  return (days > 0 ? days + ' d ' : '') + (days + hours > 0 ? hours + ' h ' : '') + minutes + ' min';
}
function say(state, words) {
  document.body.dataset.state = state;
  byId('state').textContent = words;
}
async function ask(path) {
  const response = await fetch(path, { signal: AbortSignal.timeout(10_000) });
  return response.json();
}
async function refresh() {
  try {
    const now = await ask('stats.json');
    // Right behind the last remembered one a rate would be of a moment, not of two seconds.
    const at = performance.now() / 1000;
    if (before === undefined || at - before.at > EVERY_MS / 4000) add({ ...now, at });
    show();
    const { share } = now;
    if (share === undefined || share.state === 'shared') say('good', 'Serving');
    else say('busy', share.state === 'comparing' ? 'Catching up with the shared store' : 'Serving from memory: the shared store is away');
  } catch {
    say('bad', 'The tracker does not answer');
  }
  setTimeout(refresh, document.hidden ? 5 * EVERY_MS : EVERY_MS);
}
try {
  const { everySeconds, ageSeconds, samples } = await ask('stats-recent.json');
  const last = performance.now() / 1000 - ageSeconds;
  samples.forEach((sample, i) => add({ ...sample, at: last - everySeconds * (samples.length - 1 - i) }));
} catch {
  // The live numbers say what is wrong.
}
await refresh();
`;
