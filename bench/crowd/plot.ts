// Draws completion time against the size of a crowd as SVG: both axes logarithmic, one line for a server that gives
// every copy itself, one for the bound that nobody can beat.

export interface Series {
  readonly name: string;
  readonly points: readonly { readonly n: number; readonly times: number }[];
}

const WIDTH = 760;
const HEIGHT = 460;
const PLOT = { left: 64, right: 560, top: 24, bottom: 404 };
const MOST_N = 2048;
const MOST_T = 64;
const COLORS = ['#0b62d6', '#d6450b', '#1b8a3c', '#8a1b86', '#8a6d1b', '#3d6b7d', '#555'];

/** `simulated` comes first and is drawn as a line, measured ones as points. */
export function drawPlot(series: readonly Series[]): string {
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${String(WIDTH)}" height="${String(HEIGHT)}" viewBox="0 0 ${String(WIDTH)} ${String(HEIGHT)}" font-family="sans-serif" font-size="13">`,
    '<title>Time until the last of N leeches has the file, as a multiple of the time of one copy</title>',
    `<rect width="${String(WIDTH)}" height="${String(HEIGHT)}" fill="#fff"/>`,
    ...axes(),
    line(
      [
        [1, 1],
        [MOST_N, 1],
      ],
      '#888',
      '4 4',
    ),
    text([PLOT.right + 8, y(1) + 4], 'bound: T = F/R', { color: '#555' }),
    line(
      [
        [1, 1],
        [MOST_T, MOST_T],
      ],
      '#444',
      '8 4',
    ),
    text([x(MOST_T) + 8, PLOT.top + 12], 'a server alone: N · T'),
    ...series.flatMap((each, i) =>
      drawSeries(each, { color: COLORS[i % COLORS.length] ?? '#000', isLine: i === 0, row: i }),
    ),
    '</svg>',
  ];
  return `${parts.join('\n')}\n`;
}

function drawSeries(
  { name, points }: Series,
  { color, isLine, row }: { readonly color: string; readonly isLine: boolean; readonly row: number },
): string[] {
  const top = PLOT.top + 60 + 22 * row;
  const marks = points.map(({ n, times }) => circle(x(n), y(times), color));
  const path = isLine
    ? [
        line(
          points.map(({ n, times }) => [n, times]),
          color,
        ),
      ]
    : [];
  return [...path, ...marks, circle(PLOT.right + 16, top - 4, color), text([PLOT.right + 28, top], name)];
}

function axes(): string[] {
  const parts: string[] = [];
  for (let n = 1; n <= MOST_N; n *= 4) {
    parts.push(
      line(
        [
          [n, 0.9],
          [n, MOST_T],
        ],
        '#eee',
      ),
      text([x(n), PLOT.bottom + 20], String(n), { anchor: 'middle' }),
    );
  }
  for (let times = 1; times <= MOST_T; times *= 2) {
    parts.push(
      line(
        [
          [1, times],
          [MOST_N, times],
        ],
        '#eee',
      ),
      text([PLOT.left - 8, y(times) + 4], String(times), { anchor: 'end' }),
    );
  }
  parts.push(
    text([(PLOT.left + PLOT.right) / 2, PLOT.bottom + 42], 'leeches that start together (N)', {
      anchor: 'middle',
    }),
  );
  parts.push(
    `<text transform="translate(18 ${String((PLOT.top + PLOT.bottom) / 2)}) rotate(-90)" text-anchor="middle" fill="#333">last leech, multiples of T</text>`,
  );
  return parts;
}

function x(n: number): number {
  return PLOT.left + ((PLOT.right - PLOT.left) * Math.log2(n)) / Math.log2(MOST_N);
}

function y(times: number): number {
  const part = (Math.log2(times) - Math.log2(0.9)) / (Math.log2(MOST_T) - Math.log2(0.9));
  return PLOT.bottom - (PLOT.bottom - PLOT.top) * part;
}

function line(points: readonly (readonly [number, number])[], color: string, dashes = ''): string {
  const path = points.map(([n, times]) => `${x(n).toFixed(1)},${y(times).toFixed(1)}`).join(' ');
  return `<polyline points="${path}" fill="none" stroke="${color}" stroke-width="1.5"${dashes === '' ? '' : ` stroke-dasharray="${dashes}"`}/>`;
}

function circle(cx: number, cy: number, color: string): string {
  return `<circle cx="${cx.toFixed(1)}" cy="${cy.toFixed(1)}" r="3.5" fill="${color}"/>`;
}

function text(
  [left, base]: readonly [number, number],
  content: string,
  { color = '#333', anchor = 'start' }: { readonly color?: string; readonly anchor?: string } = {},
): string {
  return `<text x="${left.toFixed(1)}" y="${base.toFixed(1)}" fill="${color}" text-anchor="${anchor}">${content}</text>`;
}
