// Draws completion time against the size of a crowd as SVG: both axes logarithmic, one line for a server that gives
// every copy itself, one for the bound that nobody can beat, simulated crowds as lines and real clients as points.

export interface Series {
  readonly name: string;
  readonly isMeasured: boolean;
  /** Ascending by `n`. */
  readonly points: readonly { readonly n: number; readonly times: number }[];
}

const WIDTH = 900;
const HEIGHT = 480;
const PLOT = { left: 72, right: 630, top: 56, bottom: 416 };
const N = { least: 1, most: 2400 };
const TIMES = { least: 0.88, most: 40 };
const N_TICKS = [1, 2, 4, 8, 16, 32, 64, 125, 250, 500, 1000, 2000];
const TIMES_TICKS = [1, 1.5, 2, 3, 4, 6, 8, 12, 16, 24, 32];
const LINE_COLORS = ['#0b62d6', '#7a3db8', '#00838f'];
const POINT_COLORS = ['#d6450b', '#1b8a3c', '#8a6d1b', '#c2187a', '#3d6b7d', '#555'];
const GREY = '#5f6670';
/** Lines of text are so far from each other at least. */
const LEADING = 18;

export function drawPlot(series: readonly Series[]): string {
  const lines = series.filter(({ isMeasured }) => !isMeasured);
  const points = series.filter(({ isMeasured }) => isMeasured);
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${String(WIDTH)}" height="${String(HEIGHT)}" viewBox="0 0 ${String(WIDTH)} ${String(HEIGHT)}" font-family="system-ui, sans-serif" font-size="13">`,
    '<title>Time until the last of N leeches has the file, as a multiple of the time of one copy</title>',
    `<rect width="${String(WIDTH)}" height="${String(HEIGHT)}" fill="#fff"/>`,
    text([PLOT.left, 28], 'Time until the last of N leeches has the file', { size: 16, color: '#1a1d21' }),
    ...axes(),
    ...bound(),
    ...server(),
    ...lines.map((each, i) => drawLine(each, colorOf(LINE_COLORS, i))),
    ...points.map((each, i) => drawPoints(each, colorOf(POINT_COLORS, i))),
    ...labels(lines),
    ...legend(points),
    '</svg>',
  ];
  return `${parts.join('\n')}\n`;
}

/** Nobody is below: that much time one copy takes to leave the seed. */
function bound(): string[] {
  const [left, right, top] = [PLOT.left, PLOT.right, y(1)];
  return [
    `<rect x="${String(left)}" y="${top.toFixed(1)}" width="${String(right - left)}" height="${(PLOT.bottom - top).toFixed(1)}" fill="#f1f3f5"/>`,
    path(
      [
        [left, top],
        [right, top],
      ],
      GREY,
      '5 4',
    ),
    text([PLOT.right + 10, top + 4], 'bound: T = F/R', { color: GREY }),
  ];
}

/** A server's line leaves the picture: at N copies it needs N times as long. */
function server(): string[] {
  const [left, top] = [x(TIMES.most), y(TIMES.most)];
  return [
    path(
      [
        [x(1), y(1)],
        [left, top],
      ],
      '#1a1d21',
      '8 4',
    ),
    text([left + 10, top + 14], 'a server alone: N · T', { color: '#1a1d21' }),
  ];
}

function drawLine({ points }: Series, color: string): string {
  const places = points.map(({ n, times }) => [x(n), y(times)] as const);
  const dots = places.map((place) => circle(place, color, true));
  return [path(places, color), ...dots].join('\n');
}

function drawPoints({ points }: Series, color: string): string {
  const inside = points.filter(({ times }) => times <= TIMES.most);
  return inside.map(({ n, times }) => circle([x(n), y(times)], color, false)).join('\n');
}

/** What a line is and where it ends, at its end; lines that end together have their labels one above the other. */
function labels(lines: readonly Series[]): string[] {
  const ends = lines.flatMap(({ name, points }, i) => {
    const last = points.at(-1);
    return last === undefined ? [] : [{ name, last, color: colorOf(LINE_COLORS, i), at: y(last.times) + 4 }];
  });
  ends.sort((a, b) => b.at - a.at);
  let free = y(1) + 4 - LEADING;
  return ends.map(({ name, last, color, at }) => {
    const base = Math.min(at, free);
    free = base - LEADING;
    return text([PLOT.right + 10, base], `${name}: ${String(last.times)} T`, { color });
  });
}

function legend(points: readonly Series[]): string[] {
  if (points.length === 0) return [];
  const left = PLOT.right + 16;
  const title = text([left - 6, PLOT.top + 14], 'real clients, one machine', { color: GREY });
  const rows = points.flatMap(({ name }, i) => {
    const base = PLOT.top + 14 + (i + 1) * (LEADING + 2);
    return [circle([left, base - 4], colorOf(POINT_COLORS, i), false), text([left + 12, base], name)];
  });
  return [title, ...rows];
}

function axes(): string[] {
  const middle = (PLOT.top + PLOT.bottom) / 2;
  return [
    ...N_TICKS.flatMap((n) => [
      path(
        [
          [x(n), PLOT.top],
          [x(n), PLOT.bottom],
        ],
        '#e9ecef',
      ),
      text([x(n), PLOT.bottom + 20], n.toLocaleString('en'), { anchor: 'middle', color: GREY }),
    ]),
    ...TIMES_TICKS.flatMap((times) => [
      path(
        [
          [PLOT.left, y(times)],
          [PLOT.right, y(times)],
        ],
        '#e9ecef',
      ),
      text([PLOT.left - 10, y(times) + 4], `${String(times)} T`, { anchor: 'end', color: GREY }),
    ]),
    text([(PLOT.left + PLOT.right) / 2, PLOT.bottom + 46], 'leeches that start together (N)', {
      anchor: 'middle',
    }),
    `<text transform="translate(20 ${String(middle)}) rotate(-90)" text-anchor="middle" fill="#343a40">last leech</text>`,
  ];
}

function x(n: number): number {
  return PLOT.left + ((PLOT.right - PLOT.left) * Math.log(n / N.least)) / Math.log(N.most / N.least);
}

function y(times: number): number {
  const part = Math.log(times / TIMES.least) / Math.log(TIMES.most / TIMES.least);
  return PLOT.bottom - (PLOT.bottom - PLOT.top) * part;
}

function colorOf(colors: readonly string[], i: number): string {
  return colors[i % colors.length] ?? GREY;
}

type Place = readonly [number, number];

function path(places: readonly Place[], color: string, dashes = ''): string {
  const points = places.map((place) => place.map((each) => each.toFixed(1)).join(',')).join(' ');
  const dashed = dashes === '' ? '' : ` stroke-dasharray="${dashes}"`;
  return `<polyline points="${points}" fill="none" stroke="${color}" stroke-width="1.6"${dashed}/>`;
}

function circle([cx, cy]: Place, color: string, isFull: boolean): string {
  const look = isFull ? `r="3" fill="${color}"` : `r="4.5" fill="#fff" stroke="${color}" stroke-width="2"`;
  return `<circle cx="${cx.toFixed(1)}" cy="${cy.toFixed(1)}" ${look}/>`;
}

interface Look {
  readonly color?: string;
  readonly anchor?: string;
  readonly size?: number;
}

function text(
  [left, base]: Place,
  content: string,
  { color = '#343a40', anchor = 'start', size }: Look = {},
): string {
  const sized = size === undefined ? '' : ` font-size="${String(size)}" font-weight="600"`;
  return `<text x="${left.toFixed(1)}" y="${base.toFixed(1)}" fill="${color}" text-anchor="${anchor}"${sized}>${content}</text>`;
}
