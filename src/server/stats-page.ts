// The /stats page: numbers that update themselves and charts of the last minutes. Complete in itself: no other host is
// asked for anything, and without scripts it says where the numbers are.

export const STATS_HTML = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Tracker statistics</title>
<link rel="stylesheet" href="stats.css">
<body data-state="busy">
<header>
<h1>Tracker</h1>
<p id="state" role="status">Loading the numbers</p>
<dl><div><dt>Up for</dt><dd id="uptime">–</dd></div><div><dt>Memory for swarms</dt><dd id="memory">–</dd></div></dl>
</header>
<noscript>The numbers are at <a href="stats.json">stats.json</a> and <a href="metrics">metrics</a>.</noscript>
<main>
<section class="charts" aria-label="Load">
<figure id="announces"><figcaption>Announces a second</figcaption><output></output><div class="plot"></div><p class="axis"><span>5 min ago</span><span>now</span></p></figure>
<figure id="peers"><figcaption>Peers</figcaption><output></output><div class="plot"></div><p class="axis"><span>5 min ago</span><span>now</span></p></figure>
</section>
<section id="cards" aria-label="Numbers"></section>
<section class="bars" aria-label="Shares">
<figure id="kinds"><figcaption>Who the peers are</figcaption></figure>
<figure id="networks"><figcaption>How they are reached</figcaption></figure>
<figure id="answers"><figcaption>Requests since the start</figcaption></figure>
</section>
</main>
<footer><a href="stats.json">JSON</a> <a href="metrics">Prometheus</a> <a href="health">Health</a></footer>
<script type="module" src="stats.js"></script>
</html>
`;

export const STATS_STYLE = `:root {
  color-scheme: light dark;
  --ground: #f4f5f7; --card: #fff; --edge: #e2e5ea; --ink: #1b2330; --dim: #667085;
  --one: #0f8a6d; --two: #3b73d9; --three: #d98a1f; --good: #1a9b5f; --busy: #d98a1f; --bad: #d23f3f;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #11151b; --card: #1a2029; --edge: #2a323e; --ink: #e8ecf2; --dim: #93a0b4;
    --one: #2fc79d; --two: #6ea0ff; --three: #f0ad4e; --good: #3ecf8e; --busy: #f0ad4e; --bad: #ff6b6b;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 16px/1.4 system-ui, sans-serif; }
header, main, footer, noscript { display: block; max-width: 70rem; margin: 0 auto; padding: 0 1rem; }
header { display: flex; flex-wrap: wrap; align-items: center; gap: .25rem 1rem; padding-top: 1.5rem; padding-bottom: 1rem; }
h1 { font-size: 1.5rem; margin: 0; letter-spacing: -.01em; }
#state { display: flex; align-items: center; gap: .5rem; margin: 0; padding: .2rem .7rem; border: 1px solid var(--edge); border-radius: 2rem; background: var(--card); font-size: .875rem; }
#state::before { content: ''; width: .6rem; height: .6rem; border-radius: 50%; background: var(--busy); }
[data-state=good] #state::before { background: var(--good); }
[data-state=bad] #state::before { background: var(--bad); }
dl { display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; margin: 0 0 0 auto; font-size: .875rem; }
dl div { display: flex; gap: .4rem; }
dt { color: var(--dim); }
dd { margin: 0; font-variant-numeric: tabular-nums; }
section { display: grid; gap: .75rem; margin-bottom: .75rem; }
.charts { grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr)); }
#cards { grid-template-columns: repeat(auto-fit, minmax(10rem, 1fr)); }
.bars { grid-template-columns: repeat(auto-fit, minmax(min(100%, 17rem), 1fr)); }
figure { margin: 0; padding: .9rem 1rem; border: 1px solid var(--edge); border-radius: .75rem; background: var(--card); overflow: hidden; }
figcaption { color: var(--dim); font-size: .85rem; }
output { display: block; min-height: 1.4em; font-size: 1.35rem; font-weight: 600; font-variant-numeric: tabular-nums; letter-spacing: -.01em; }
.charts output { font-size: 2.2rem; line-height: 1.2; }
svg { display: block; width: 100%; }
.plot { position: relative; margin-top: .5rem; border-top: 1px dashed var(--edge); border-bottom: 1px solid var(--edge); }
.plot svg { height: 9rem; }
.plot .top { position: absolute; top: .15rem; right: 0; color: var(--dim); font-size: .75rem; }
.axis { display: flex; justify-content: space-between; margin: .3rem 0 0; color: var(--dim); font-size: .75rem; }
.card svg { height: 2.2rem; width: calc(100% + 2rem); margin: .4rem -1rem -.9rem; }
.line { fill: none; stroke: var(--one); stroke-width: 2; stroke-linejoin: round; vector-effect: non-scaling-stroke; }
.card .line { stroke-width: 1.5; }
.area { fill: var(--one); opacity: .14; }
#peers .line { stroke: var(--two); }
#peers .area { fill: var(--two); }
.bar { display: flex; gap: 2px; height: .8rem; margin: .7rem 0; border-radius: .4rem; overflow: hidden; background: var(--edge); }
.bar i { flex: 0 1 0; transition: flex-grow .4s; }
.part0 { background: var(--one); }
.part1 { background: var(--two); }
.part2 { background: var(--three); }
.legend { margin: 0; padding: 0; list-style: none; font-size: .875rem; }
.legend li { display: flex; align-items: center; gap: .5rem; padding: .1rem 0; }
.legend i { width: .7rem; height: .7rem; border-radius: .2rem; }
.legend b { margin-left: auto; font-weight: 600; font-variant-numeric: tabular-nums; }
.legend small { min-width: 3rem; color: var(--dim); text-align: right; font-variant-numeric: tabular-nums; }
footer { display: flex; gap: 1.25rem; padding-top: .5rem; padding-bottom: 2rem; font-size: .875rem; }
a { color: var(--two); }
@media (max-width: 30rem) {
  dl { margin-left: 0; }
  #cards { grid-template-columns: 1fr 1fr; }
}
@media (prefers-reduced-motion: reduce) { .bar i { transition: none; } }
`;
