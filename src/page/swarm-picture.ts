// A living picture of the swarm: you in the middle, the server on one side, people on the other, and what flows between
// as dots on the lines. It stands still for people who want no motion, and says the same in words.
import type { PeerSnapshot } from '../engine/api.ts';
import type { DownloadSnapshot } from '../web/download-api.ts';
import { colours, surfaceOf, type Surface } from './canvas.ts';
import { element, setText } from './dom.ts';
import type { ProgressPart } from './progress.ts';
import { STRINGS } from './strings.ts';

const MAX_PEOPLE = 14;
/** Dots a second on a line at this rate and above, and how long one travels. */
const FULL_RATE = 4 * 1024 * 1024;
const TRAVEL_MS = 1400;
const NO_MOTION = '(prefers-reduced-motion: reduce)';

interface Point {
  readonly x: number;
  readonly y: number;
}

interface Line {
  readonly at: Point;
  readonly colour: string;
  readonly down: number;
  readonly up: number;
  readonly progress: number;
  readonly isServer: boolean;
}

type Palette = ReturnType<typeof paletteOf>;

export function createSwarmPicture(): ProgressPart & { stop(): void } {
  const canvas = element('canvas', { 'aria-hidden': 'true' });
  const text = element('p', { class: 'fine' });
  const node = element('div', { class: 'swarm' }, canvas, text);
  let peers: readonly PeerSnapshot[] = [];
  let own = 0;
  let frame: number | undefined;
  const paint = (time: number): void => {
    const surface = surfaceOf(canvas);
    if (surface !== undefined) draw(surface, { peers, own, time, palette: paletteOf(canvas) });
    const isStill = matchMedia(NO_MOTION).matches || peers.length === 0 || !node.isConnected;
    frame = isStill ? undefined : requestAnimationFrame(paint);
  };
  return {
    node,
    update: (now: DownloadSnapshot) => {
      peers = now.peers;
      own = now.wanted === undefined || now.wanted === 0 ? 0 : now.completed / now.wanted;
      const people = peers.filter(({ transport }) => transport !== 'webseed').length;
      setText(text, STRINGS.picture(people < peers.length, people));
      frame ??= requestAnimationFrame(paint);
    },
    stop: () => {
      if (frame !== undefined) cancelAnimationFrame(frame);
      frame = undefined;
    },
  };
}

function paletteOf(of: Element) {
  return colours(of, 'ink', 'soft', 'line', 'sheet', 'accent', 'accent-soft', 'on-accent', 'blue');
}

function draw(
  surface: Surface,
  scene: {
    readonly peers: readonly PeerSnapshot[];
    readonly own: number;
    readonly time: number;
    readonly palette: Palette;
  },
): void {
  const { width, height } = surface;
  const you = { x: width / 2, y: height / 2 };
  drawOrbits(surface, you, scene.palette);
  const lines = layOut(scene.peers, { you, palette: scene.palette });
  for (const [index, line] of lines.entries())
    drawLine(surface.context, line, { you, time: scene.time + index * 377 });
  for (const line of lines) drawOther(surface.context, line, scene.palette);
  drawYou(surface.context, you, scene);
}

/** Faint, so that the picture has a middle also while nobody is there. */
function drawOrbits({ context, width }: Surface, you: Point, palette: Palette): void {
  context.lineWidth = 1;
  for (let radius = 62; radius < width / 2; radius += 46) {
    context.globalAlpha = Math.max(0.12, 0.8 - radius / 260);
    ring(context, you, { radius, part: 1, colour: palette.line });
  }
  context.globalAlpha = 1;
}

/** The server left, people on an arc on the right. */
function layOut(
  peers: readonly PeerSnapshot[],
  { you, palette }: { readonly you: Point; readonly palette: Palette },
): Line[] {
  const servers = peers.filter(({ transport }) => transport === 'webseed').slice(0, 3);
  const people = peers.filter(({ transport }) => transport !== 'webseed').slice(0, MAX_PEOPLE);
  const reach = Math.min(you.x - 34, 300);
  const toLine = (peer: PeerSnapshot, at: Point, isServer: boolean): Line => ({
    ...{ at, isServer, colour: isServer ? palette.blue : palette.accent, progress: peer.progress },
    ...{ down: peer.downloadRate, up: peer.uploadRate },
  });
  return [
    ...servers.map((peer, i) => toLine(peer, spread(you, { reach: -reach, i, of: servers.length }), true)),
    ...people.map((peer, i) => toLine(peer, spread(you, { reach, i, of: people.length }), false)),
  ];
}

function spread(
  you: Point,
  { reach, i, of }: { readonly reach: number; readonly i: number; readonly of: number },
): Point {
  const part = of === 1 ? 0 : (i / (of - 1)) * 2 - 1;
  const angle = part * Math.min(1.15, 0.28 * of);
  const depth = of > 6 && i % 2 === 1 ? 0.72 : 1;
  return { x: you.x + reach * depth * Math.cos(angle), y: you.y + (you.y - 20) * Math.sin(angle) };
}

function drawLine(
  context: CanvasRenderingContext2D,
  line: Line,
  { you, time }: { readonly you: Point; readonly time: number },
): void {
  const { at, colour, down, up } = line;
  context.strokeStyle = colour;
  context.globalAlpha = down + up > 0 ? 0.5 : 0.22;
  context.lineWidth = 1 + 2 * Math.min(1, (down + up) / FULL_RATE);
  context.beginPath();
  context.moveTo(you.x, you.y);
  context.lineTo(at.x, at.y);
  context.stroke();
  context.globalAlpha = 1;
  context.fillStyle = colour;
  for (const [rate, from, to] of [[down, at, you] as const, [up, you, at] as const]) {
    if (rate < 512) continue;
    const dots = 1 + Math.round(3 * Math.min(1, rate / FULL_RATE));
    for (let dot = 0; dot < dots; dot++) {
      const part = (time / TRAVEL_MS + dot / dots) % 1;
      disc(context, { x: from.x + (to.x - from.x) * part, y: from.y + (to.y - from.y) * part }, 2.4);
    }
  }
}

function drawOther(context: CanvasRenderingContext2D, line: Line, palette: Palette): void {
  const { at, colour, isServer, progress } = line;
  context.fillStyle = palette.sheet;
  context.strokeStyle = colour;
  context.lineWidth = 2;
  if (isServer) {
    context.beginPath();
    context.roundRect(at.x - 12, at.y - 12, 24, 24, 6);
    context.fill();
    context.stroke();
    context.fillStyle = colour;
    for (const y of [-5, 1]) context.fillRect(at.x - 6, at.y + y, 12, 3);
    label(context, STRINGS.server, { x: at.x, y: at.y + 27, colour: palette.soft });
    return;
  }
  disc(context, at, 10);
  ring(context, at, { radius: 10, part: 1, colour: palette.line });
  ring(context, at, { radius: 10, part: progress, colour });
  context.fillStyle = colour;
  disc(context, at, 3.2);
}

function drawYou(
  context: CanvasRenderingContext2D,
  you: Point,
  { own, palette }: { readonly own: number; readonly palette: Palette },
): void {
  context.fillStyle = palette['accent-soft'];
  disc(context, you, 26);
  ring(context, you, { radius: 26, part: 1, colour: palette.line });
  context.lineWidth = 4;
  ring(context, you, { radius: 26, part: own, colour: palette.accent });
  label(context, STRINGS.you, { x: you.x, y: you.y + 4.5, colour: palette.ink });
}

function disc(context: CanvasRenderingContext2D, { x, y }: Point, radius: number): void {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fill();
}

function ring(
  context: CanvasRenderingContext2D,
  { x, y }: Point,
  { radius, part, colour }: { readonly radius: number; readonly part: number; readonly colour: string },
): void {
  if (part <= 0) return;
  context.strokeStyle = colour;
  context.beginPath();
  context.arc(x, y, radius, -Math.PI / 2, -Math.PI / 2 + 2 * Math.PI * Math.min(1, part));
  context.stroke();
}

function label(
  context: CanvasRenderingContext2D,
  text: string,
  { x, y, colour }: Point & { readonly colour: string },
): void {
  context.fillStyle = colour;
  context.font = '600 12px system-ui, sans-serif';
  context.textAlign = 'center';
  context.fillText(text, x, y);
}
