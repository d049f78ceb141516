// The operator's page as HTML: a frame without a name or number in it; its script asks the API.
import { html } from 'hono/html';
import { renderDocument, renderSection, type Html } from '../layout.ts';

export function renderOperator(): Html {
  return renderDocument({
    title: 'Operator’s view',
    description: 'What a publisher delivers, to whom, and what it costs.',
    root: '../',
    head: html`<link rel="stylesheet" href="../assets/page/operator.css" />
      <meta name="robots" content="noindex" />`,
    before: html`<nav class="back" aria-label="Publication"><a href="../">What visitors see</a></nav>`,
    kicker: 'Operator’s view',
    heading: 'Delivered, and paid for',
    intro: html`<p class="summary" id="rates" aria-live="off"></p>
      <p><button class="button quiet" id="leave" type="button" hidden>Sign out</button></p>`,
    skip: { id: 'view', text: 'Skip to the numbers' },
    scripts: ['operator.js'],
    foot: html`<p>
      Served by <strong>Swarmpress</strong> to holders of the token. The page loads nothing from anyone else,
      and keeps one cookie until you sign out: that you have shown the token.
    </p>`,
    main: html`<p id="message" role="status" aria-live="polite"></p>
      <noscript><p class="sheet">This view needs JavaScript; its API and metrics do not.</p></noscript>
      ${renderLogin()}
      <div id="view" tabindex="-1" hidden>
        ${renderSum()} ${renderCharts()} ${renderItems()} ${renderSwarm()}
      </div>`,
  });
}

function renderLogin(): Html {
  return html`<form id="login" class="sheet" hidden>
    <label for="token">Token, as the publisher keeps it in its state folder</label>
    <div class="row">
      <input
        id="token"
        class="field"
        type="password"
        autocomplete="current-password"
        required
        maxlength="1000"
      />
      <button class="button primary">Open</button>
    </div>
  </form>`;
}

function renderSum(): Html {
  return renderSection(
    'sum',
    'What it came to',
    html`<dl class="numbers" id="numbers"></dl>
      <div class="split" id="split" role="img" aria-label="">
        <span class="server"></span><span class="people"></span>
      </div>
      <p class="legend">
        <span class="key server">paid for by this server</span>
        <span class="key people">passed on by people</span>
      </p>
      <p class="note" id="since"></p>`,
  );
}

function renderCharts(): Html {
  return renderSection(
    'charts',
    'Over time',
    html`<fieldset class="spans" id="spans">
        <legend class="unseen">Time that is shown</legend>
        ${[
          ['seconds', '10 minutes'],
          ['minutes', '1 day'],
          ['hours', '90 days'],
        ].map(
          ([value = '', text]) =>
            html`<label
              ><input
                type="radio"
                name="span"
                value="${value}"
                ${value === 'seconds' ? 'checked' : ''}
              /><span>${text}</span></label
            >`,
        )}
      </fieldset>
      <div class="chart-grid" id="chart-grid"></div>`,
  );
}

function renderItems(): Html {
  return html`<div id="catalogue" hidden>
    ${renderSection(
      'items',
      'Items',
      html`<label for="find">Find an item</label>
        <input id="find" class="field" type="search" autocomplete="off" maxlength="200" />
        <div class="scroll" tabindex="0" role="region" aria-label="Table of items">
          <table>
            <thead>
              <tr>
                <th scope="col">Item</th>
                ${['Sending', 'Connected', 'Delivered', 'Paid for', 'Finished'].map(
                  (text) => html`<th scope="col" class="size">${text}</th>`,
                )}
              </tr>
            </thead>
            <tbody id="item-rows"></tbody>
          </table>
        </div>
        <p class="note" id="item-note"></p>`,
    )}
  </div>`;
}

function renderSwarm(): Html {
  return renderSection(
    'swarm',
    'Who is here',
    html`<p class="swarm-of" id="swarm-of"></p>
      <figure class="availability">
        <canvas id="map" width="256" height="1" role="img" aria-label="Copies of each part"></canvas>
        <figcaption id="map-note"></figcaption>
      </figure>
      <div class="scroll" tabindex="0" role="region" aria-label="Peers and direct downloads">
        <table class="peers">
          <thead>
            <tr>
              <th scope="col">Address</th>
              <th scope="col">Program</th>
              <th scope="col">Way</th>
              <th scope="col">Has</th>
              <th scope="col" class="size">We send</th>
              <th scope="col" class="size">Sent</th>
              <th scope="col" class="size">It sends</th>
              <th scope="col">State</th>
            </tr>
          </thead>
          <tbody id="peer-rows"></tbody>
        </table>
      </div>
      <p class="note" id="peer-note"></p>`,
  );
}
