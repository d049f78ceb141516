// The files that a publisher's pages are made of besides their HTML. Scripts are those that bundle-page.mjs makes.
import { loadAssets, type Assets } from '../local-http/assets.ts';

const IN_SITE = [
  ...['styles.css', 'icon.svg', 'main.js', 'embed.js', 'shared.js'],
  ...['content-worker.js', 'stream-worker.js', 'operator.js', 'operator.css'],
];

const PLACES: Readonly<Record<string, string>> = {
  ...Object.fromEntries(IN_SITE.map((name) => [`page/${name}`, `site/${name}`])),
  'catalogue/catalogue.css': 'catalogue/catalogue.css',
};

/** Path below `assets/` → asset. */
export function loadSiteAssets(): Promise<Assets> {
  return loadAssets(PLACES);
}
