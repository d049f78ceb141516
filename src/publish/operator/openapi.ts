// The operator's API described for programs (OpenAPI 3.1). A test holds it against what the API answers.

type Json = string | number | boolean | readonly Json[] | { readonly [key: string]: Json };

const string: Json = { type: 'string' };
const boolean: Json = { type: 'boolean' };
const count: Json = { type: 'integer', minimum: 0 };
const amount: Json = { type: 'number', minimum: 0 };
const time: Json = { type: 'integer', description: 'Seconds since 1970.' };
const money: Json = { type: ['number', 'null'], description: 'In the currency of the price.' };
const rate = (description: string): Json => ({ ...amount, description: `${description}, bytes a second.` });
const bytes = (description: string): Json => ({ ...count, description });

const DELIVERY = {
  deliveredBytes: bytes('Bytes that people got, by whatever way: a floor.'),
  paidBytes: bytes('Bytes that this server sent for it.'),
  toPeersBytes: bytes('The part of them that went to peers.'),
  directBytes: bytes('The part of them that went over HTTP.'),
  savedBytes: bytes('Delivered and not paid for.'),
  paidMoney: money,
  savedMoney: money,
  finished: { ...count, description: 'Downloads that peers reported as finished.' },
} satisfies Record<string, Json>;

const NUMBERS = {
  connected: { ...count, description: 'Peers connected to the publisher.' },
  seeders: { ...count, description: 'As its tracker counts them.' },
  leechers: count,
  toPeers: rate('To peers'),
  directly: rate('Over HTTP'),
} satisfies Record<string, Json>;

const ITEM = {
  key: string,
  title: { ...string, description: 'Text of unknown origin.' },
  page: { type: 'string', format: 'uri' },
  private: boolean,
  length: bytes('Bytes of content of the newest version.'),
  deliveredCopies: amount,
  paidCopies: amount,
  versions: { ...count, description: 'That are served.' },
  ...NUMBERS,
  ...DELIVERY,
} satisfies Record<string, Json>;

const PEER = {
  address: { ...string, description: 'Empty where the transport has none.' },
  client: { ...string, description: 'Text of unknown origin.' },
  transport: { type: 'string', enum: ['tcp', 'utp', 'webrtc', 'http', 'memory'] },
  encrypted: boolean,
  outgoing: boolean,
  progress: { type: ['number', 'null'], minimum: 0, maximum: 1 },
  sendingRate: rate('To the peer'),
  receivingRate: rate('From the peer'),
  sent: count,
  received: count,
  interested: boolean,
  choked: boolean,
  parts: {
    ...string,
    description: 'How much of each part of the content it has: hex, two digits a part, ff for all of it.',
  },
  version: count,
} satisfies Record<string, Json>;

const values: Json = { type: 'array', items: { type: ['number', 'null'] } };

const SERIES = {
  stepSeconds: count,
  end: { ...time, description: 'When the last step begins.' },
  columns: object({
    ...{ toPeers: values, directly: values, connected: values, seeders: values },
    ...{ leechers: values, delivered: values, paid: values },
  }),
} satisfies Record<string, Json>;

const SCHEMAS = {
  Item: object(ITEM),
  Overview: object({
    ...{ now: time, since: time, uptimeSeconds: count },
    price: {
      type: ['object', 'null'],
      required: ['perGb', 'currency'],
      properties: { perGb: amount, currency: { type: ['string', 'null'] } },
    },
    ...NUMBERS,
    ...DELIVERY,
    itemCount: count,
    items: { type: 'array', maxItems: 200, items: { $ref: '#/components/schemas/Item' } },
  }),
  Peer: object(PEER),
  Swarm: object({
    ...ITEM,
    peerCount: count,
    peers: { type: 'array', maxItems: 500, items: { $ref: '#/components/schemas/Peer' } },
    map: object({ pieces: count, copies: { type: 'array', items: amount } }),
  }),
  Series: object(SERIES),
  Problem: object({ code: string, error: string }),
} satisfies Record<string, Json>;

export const OPERATOR_OPENAPI: Json = {
  openapi: '3.1.0',
  info: {
    title: 'Operator’s view of a publisher',
    version: '1',
    description: 'Who is being served, what was delivered, and what the server paid for it.',
  },
  servers: [{ url: '../../api/v1' }],
  security: [{ token: [] }],
  paths: {
    '/overview': read('What is published, together', 'Overview', [
      query('q', 'A part of a title or key.', string),
    ]),
    '/items/{key}': read('One item and its swarm', 'Swarm', [
      { name: 'key', in: 'path', required: true, schema: string },
    ]),
    '/history': read('Numbers over time', 'Series', [
      query('step', 'Ten minutes, a day, or ninety days.', {
        type: 'string',
        enum: ['seconds', 'minutes', 'hours'],
        default: 'seconds',
      }),
      query('since', 'Only steps after this.', time),
    ]),
  },
  components: {
    securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
    schemas: SCHEMAS,
  },
};

function object(properties: Readonly<Record<string, Json>>): Json {
  return { type: 'object', additionalProperties: false, required: Object.keys(properties), properties };
}

function query(name: string, description: string, schema: Json): Json {
  return { name, in: 'query', description, schema };
}

function read(summary: string, schema: string, parameters: readonly Json[]): Json {
  return {
    get: {
      summary,
      parameters,
      responses: { '200': answer(summary, schema), default: answer('Why not', 'Problem') },
    },
  };
}

function answer(description: string, schema: string): Json {
  return {
    description,
    content: { 'application/json': { schema: { $ref: `#/components/schemas/${schema}` } } },
  };
}
