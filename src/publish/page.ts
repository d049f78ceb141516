// The publication page as HTML from a PageModel. Works without script; with it, the download runs in the page and
// the numbers live. Law: names of strangers are shown through `printable`, as text.
import { html } from 'hono/html';
import { formatBytes, formatCount, formatDuration, printable } from '../core/format.ts';
import { renderDocument, renderNumbers, renderSection, type Html } from './layout.ts';
import type { PageFile, PageModel } from './page-model.ts';
import type { PublicationStatus } from './status.ts';

/** The whole document. */
export function renderPage(model: PageModel): Html {
  const name = printable(model.name);
  return renderDocument({
    title: name,
    description: summary(model),
    root: './',
    before: renderExtras(model),
    kicker: `Published with BitTorrent${model.isPrivate ? ', private' : ''}`,
    heading: name,
    intro: html`<p class="summary">${summary(model)}</p>
      ${model.comment === undefined ? '' : html`<p class="comment">${printable(model.comment)}</p>`}`,
    skip: { id: 'download', text: 'Skip to the download' },
    head: html`<link
      rel="alternate"
      type="application/x-bittorrent"
      href="${model.torrentHref}"
      title="${name} (torrent)"
    />`,
    scripts: ['main.js'],
    main: html`${renderDownload(model)} ${renderLive(model.status)} ${renderFiles(model)}
    ${renderGuide(model)} ${renderIdentity(model)}`,
  });
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

/** The element is filled by main.js; without it, the ways below are the page's download. */
function renderDownload(model: PageModel): Html {
  return html`<section class="download" id="download" aria-label="Download" tabindex="-1">
    <swarmpress-download
      src="${model.torrentHref}"
      page="${model.pageUrl}"
      magnet="${model.magnet}"
      worker="./stream-worker.js"
      embed="./assets/page/embed.js"
      untitled
      ${model.directHref === undefined ? '' : html`direct="${model.directHref}"`}
    ></swarmpress-download>
    ${renderWays(model)}
  </section>`;
}

function renderWays(model: PageModel): Html {
  return html`<div class="ways">
    <a class="button primary" href="${model.magnet}">
      <span>Open in a torrent app</span><small>magnet link</small>
    </a>
    <a class="button" href="${model.torrentHref}">
      <span>Save the .torrent</span><small>for any BitTorrent client</small>
    </a>
    ${
      model.directHref === undefined
        ? ''
        : html`<a class="button" href="${model.directHref}">
            <span>Download directly</span><small>HTTP, ${formatBytes(model.length)}</small>
          </a>`
    }
  </div>`;
}

function renderLive(status: PublicationStatus): Html {
  const numbers = renderNumbers([
    { label: 'Complete copies online', live: 'seeders', value: String(status.seeders) },
    { label: 'Downloading', live: 'leechers', value: String(status.leechers) },
    { label: 'Sending', live: 'uploadRate', value: `${formatBytes(status.uploadRate)}/s` },
    { label: 'Copies sent', live: 'copies', value: status.copies.toFixed(2) },
    { label: 'Finished downloads', live: 'completed', value: String(status.completed) },
  ]);
  return renderSection(
    'live',
    'Right now',
    html`${numbers}
      <svg class="history" id="history" viewBox="0 0 120 24" preserveAspectRatio="none" aria-hidden="true">
        <polyline points="" />
      </svg>
      <p class="note">
        Online for <span data-live="uptimeSeconds">${formatDuration(status.uptimeSeconds)}</span>.
        <span id="live-state"></span>
        <noscript>Reload the page for new numbers.</noscript>
      </p>`,
  );
}

function renderFiles(model: PageModel): Html {
  return renderSection(
    'files',
    model.fileCount === 1
      ? 'The file and its checksum'
      : `${formatCount(model.fileCount, 'file')} and checksums`,
    html`<div class="scroll" tabindex="0" role="region" aria-label="File list">
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
      </p>`,
  );
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
  const torrent = shellQuote(`${model.name}.torrent`);
  const folder = model.isSingleFile ? '' : `cd ${name} && `;
  const command = (text: string): Html => html`<pre tabindex="0"><code>${text}</code></pre>`;
  return renderSection(
    'guide',
    'From a terminal, and how to verify',
    html`<ol>
      <li>
        <p>Any BitTorrent client takes the magnet link or the .torrent, and checks each piece as it comes:</p>
        ${command(`npx swarmpress get ${model.pageUrl}`)}
      </li>
      <li>
        <p>Files that came another way can be checked against the .torrent:</p>
        ${command(`npx swarmpress verify ${torrent} ${name}`)}
      </li>
      <li>
        <p>Or against the checksums, with nothing but standard tools:</p>
        ${command(`${folder}curl -s ${model.pageUrl}SHA256SUMS | sha256sum --check`)}
      </li>
    </ol>`,
  );
}

function renderIdentity(model: PageModel): Html {
  const { infoHash, infoHashV2 } = model.status;
  return renderSection(
    'identity',
    'Identity',
    html`<div class="columns">
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
        <img src="./qr.svg" width="180" height="180" alt="QR code of this page’s address" />
        <figcaption>This page, for a phone</figcaption>
      </figure>
    </div>`,
  );
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
