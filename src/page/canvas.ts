// A canvas that is sharp on its screen and takes its colours from the element's style, by day and by night.

export interface Surface {
  readonly context: CanvasRenderingContext2D;
  /** In CSS pixels. */
  readonly width: number;
  readonly height: number;
}

/** Ready to draw in CSS pixels, cleared; undefined while it has no size. */
export function surfaceOf(canvas: HTMLCanvasElement): Surface | undefined {
  const { clientWidth: width, clientHeight: height } = canvas;
  const context = canvas.getContext('2d');
  if (width === 0 || height === 0 || context === null) return undefined;
  const scale = Math.min(3, devicePixelRatio);
  const [across, down] = [Math.round(width * scale), Math.round(height * scale)];
  if (canvas.width !== across || canvas.height !== down) {
    canvas.width = across;
    canvas.height = down;
  }
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, width, height);
  return { context, width, height };
}

/** The value of a custom property, as the style has it now. */
export function colours<T extends string>(of: Element, ...names: readonly T[]): Record<T, string> {
  const style = getComputedStyle(of);
  const found = names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]);
  return Object.fromEntries(found) as Record<T, string>;
}
