// What the tracker serves beside announces: /health, /metrics, /stats and its numbers. The rest belongs to the caller.
import type { RequestListener, ServerResponse } from 'node:http';
import type { History } from './history.ts';
import { STATS_HTML, STATS_STYLE } from './stats-page.ts';
import { STATS_SCRIPT } from './stats-script.ts';
import { formatMetrics, type TrackerStatistics } from './statistics.ts';

export interface PagesDeps {
  readonly statistics: () => TrackerStatistics;
  readonly history: Pick<History, 'recent'>;
  /** Everything that is not listed here; 404 without it. */
  readonly fallback: RequestListener | undefined;
}

interface Page {
  readonly type: string;
  readonly body: () => string;
}

const PAGE_HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
} as const;

export function createPages(deps: PagesDeps): RequestListener {
  const pages: Readonly<Record<string, Page>> = {
    '/health': { type: 'text/plain; charset=utf-8', body: () => healthText(deps.statistics()) },
    '/metrics': {
      type: 'text/plain; version=0.0.4; charset=utf-8',
      body: () => formatMetrics(deps.statistics()),
    },
    '/stats': { type: 'text/html; charset=utf-8', body: () => STATS_HTML },
    '/stats.css': { type: 'text/css; charset=utf-8', body: () => STATS_STYLE },
    '/stats.js': { type: 'text/javascript; charset=utf-8', body: () => STATS_SCRIPT },
    '/stats.json': { type: 'application/json', body: () => JSON.stringify(deps.statistics()) },
    '/stats-recent.json': { type: 'application/json', body: () => JSON.stringify(deps.history.recent()) },
  };
  return (request, response) => {
    const path = (request.url ?? '').replace(/\?.*$/, '');
    const page = Object.hasOwn(pages, path) ? pages[path] : undefined;
    if (page === undefined) {
      if (deps.fallback !== undefined) deps.fallback(request, response);
      else reply(response, 404, { type: 'text/plain; charset=utf-8', body: () => 'not found\n' });
    } else if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD');
      reply(response, 405, { type: 'text/plain; charset=utf-8', body: () => 'only GET and HEAD\n' });
    } else {
      reply(response, 200, page);
    }
  };
}

/** A tracker without its shared store still serves: it is worth a look, not a restart. */
function healthText({ share }: TrackerStatistics): string {
  if (share === undefined || share.state === 'shared') return 'ok\n';
  const seconds = `${String(share.stateSeconds)} s`;
  return share.state === 'comparing'
    ? `ok, catching up with the shared store for ${seconds}\n`
    : `degraded: the shared store is away for ${seconds}, answering from memory\n`;
}

function reply(response: ServerResponse, status: number, page: Page): void {
  const body = Buffer.from(page.body());
  response.writeHead(status, { ...PAGE_HEADERS, 'content-type': page.type, 'content-length': body.length });
  response.end(body);
}
