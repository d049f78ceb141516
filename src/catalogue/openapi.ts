// The API described for programs (OpenAPI 3.1), served beside it.

type Json = string | number | boolean | readonly Json[] | { readonly [key: string]: Json };

const string: Json = { type: 'string' };
const count: Json = { type: 'integer', minimum: 0 };
const uri: Json = { type: 'string', format: 'uri' };

const ENTRY: Json = {
  type: 'object',
  required: ['slug', 'title', 'name', 'length', 'files', 'version', 'published', 'page', 'torrent', 'magnet'],
  properties: {
    slug: { type: 'string', description: 'The item’s name in addresses. It never changes.' },
    title: string,
    name: { type: 'string', description: 'Of the file or folder. Text of unknown origin.' },
    comment: string,
    length: { ...count, description: 'Bytes of content.' },
    files: count,
    version: { type: 'integer', minimum: 1, description: 'Counts up when the content changes.' },
    published: { type: 'string', format: 'date-time', description: 'When this version was published.' },
    infoHash: { type: 'string', pattern: '^[0-9a-f]{40}$' },
    infoHashV2: { type: 'string', pattern: '^[0-9a-f]{64}$' },
    page: uri,
    torrent: uri,
    torrentLength: count,
    checksums: uri,
    magnet: { type: 'string', pattern: '^magnet:' },
    seeders: count,
    leechers: count,
    completed: { ...count, description: 'Downloads that were reported as finished.' },
  },
};

const LIST: Json = {
  type: 'object',
  required: ['items', 'total', 'page', 'pages'],
  properties: {
    items: { type: 'array', items: { $ref: '#/components/schemas/Item' } },
    total: { ...count, description: 'Items that match.' },
    page: { type: 'integer', minimum: 1 },
    pages: { type: 'integer', minimum: 1 },
  },
};

const PROBLEM: Json = {
  type: 'object',
  required: ['code', 'message'],
  properties: { code: string, message: string },
};

/** The whole document; `base` is the catalogue's address. */
export function describeApi(base: string, title: string): Json {
  return {
    openapi: '3.1.0',
    info: {
      title: `${title}: catalogue`,
      version: '1',
      description:
        'What is published here. Everything is public, read only, and may be fetched from any origin.',
    },
    servers: [{ url: `${base}api/v1` }],
    paths: {
      '/items': {
        get: {
          operationId: 'listItems',
          summary: 'The items, newest first',
          parameters: [
            {
              name: 'q',
              in: 'query',
              description: 'Words that all occur in names and titles.',
              schema: string,
            },
            { name: 'page', in: 'query', schema: { type: 'integer', minimum: 1, default: 1 } },
            {
              name: 'size',
              in: 'query',
              schema: { type: 'integer', minimum: 1, maximum: 500, default: 100 },
            },
          ],
          responses: { '200': answer('A page of the list', 'List') },
        },
      },
      '/items/{slug}': {
        get: {
          operationId: 'getItem',
          summary: 'One item',
          parameters: [{ name: 'slug', in: 'path', required: true, schema: string }],
          responses: {
            '200': answer('The item', 'Item'),
            '404': answer('There never was such an item', 'Problem'),
            '410': answer('It was taken down, or has expired', 'Problem'),
          },
        },
      },
    },
    components: { schemas: { Item: ENTRY, List: LIST, Problem: PROBLEM } },
  };
}

function answer(description: string, schema: string): Json {
  return {
    description,
    content: { 'application/json': { schema: { $ref: `#/components/schemas/${schema}` } } },
  };
}
