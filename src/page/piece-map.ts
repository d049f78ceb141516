// All pieces at a glance: one square each, or one for several where there are many. What a square shows is how much
// of it is here; a square that is being filled is marked.
import type { DownloadSnapshot } from '../web/download-api.ts';
import { colours, surfaceOf } from './canvas.ts';
import { element, setText } from './dom.ts';
import type { ProgressPart } from './progress.ts';
import { STRINGS } from './strings.ts';

const CELL = 11;
const GAP = 3;
const MAX_ROWS = 6;
const HAVE = 2;
const IN_FLIGHT = 1;

export function createPieceMap(): ProgressPart {
  const canvas = element('canvas', { 'aria-hidden': 'true' });
  const text = element('p', { class: 'fine' });
  const node = element('div', { class: 'pieces' }, canvas, text);
  return {
    node,
    update: ({ pieces }) => {
      const had = pieces.reduce((sum, state) => sum + (state === HAVE ? 1 : 0), 0);
      setText(text, pieces.length === 0 ? '' : STRINGS.pieces(had, pieces.length));
      const columns = Math.max(1, Math.floor((canvas.clientWidth + GAP) / (CELL + GAP)));
      const rows = Math.max(1, Math.min(MAX_ROWS, Math.ceil(pieces.length / columns)));
      canvas.style.height = `${String(rows * (CELL + GAP) - GAP)}px`;
      draw(canvas, pieces, columns * rows);
    },
  };
}

function draw(canvas: HTMLCanvasElement, pieces: DownloadSnapshot['pieces'], room: number): void {
  const surface = surfaceOf(canvas);
  if (surface === undefined) return;
  const { context, width } = surface;
  const { line, accent, warm } = colours(canvas, 'line', 'accent', 'warm');
  const columns = Math.max(1, Math.floor((width + GAP) / (CELL + GAP)));
  const cells = Math.min(room, pieces.length);
  // Cells reach from edge to edge.
  const step = columns > 1 ? (width - CELL) / (columns - 1) : CELL;
  for (let cell = 0; cell < cells; cell++) {
    const from = Math.floor((cell * pieces.length) / cells);
    const end = Math.max(from + 1, Math.floor(((cell + 1) * pieces.length) / cells));
    const states = pieces.subarray(from, end);
    const had = states.reduce((sum, state) => sum + (state === HAVE ? 1 : 0), 0) / states.length;
    const [x, y] = [(cell % columns) * step, Math.floor(cell / columns) * (CELL + GAP)];
    square(context, { x, y }, { colour: line, alpha: 1 });
    if (had > 0) square(context, { x, y }, { colour: accent, alpha: 0.2 + 0.8 * had });
    else if (states.includes(IN_FLIGHT)) square(context, { x, y }, { colour: warm, alpha: 0.75 });
  }
}

function square(
  context: CanvasRenderingContext2D,
  { x, y }: { readonly x: number; readonly y: number },
  { colour, alpha }: { readonly colour: string; readonly alpha: number },
): void {
  context.globalAlpha = alpha;
  context.fillStyle = colour;
  context.beginPath();
  context.roundRect(x, y, CELL, CELL, 3);
  context.fill();
  context.globalAlpha = 1;
}
