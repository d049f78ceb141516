// The web view: one page without a name or number in it; its script asks the API. It is served to anybody who reaches
// the port, the API only to whoever has the token.
import type { Hono } from 'hono';
import { loadAssets, respondWithAsset, type Assets } from '../local-http/assets.ts';

const FILES = [
  ...['page/styles.css', 'page/daemon.css', 'page/icon.svg', 'core/format.js'],
  ...['page/daemon.js', 'page/daemon-api.js', 'page/daemon-list.js'],
];

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Swarmpress</title>
<link rel="icon" href="/assets/page/icon.svg">
<link rel="stylesheet" href="/assets/page/styles.css">
<link rel="stylesheet" href="/assets/page/daemon.css">
<script type="module" src="/assets/page/daemon.js"></script>
</head>
<body>
<a class="skip" href="#torrents">To the list</a>
<header>
<h1>Swarmpress</h1>
<p id="rates" aria-live="off"></p>
</header>
<main>
<p id="message" role="status" aria-live="polite"></p>
<noscript><p>This view needs JavaScript; the API does not.</p></noscript>
<form id="login" hidden>
<label for="token">Token, as the daemon printed it at its start</label>
<div class="row"><input id="token" type="password" autocomplete="current-password" required><button>Open</button></div>
</form>
<section id="app" hidden>
<form id="add" aria-label="Add a torrent">
<label for="source">Magnet link, or address of a .torrent or of a publication</label>
<div class="row">
<input id="source" type="text" placeholder="magnet:?xt=…" autocomplete="off" spellcheck="false">
<button>Add</button>
<label class="button" for="file">.torrent file…</label><input id="file" type="file" accept=".torrent" multiple>
</div>
</form>
<form id="limits" aria-label="Limits of all torrents">
<label>Down <input id="down" type="text" inputmode="decimal" size="7" placeholder="∞"> MiB/s</label>
<label>Up <input id="up" type="text" inputmode="decimal" size="7" placeholder="∞"> MiB/s</label>
<label>Downloads at once <input id="max-downloads" type="number" min="0" max="1000"></label>
<button>Set</button>
</form>
<ol id="torrents" aria-label="Torrents"></ol>
<p id="empty" hidden>Nothing here yet. Paste a magnet link above, or drop a .torrent file anywhere on this page.</p>
</section>
</main>
</body>
</html>
`;

export function loadViewAssets(): Promise<Assets> {
  return loadAssets(Object.fromEntries(FILES.map((path) => [path, path])));
}

export function addView(app: Hono, assets: Assets): void {
  app.get('/', (context) => {
    context.header('cache-control', 'no-cache');
    return context.html(PAGE);
  });
  app.get('/assets/*', (context) => {
    const path = context.req.path.slice('/assets/'.length);
    return respondWithAsset(assets, path, context.req.raw) ?? context.notFound();
  });
}
