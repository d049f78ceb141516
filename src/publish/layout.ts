// The frame that every page of a publisher stands in: one stylesheet, one masthead, one foot, and what screen readers
// and keyboards need. Law: values reach HTML through hono's `html` alone, which escapes them.
import { html } from 'hono/html';

export type Html = ReturnType<typeof html>;

export interface PageFrame {
  /** Text for the window and for search engines. */
  readonly title: string;
  readonly description: string;
  /** From this page to the root of the site: `./` or `../`. */
  readonly root: string;
  /** Above everything in the masthead: the way back, a notice. */
  readonly before?: Html | undefined;
  /** A few words above the heading. */
  readonly kicker: string | Html;
  readonly heading: string;
  /** Below the heading, inside the masthead. */
  readonly intro?: Html | undefined;
  /** Where "skip to content" leads: an id on this page, and what it is called. */
  readonly skip: { readonly id: string; readonly text: string };
  /** More for the document's head: feeds, alternates. */
  readonly head?: Html | undefined;
  /** Module scripts below `assets/page/`. */
  readonly scripts?: readonly string[] | undefined;
  readonly main: Html;
  /** In the place of the usual words at the foot. */
  readonly foot?: Html | undefined;
}

/** What every page says at its foot. */
export const FOOT: Html = html`<p>
  Served by <strong>Swarmpress</strong>. This page loads nothing from anyone else and sets no cookies.
</p>`;

/** The whole document. */
export function renderDocument(frame: PageFrame): Html {
  const { title, description, root, head, scripts = [] } = frame;
  const assets = `${root}assets/page/`;
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="description" content="${description}" />
        <title>${title}</title>
        <link rel="stylesheet" href="${assets}styles.css" />
        <link rel="icon" href="${assets}icon.svg" type="image/svg+xml" />
        ${head ?? ''} ${scripts.map((name) => html`<script type="module" src="${assets}${name}"></script>`)}
      </head>
      <body>
        ${renderMasthead(frame)}
        <main>${frame.main}</main>
        <footer>${frame.foot ?? FOOT}</footer>
      </body>
    </html>`;
}

/** The first link of all is in it: the one past it. */
function renderMasthead({ before, kicker, heading, intro, skip }: PageFrame): Html {
  return html`<header class="masthead">
    <a class="skip" href="#${skip.id}">${skip.text}</a>
    ${before ?? ''}
    <p class="kicker">${kicker}</p>
    <h1><bdi>${heading}</bdi></h1>
    ${intro ?? ''}
  </header>`;
}

/** A sheet of paper with a heading. */
export function renderSection(id: string, title: string, body: Html): Html {
  return html`<section class="sheet ${id}" id="${id}" aria-labelledby="${id}-title">
    <h2 id="${id}-title">${title}</h2>
    ${body}
  </section>`;
}

/** Numbers in a row: label, value, and the field of a status that keeps it fresh. */
export function renderNumbers(
  numbers: readonly { readonly label: string; readonly value: string; readonly live?: string }[],
): Html {
  return html`<dl class="numbers">
    ${numbers.map(
      ({ label, value, live }) =>
        html`<div>
          <dt>${label}</dt>
          ${live === undefined ? html`<dd>${value}</dd>` : html`<dd data-live="${live}">${value}</dd>`}
        </div>`,
    )}
  </dl>`;
}
