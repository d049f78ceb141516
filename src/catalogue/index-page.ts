// The catalogue's pages as HTML: the list with its search, and the word that is left of what was taken down.
// Law: as on every page, each value goes through hono's `html`; names are shown with control characters replaced.
import { html } from 'hono/html';
import { formatBytes, formatCount, printable } from '../core/format.ts';
import { FOOT, renderDocument, renderSection, type Html, type PageFrame } from '../publish/layout.ts';
import type { EndReason } from './catalogue-options.ts';
import type { Entry, EntryPage } from './entries.ts';

export interface IndexModel {
  readonly title: string;
  readonly comment: string | undefined;
  readonly search: string;
  readonly list: EntryPage;
  /** Of the publisher's key. */
  readonly fingerprint: string;
}

export function renderIndex(model: IndexModel): Html {
  const { title, comment, list, search } = model;
  return frame({
    title,
    root: './',
    kicker: 'Published with BitTorrent',
    heading: title,
    summary: comment === undefined ? 'Files to download, and to pass on.' : printable(comment),
    main: html`<search>
        <form class="search" action="./" method="get" role="search">
          <label for="q">Search the catalogue</label>
          <input class="field" id="q" name="q" type="search" value="${search}" autocomplete="off" />
          <button class="button primary" type="submit">Search</button>
        </form>
      </search>
      <p class="found" role="status">${describeFound(list, search)}</p>
      ${
        list.items.length === 0
          ? ''
          : html`<ul class="cards">
              ${list.items.map(renderCard)}
            </ul>`
      }
      ${renderPages(list, search)}`,
    foot: html`<p>
        Follow: <a href="./feed.rss">RSS</a>, <a href="./feed.atom">Atom</a>. For programs:
        <a href="./api/v1/items">items</a>, <a href="./api/v1/openapi.json">OpenAPI</a>.
      </p>
      <p>Everything here is signed with the key <code>${model.fingerprint}</code>.</p>`,
  });
}

function describeFound(list: EntryPage, search: string): string {
  if (search !== '') {
    return list.total === 0
      ? `Nothing matches “${printable(search)}”.`
      : `${formatCount(list.total, 'item')} found`;
  }
  return list.total === 0 ? 'Nothing is published yet.' : formatCount(list.total, 'item');
}

function renderCard(entry: Entry): Html {
  const here = `./items/${entry.slug}`;
  const size = `${formatBytes(entry.length)} in ${formatCount(entry.files, 'file')}`;
  return html`<li>
    <h2>
      <a href="${here}/"><bdi>${printable(entry.title)}</bdi></a>
    </h2>
    ${entry.comment === undefined ? '' : html`<p class="card-text">${printable(entry.comment)}</p>`}
    <p class="facts">
      <span>${size}</span>
      <span><time datetime="${entry.published}">${entry.published.slice(0, 10)}</time></span>
      ${entry.version > 1 ? html`<span>version ${String(entry.version)}</span>` : ''}
      <span
        >${formatCount(entry.seeders, 'seeder')}${entry.leechers > 0 ? `, ${String(entry.leechers)} downloading` : ''}</span
      >
    </p>
    <p class="links">
      <a href="${entry.magnet}" aria-label="Magnet link of ${printable(entry.title)}">magnet</a>
      <a href="${here}.torrent" aria-label="Torrent file of ${printable(entry.title)}">.torrent</a>
      <a href="${here}.sha256" aria-label="Checksums of ${printable(entry.title)}">checksums</a>
    </p>
  </li>`;
}

function renderPages({ page, pages }: EntryPage, search: string): Html | '' {
  if (pages === 1) return '';
  const query = search === '' ? '' : `q=${encodeURIComponent(search)}&`;
  const link = (to: number, text: string): Html | '' =>
    to < 1 || to > pages ? '' : html`<a href="./?${query}page=${String(to)}">${text}</a>`;
  return html`<nav class="pages" aria-label="Pages of the catalogue">
    ${link(page - 1, 'Previous')}<span>Page ${String(page)} of ${String(pages)}</span
    >${link(page + 1, 'Next')}
  </nav>`;
}

const REASONS: Readonly<Record<EndReason | 'dormant' | 'preparing', string>> = {
  down: 'This was taken down by its publisher.',
  expired: 'This was published for a limited time, which is over.',
  exhausted: 'This was published for a limited number of downloads, which have been made.',
  gone: 'The publisher does not have this any more.',
  dormant: 'This is not being published at the moment.',
  preparing: 'This is being prepared. Reload the page in a moment.',
};

/** What is shown in place of an item. `word` is the publisher's. */
export function renderAbsent(model: {
  readonly title: string;
  readonly root: string;
  readonly reason: keyof typeof REASONS;
  readonly word: string | undefined;
}): Html {
  const { title, root, reason, word } = model;
  return frame({
    ...{ title: 'Not here', root },
    before: back(root, title),
    kicker: reason === 'preparing' ? 'Please wait' : 'Not published',
    heading: reason === 'preparing' ? 'In a moment' : 'Not here any more',
    summary: REASONS[reason],
    main:
      word === undefined || word === ''
        ? html`<p><a class="button" href="${root}">Everything that is published</a></p>`
        : html`<p class="notice"><bdi>${printable(word)}</bdi></p>
            <p><a class="button" href="${root}">Everything that is published</a></p>`,
  });
}

/** An earlier version whose files are not served any more. */
export function renderEarlier(model: {
  readonly title: string;
  readonly root: string;
  readonly newest: string;
  readonly name: string;
  readonly version: number;
  readonly length: number;
  readonly torrent: string;
  readonly hashes: readonly string[];
}): Html {
  return frame({
    ...{ title: model.name, root: model.root },
    before: html`${back(model.root, model.title)}
      <p class="notice">
        There is a newer version of this. <a href="${model.newest}">Show the newest one</a>
      </p>`,
    kicker: `Version ${String(model.version)}`,
    heading: model.name,
    summary: `${formatBytes(model.length)}. The publisher does not have this version any more; peers that have it can still share it.`,
    main: html`<p><a class="button" href="${model.torrent}">Save the .torrent of this version</a></p>
      ${renderSection(
        'identity',
        'Info hashes',
        html`${model.hashes.map((hash) => html`<p class="hash"><code>${hash}</code></p>`)}`,
      )}`,
  });
}

interface CatalogueFrame extends Pick<PageFrame, 'root' | 'before' | 'kicker' | 'main' | 'foot'> {
  /** Texts of unknown origin. */
  readonly title: string;
  readonly heading: string;
  readonly summary: string;
}

/** The frame of all pages, with feeds in its head. */
function frame({ title, heading, summary, main, foot, ...rest }: CatalogueFrame): Html {
  const { root } = rest;
  const name = printable(title);
  return renderDocument({
    ...rest,
    title: name,
    description: summary,
    heading: printable(heading),
    intro: html`<p class="summary">${summary}</p>`,
    skip: { id: 'items', text: 'Skip to the content' },
    head: html`<link rel="stylesheet" href="${root}assets/catalogue/catalogue.css" />
      <link rel="alternate" type="application/rss+xml" href="${root}feed.rss" title="${name}" />
      <link rel="alternate" type="application/atom+xml" href="${root}feed.atom" title="${name}" />`,
    main: html`<div class="catalogue" id="items" tabindex="-1">${main}</div>`,
    foot: foot === undefined ? undefined : html`${foot} ${FOOT}`,
  });
}

function back(root: string, title: string): Html {
  return html`<nav class="back" aria-label="Catalogue"><a href="${root}">${printable(title)}</a></nav>`;
}
