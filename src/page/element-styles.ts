// The style of the download element: in its shadow, so that no page around it can break it, nor it the page. Pages may
// set --swarmpress-accent, -on-accent, -sheet, -ink, -soft and -line.

const DAY = `
  --sheet: var(--swarmpress-sheet, #ffffff); --sunk: #f3f1eb; --ink: var(--swarmpress-ink, #1b1a17);
  --soft: var(--swarmpress-soft, #5b5850); --line: var(--swarmpress-line, #e1ddd3);
  --accent: var(--swarmpress-accent, #0a6b4a); --on-accent: var(--swarmpress-on-accent, #ffffff);
  --accent-soft: #dcefe5; --warm: #9a4a0c; --warm-soft: #fcf1e3; --blue: #2f5fa8;`;

const NIGHT = `
  --sheet: var(--swarmpress-sheet, #1b1d19); --sunk: #131511; --ink: var(--swarmpress-ink, #eeede7);
  --soft: var(--swarmpress-soft, #a9a79c); --line: var(--swarmpress-line, #34372f);
  --accent: var(--swarmpress-accent, #6fdcae); --on-accent: var(--swarmpress-on-accent, #052419);
  --accent-soft: #1d3a2d; --warm: #f0b072; --warm-soft: #33261a; --blue: #8db4f2;`;

const STYLES = `
:host { display: block; container-type: inline-size; color-scheme: light dark;
  font: 100%/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif; ${DAY} }
@media (prefers-color-scheme: dark) { :host { ${NIGHT} } }
:host([hidden]), [hidden] { display: none !important; }
* { box-sizing: border-box; }
p, h3, dl, dd, ul { margin: 0; }

.card { display: grid; gap: 1.25rem; padding: clamp(1.1rem, 4cqi, 2rem); border: 1px solid var(--line);
  border-radius: 1.1rem; background: var(--sheet); color: var(--ink);
  box-shadow: 0 1px 2px rgb(40 34 20 / 5%), 0 10px 30px rgb(40 34 20 / 5%); }
.card > * { min-width: 0; }
h3 { font-size: 1.2rem; line-height: 1.25; letter-spacing: -0.01em; overflow-wrap: anywhere; }
.said { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.fine, .lead { color: var(--soft); font-size: 0.9rem; }

:is(button, a, input, summary):focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 6px; }
button, a.quiet { font: inherit; cursor: pointer; }

.fresh { display: grid; justify-items: center; gap: 0.9rem; padding-block: clamp(0.5rem, 3cqi, 1.5rem); text-align: center; }
.start { display: grid; min-width: min(100%, 20rem); padding: 1rem 2.4rem; border: 0; border-radius: 1rem;
  background: var(--accent); color: var(--on-accent); font-size: 1.3rem; font-weight: 680; letter-spacing: -0.01em;
  transition: transform 0.15s, filter 0.15s; }
.start small { font-size: 0.85rem; font-weight: 450; letter-spacing: 0; min-height: 1.5em; }
.start:hover { filter: brightness(1.07); }
.start:active { transform: scale(0.985); }
.start:disabled { background: var(--line); color: var(--soft); cursor: not-allowed; }
.lead { max-width: 34rem; font-size: 1rem; text-wrap: balance; }

.running { display: grid; gap: 1.1rem; }
.headline { display: flex; align-items: baseline; justify-content: space-between; gap: 1rem; }
.state { font-size: clamp(1.15rem, 3.4cqi, 1.5rem); font-weight: 680; letter-spacing: -0.015em; line-height: 1.2; }
.percent { font-size: clamp(1.5rem, 5cqi, 2.4rem); font-weight: 680; font-variant-numeric: tabular-nums;
  letter-spacing: -0.03em; line-height: 1; white-space: nowrap; }

.progress { display: grid; gap: 0.5rem; margin-top: -0.35rem; }
.progress p { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 1rem; min-height: 1.4em;
  font-variant-numeric: tabular-nums; }
.bar { display: flex; height: 0.8rem; overflow: hidden; border-radius: 0.5rem; background: var(--line); }
.bar i { display: block; transition: width 0.3s linear; }
.bar .server { background: var(--blue); }
.bar .people { background: var(--accent); }
[data-state='done'] .bar i { background: var(--accent); }

.row { display: flex; flex-wrap: wrap; gap: 0.5rem; align-items: center; }
.row:not(:has(> :not([hidden]))) { display: none; }
.row button, .quiet { padding: 0.45rem 1rem; border: 1px solid var(--line); border-radius: 0.65rem; background: var(--sheet);
  color: var(--ink); font-size: 0.95rem; font-weight: 560; text-decoration: none; }
.row button:hover, .quiet:hover { border-color: var(--accent); color: var(--accent); }
.row button.primary { border-color: var(--accent); background: var(--accent); color: var(--on-accent); }
.row button.plain { border-color: transparent; background: none; color: var(--soft); font-weight: 450; text-decoration: underline;
  text-underline-offset: 0.2em; text-decoration-color: var(--line); }

.work { display: grid; gap: 1.25rem; align-items: center; padding-top: 1.1rem; border-top: 1px solid var(--line); }
.swarm { text-align: center; }
.swarm canvas { display: block; width: 100%; height: 11.5rem; }
.pieces canvas { display: block; width: 100%; height: 11px; margin-bottom: 0.4rem; }
.numbers { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 0.9rem 1.25rem; }
.numbers > div { display: grid; align-content: start; }
.numbers dt { color: var(--soft); font-size: 0.86rem; }
.numbers dt.server::before, .numbers dt.people::before { content: ''; display: inline-block; width: 0.6rem; height: 0.6rem;
  margin-inline-end: 0.45rem; border-radius: 0.2rem; background: var(--blue); }
.numbers dt.people::before { background: var(--accent); }
.numbers dd { font-size: 1.2rem; font-weight: 640; font-variant-numeric: tabular-nums; letter-spacing: -0.015em; }
.numbers small { display: block; min-height: 1.4em; color: var(--soft); font-size: 0.82rem; font-weight: 450; line-height: 1.4;
  letter-spacing: 0; white-space: nowrap; }

.trouble { display: grid; gap: 0.35rem; padding: 1rem 1.2rem; border-inline-start: 4px solid var(--warm); border-radius: 0.7rem;
  background: var(--warm-soft); }
.trouble strong { color: var(--warm); font-size: 1.05rem; }
.trouble .row { margin-top: 0.5rem; }

details { border-top: 1px solid var(--line); padding-top: 1rem; }
summary { width: fit-content; color: var(--soft); font-size: 0.95rem; font-weight: 560; cursor: pointer; }
summary:hover { color: var(--accent); }
.files ul { display: grid; margin-top: 0.6rem; padding: 0; list-style: none; max-height: 26rem; overflow-y: auto; }
.files li { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: 0.35rem 0.9rem; align-items: center;
  padding: 0.5rem 0.25rem; border-top: 1px solid var(--line); font-size: 0.95rem; }
.files li:first-child { border-top: 0; }
.files label { display: flex; gap: 0.65rem; align-items: baseline; min-width: 0; overflow-wrap: anywhere; }
.files input { width: 1.05rem; height: 1.05rem; flex: none; accent-color: var(--accent); }
.files .size { color: var(--soft); font-size: 0.88rem; white-space: nowrap; font-variant-numeric: tabular-nums; }
.files progress { appearance: none; width: 100%; height: 0.35rem; overflow: hidden; border: 0; border-radius: 0.25rem;
  background: var(--line); }
.files progress::-webkit-progress-bar { background: var(--line); }
.files progress::-webkit-progress-value { background: var(--accent); }
.files progress::-moz-progress-bar { background: var(--accent); }
.files .quiet { padding: 0.15rem 0.7rem; font-size: 0.86rem; }
@container (min-width: 40rem) {
  .files li { grid-template-columns: minmax(0, 1fr) auto 7rem auto auto; }
  .work { grid-template-columns: minmax(0, 1.25fr) minmax(0, 1fr); }
}

.preview { display: grid; gap: 0.6rem; justify-items: start; }
.preview :is(img, video) { width: 100%; max-height: 30rem; object-fit: contain; border-radius: 0.7rem; background: var(--sunk); }
.preview audio { width: 100%; }

.share-body { display: flex; flex-wrap: wrap; gap: 1.25rem; margin-top: 0.9rem; }
.share-links { flex: 1 1 18rem; display: grid; gap: 0.8rem; align-content: start; min-width: 0; }
.share svg { width: 9.5rem; height: 9.5rem; flex: none; margin-inline: auto; border-radius: 0.6rem; background: #fff; color: #111; fill: #111; }
.copy { display: flex; gap: 0.5rem; align-items: end; }
.copy label { flex: 1; min-width: 0; color: var(--soft); font-size: 0.86rem; }
.copy input { display: block; width: 100%; margin-top: 0.2rem; padding: 0.45rem 0.7rem; border: 1px solid var(--line);
  border-radius: 0.6rem; background: var(--sunk); color: var(--ink);
  font: 0.84rem/1.4 ui-monospace, 'Cascadia Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace; }

@media (prefers-reduced-motion: reduce) { * { transition: none !important; animation: none !important; } }
`;

export function elementStyles(): string {
  return STYLES;
}
