// The API in OpenAPI form, for programs that generate clients. docs/daemon.md is the text for people.

type Json = Readonly<Record<string, unknown>>;

const number: Json = { type: 'number' };
const text: Json = { type: 'string' };
const flag: Json = { type: 'boolean' };
const maybe = (type: string): Json => ({ type: [type, 'null'] });

const SETTINGS: Json = {
  paused: flag,
  sequential: flag,
  downloadLimit: { ...maybe('integer'), description: 'bytes a second; null is unlimited' },
  uploadLimit: { ...maybe('integer'), description: 'bytes a second; null is unlimited' },
  files: {
    type: ['array', 'null'],
    items: { type: 'integer' },
    description: 'indices of wanted files; null is all',
  },
  ratio: { ...maybe('number'), description: 'seeding ends with so many copies uploaded' },
  seedSeconds: { ...maybe('number'), description: 'seeding ends after so long' },
};

const TORRENT: Json = {
  type: 'object',
  properties: {
    id: { ...text, description: 'hex of the v1 info hash, or of the v2 one where there is no other' },
    name: text,
    state: {
      enum: ['queued', 'metadata', 'checking', 'downloading', 'seeding', 'paused', 'failed', 'closed'],
    },
    infoHash: maybe('string'),
    infoHashV2: maybe('string'),
    folder: text,
    place: { type: 'integer' },
    wanted: maybe('integer'),
    completed: { type: 'integer' },
    checked: maybe('number'),
    downloadRate: number,
    uploadRate: number,
    downloaded: number,
    uploaded: number,
    etaSeconds: maybe('number'),
    connected: { type: 'integer' },
    seeders: { type: 'integer' },
    leechers: { type: 'integer' },
    addedAt: { type: 'integer', description: 'milliseconds since 1970' },
    completedAt: maybe('integer'),
    seededSeconds: number,
    settings: { type: 'object', properties: SETTINGS },
    error: { type: ['object', 'null'], properties: { code: text, message: text } },
  },
};

const torrent: Json = { $ref: '#/components/schemas/Torrent' };
const object = (properties: Json, required: readonly string[] = []): Json => ({
  ...{ type: 'object', properties, required, additionalProperties: false },
});
const json = (schema: Json): Json => ({ content: { 'application/json': { schema } } });
const answer = (description: string, schema: Json = { type: 'object' }, status = '200'): Json => ({
  [status]: { description, ...json(schema) },
  default: { description: 'refused', ...json({ $ref: '#/components/schemas/Error' }) },
});
const list = (items: Json): Json => ({ type: 'array', items });
const operation = (summary: string, responses: Json, body?: Json): Json => ({
  summary,
  responses,
  ...(body === undefined ? {} : { requestBody: { required: true, ...body } }),
});
const id: Json = { name: 'id', in: 'path', required: true, schema: text };

export const OPENAPI: Json = {
  openapi: '3.1.0',
  info: { title: 'Swarmpress daemon', version: '1' },
  security: [{ token: [] }],
  paths: {
    '/api/v1/session': {
      get: operation('Rates, limits and the queue', answer('the session')),
      patch: operation(
        'Changes limits and the queue',
        answer('the session'),
        json(
          object({
            downloadLimit: maybe('integer'),
            uploadLimit: maybe('integer'),
            maxDownloads: number,
            maxSeeds: number,
          }),
        ),
      ),
    },
    '/api/v1/torrents': {
      get: operation('All torrents, in the order of the queue', answer('the torrents', list(torrent))),
      post: operation('Adds a torrent', answer('the torrent', torrent, '201'), {
        content: {
          'application/json': {
            schema: object({ source: text, folder: text, ...SETTINGS }, ['source']),
          },
          'application/x-bittorrent': { schema: { type: 'string', format: 'binary' } },
        },
      }),
    },
    '/api/v1/torrents/{id}': {
      parameters: [id],
      get: operation('One torrent, with its magnet link', answer('the torrent', torrent)),
      patch: operation(
        'Pauses, resumes, limits, chooses files, moves in the queue',
        answer('the torrent', torrent),
        json(object({ ...SETTINGS, place: { type: 'integer' } })),
      ),
      delete: {
        ...operation('Removes it; with content=true its files too', answer('it is gone')),
        parameters: [{ name: 'content', in: 'query', schema: flag }],
      },
    },
    '/api/v1/torrents/{id}/recheck': {
      parameters: [id],
      post: operation('Hashes what is on disk again', answer('it is checked')),
    },
    '/api/v1/torrents/{id}/retry': {
      parameters: [id],
      post: operation('Starts a failed one again, asks trackers now', answer('it is tried')),
    },
    '/api/v1/torrents/{id}/files': {
      parameters: [id],
      get: operation(
        'Files, each with the path of its stream',
        answer('the files', list({ type: 'object' })),
      ),
    },
    '/api/v1/torrents/{id}/peers': {
      parameters: [id],
      get: operation('Connected peers', answer('the peers', list({ type: 'object' }))),
    },
    '/api/v1/torrents/{id}/trackers': {
      parameters: [id],
      get: operation('Trackers and how they answered', answer('the trackers', list({ type: 'object' }))),
    },
    '/api/v1/torrents/{id}/web-seeds': {
      parameters: [id],
      get: operation('Web seeds and how they are', answer('the web seeds', list({ type: 'object' }))),
    },
    '/api/v1/torrents/{id}/pieces': {
      parameters: [id],
      get: operation('One byte a piece: 0 missing, 1 in flight, 2 have', {
        '200': { description: 'the pieces', content: { 'application/octet-stream': {} } },
      }),
    },
    '/api/v1/events': {
      get: operation('Server-sent events: added, done, finished, failed, removed', {
        '200': { description: 'events', content: { 'text/event-stream': {} } },
      }),
    },
  },
  components: {
    securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
    schemas: { Torrent: TORRENT, Error: object({ code: text, error: text }) },
  },
};
