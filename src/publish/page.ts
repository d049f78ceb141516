// The publication page as HTML from a PageModel. Works without script; live.js only refreshes the numbers.
// Law: every value goes through hono's `html`, which escapes; names are shown with control characters replaced.
import { html } from 'hono/html';
import { formatBytes, formatCount, formatDuration, printable } from '../core/format.ts';
import type { PageFile, PageModel } from './page-model.ts';
import type { PublicationStatus } from './status.ts';

type Html = ReturnType<typeof html>;

/** The whole document. */
export function renderPage(model: PageModel): Html {
  const name = printable(model.name);
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="description" content="${summary(model)}" />
        <title>${name}</title>
        <link rel="stylesheet" href="./assets/page/styles.css" />
        <link rel="icon" href="./assets/page/icon.svg" type="image/svg+xml" />
        <link
          rel="alternate"
          type="application/x-bittorrent"
          href="${model.torrentHref}"
          title="${name} (torrent)"
        />
        <script type="module" src="./assets/page/live.js"></script>
      </head>
      <body>
        <a class="skip" href="#files">Skip to the files</a>
        <header class="masthead">
          ${renderExtras(model)}
          <p class="kicker">Published with BitTorrent${model.isPrivate ? ', private' : ''}</p>
          <h1><bdi>${name}</bdi></h1>
          <p class="summary">${summary(model)}</p>
          ${model.comment === undefined ? '' : html`<p class="comment">${printable(model.comment)}</p>`}
        </header>
        <main>
          ${renderActions(model)} ${renderLive(model.status)} ${renderFiles(model)} ${renderGuide(model)}
          ${renderIdentity(model)}
        </main>
        <footer>
          <p>
            Served by <strong>Swarmpress</strong>. This page loads nothing from anyone else and sets no
            cookies.
          </p>
        </footer>
      </body>
    </html>`;
}

function renderExtras({ extras: { back, notice } }: PageModel): Html {
  return html`${
    back === undefined
      ? ''
      : html`<nav class="back" aria-label="Catalogue">
          <a href="${back.href}">${printable(back.text)}</a>
        </nav>`
  }${
    notice === undefined
      ? ''
      : html`<p class="notice">${notice.text} <a href="${notice.href}">${notice.link}</a></p>`
  }`;
}

function summary(model: PageModel): string {
  const date =
    model.createdSeconds === undefined
      ? ''
      : `, created ${new Date(model.createdSeconds * 1000).toISOString().slice(0, 10)}`;
  return `${formatBytes(model.length)} in ${formatCount(model.fileCount, 'file')}${date}`;
}

function renderActions(model: PageModel): Html {
  const only = model.isSingleFile ? model.files[0] : undefined;
  return html`<section class="actions" aria-label="Download">
    <a class="button primary" href="${model.magnet}">
      <span>Open in a torrent app</span><small>magnet link</small>
    </a>
    <a class="button" href="${model.torrentHref}">
      <span>Save the .torrent</span><small>for any BitTorrent client</small>
    </a>
    ${
      only?.href === undefined
        ? ''
        : html`<a class="button" href="${only.href}">
            <span>Download directly</span><small>HTTP, ${formatBytes(only.length)}</small>
          </a>`
    }
  </section>`;
}

function renderLive(status: PublicationStatus): Html {
  return html`<section class="live" id="live" aria-labelledby="live-title">
    <h2 id="live-title">Right now</h2>
    <dl class="numbers">
      ${renderNumber('Complete copies online', 'seeders', String(status.seeders))}
      ${renderNumber('Downloading', 'leechers', String(status.leechers))}
      ${renderNumber('Sending', 'uploadRate', `${formatBytes(status.uploadRate)}/s`)}
      ${renderNumber('Copies sent', 'copies', status.copies.toFixed(2))}
      ${renderNumber('Finished downloads', 'completed', String(status.completed))}
    </dl>
    <svg class="history" id="history" viewBox="0 0 120 24" preserveAspectRatio="none" aria-hidden="true">
      <polyline points="" />
    </svg>
    <p class="state">
      Online for <span data-live="uptimeSeconds">${formatDuration(status.uptimeSeconds)}</span>.
      <span id="live-state"></span>
      <noscript>Reload the page for new numbers.</noscript>
    </p>
  </section>`;
}

function renderNumber(label: string, field: keyof PublicationStatus, value: string): Html {
  return html`<div>
    <dt>${label}</dt>
    <dd data-live="${field}">${value}</dd>
  </div>`;
}

function renderFiles(model: PageModel): Html {
  return html`<section class="files" id="files" aria-labelledby="files-title">
    <h2 id="files-title">${model.fileCount === 1 ? 'The file' : formatCount(model.fileCount, 'file')}</h2>
    <div class="scroll" tabindex="0" role="region" aria-label="File list">
      <table>
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col" class="size">Size</th>
            <th scope="col">SHA-256</th>
          </tr>
        </thead>
        <tbody>
          ${model.files.map(renderFile)}
        </tbody>
      </table>
    </div>
    ${renderListPages(model)}
    <p class="note">
      <a href="./SHA256SUMS">SHA256SUMS</a> holds every checksum in the form that
      <code>sha256sum --check</code> reads.
    </p>
  </section>`;
}

function renderFile(file: PageFile): Html {
  const name = html`<bdi>${printable(file.path)}</bdi>`;
  return html`<tr>
    <th scope="row">${file.href === undefined ? name : html`<a href="${file.href}">${name}</a>`}</th>
    <td class="size">${formatBytes(file.length)}</td>
    <td>${file.sha256 === undefined ? html`<i>not computed yet</i>` : html`<code>${file.sha256}</code>`}</td>
  </tr>`;
}

function renderListPages(model: PageModel): Html | '' {
  if (model.listPages === 1) return '';
  const { listPage, listPages } = model;
  const link = (page: number, text: string): Html | '' =>
    page < 1 || page > listPages ? '' : html`<a href="./?list=${String(page)}#files">${text}</a>`;
  return html`<nav class="pages" aria-label="Pages of the file list">
    ${link(listPage - 1, 'Previous')}
    <span>Page ${String(listPage)} of ${String(listPages)}</span>
    ${link(listPage + 1, 'Next')}
  </nav>`;
}

function renderGuide(model: PageModel): Html {
  const name = shellQuote(model.name);
  return html`<section class="guide" aria-labelledby="guide-title">
    <h2 id="guide-title">Download and verify</h2>
    <ol>
      <li>
        <p>
          Any BitTorrent client takes the magnet link or the .torrent above and checks each piece as it
          arrives. From a terminal:
        </p>
        <pre tabindex="0"><code>npx swarmpress get ${model.pageUrl}</code></pre>
      </li>
      <li>
        <p>Files that came another way can be checked against the .torrent:</p>
        <pre
          tabindex="0"
        ><code>npx swarmpress verify ${shellQuote(`${model.name}.torrent`)} ${name}</code></pre>
      </li>
      <li>
        <p>Or against the checksums, with nothing but standard tools:</p>
        <pre
          tabindex="0"
        ><code>${model.isSingleFile ? '' : `cd ${name} && `}curl -s ${model.pageUrl}SHA256SUMS | sha256sum --check</code></pre>
      </li>
    </ol>
  </section>`;
}

function renderIdentity(model: PageModel): Html {
  const { infoHash, infoHashV2 } = model.status;
  return html`<section class="identity" aria-labelledby="identity-title">
    <h2 id="identity-title">Identity</h2>
    <div class="columns">
      <dl>
        ${infoHashV2 === undefined ? '' : renderHash('Info hash v2', infoHashV2)}
        ${infoHash === undefined ? '' : renderHash('Info hash v1', infoHash)}
        ${model.extras.key === undefined ? '' : renderHash('Signed with the key', model.extras.key)}
        ${renderVersions(model)}
        <dt>Trackers</dt>
        ${model.trackers.map((tracker) => html`<dd><code>${tracker}</code></dd>`)}
        <dt>Magnet link</dt>
        <dd><code class="magnet">${model.magnet}</code></dd>
      </dl>
      <figure>
        <img src="./qr.svg" width="200" height="200" alt="QR code of this page’s address" />
        <figcaption>This page, for a phone</figcaption>
      </figure>
    </div>
  </section>`;
}

function renderVersions({ extras: { versions = [] } }: PageModel): Html | '' {
  if (versions.length < 2) return '';
  return html`<dt>Versions</dt>
    ${versions.map(
      ({ text, href }) => html`<dd>${href === undefined ? text : html`<a href="${href}">${text}</a>`}</dd>`,
    )}`;
}

function renderHash(label: string, hash: string): Html {
  return html`<dt>${label}</dt>
    <dd><code>${hash}</code></dd>`;
}

/** A name as one word of a POSIX shell, for commands that people copy. */
function shellQuote(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${printable(text).replaceAll("'", String.raw`'\''`)}'`;
}
