// A flame graph as a picture that needs no script: widths are processor time, callees stand on their callers.
import type { Frame } from './fold.ts';

const WIDTH = 1200;
const ROW = 15;
const HEAD = 40;
const CHARACTER = 6.3;
/** Frames narrower than this are left out, pixels. */
const NARROWEST = 1.2;

const COLORS: Readonly<Record<Frame['kind'], string>> = {
  javascript: '#f2c14e',
  native: '#8fb8de',
  kernel: '#e07a5f',
};

export interface Picture {
  readonly title: string;
  readonly samplesPerSecond: number;
}

export function drawFlames(root: Frame, { title, samplesPerSecond }: Picture): string {
  const scale = WIDTH / Math.max(1, root.samples);
  const boxes: string[] = [];
  let deepest = 0;
  const draw = (frame: Frame, left: number, depth: number): void => {
    deepest = Math.max(deepest, depth);
    boxes.push(
      box(frame, { x: left * scale, y: depth * ROW, width: frame.samples * scale, samplesPerSecond }),
    );
    let at = left;
    for (const child of [...frame.children.values()].sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (child.samples * scale >= NARROWEST) draw(child, at, depth + 1);
      at += child.samples;
    }
  };
  draw(root, 0, 0);
  const height = HEAD + (deepest + 1) * ROW;
  const legend = Object.entries(COLORS)
    .map(([kind, color]) => `<tspan fill="${color}">■</tspan> ${kind}`)
    .join('  ');
  const seconds = (root.samples / samplesPerSecond).toFixed(1);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${String(WIDTH)} ${String(height)}" font-family="monospace" font-size="10">
<rect width="100%" height="100%" fill="#fff"/>
<text x="4" y="16" font-size="13">${escape(title)}: ${seconds} s of processor time</text>
<text x="4" y="31">${legend}</text>
<g transform="translate(0 ${String(height - ROW)})">
${boxes.join('\n')}
</g>
</svg>
`;
}

interface Place {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly samplesPerSecond: number;
}

function box(frame: Frame, { x, y, width, samplesPerSecond }: Place): string {
  const seconds = `${(frame.samples / samplesPerSecond).toFixed(2)} s`;
  const letters = Math.floor((width - 4) / CHARACTER);
  const label =
    letters < 3
      ? ''
      : `<text x="${(x + 2).toFixed(1)}" y="${String(11 - y)}">${escape(frame.name.slice(0, letters))}</text>`;
  const place = `x="${x.toFixed(1)}" y="${String(-y)}" width="${Math.max(0.5, width - 0.5).toFixed(1)}"`;
  return `<g><title>${escape(frame.name)}, ${seconds}</title><rect ${place} height="${String(ROW - 1)}" fill="${COLORS[frame.kind]}"/>${label}</g>`;
}

function escape(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');
}
