// The layers as data: which folder may import which. ESLint and the architecture test both read this table, so a
// new folder of src/ has to take its place here first. Every folder may import itself.

const BELOW_APPS = ['core', 'ports', 'engine'];

/** Folder of src/ → other folders of src/ it may import. */
export const LAYERS: Readonly<Record<string, readonly string[]>> = {
  core: [],
  ports: ['core'],
  engine: ['core', 'ports'],
  node: BELOW_APPS,
  web: BELOW_APPS,
  server: [...BELOW_APPS, 'node'],
  'local-http': [...BELOW_APPS, 'node'],
  publish: [...BELOW_APPS, 'node', 'server', 'local-http'],
  daemon: [...BELOW_APPS, 'node', 'local-http'],
  catalogue: [...BELOW_APPS, 'node', 'server', 'publish', 'local-http'],
  cli: [...BELOW_APPS, 'node', 'server', 'publish', 'local-http', 'daemon', 'catalogue'],
  page: [...BELOW_APPS, 'web'],
};

/** Folder of src/core → other folders of src/core it may import: machines → codecs → bytes. Files beside them are free. */
export const CORE_LAYERS: Readonly<Record<string, readonly string[]>> = {
  bytes: [],
  bencode: ['bytes'],
  metainfo: ['bytes', 'bencode'],
  wire: ['bytes', 'bencode', 'metainfo'],
  tracker: ['bytes', 'bencode', 'token'],
  rtc: ['bytes', 'tracker'],
  swarm: ['bytes', 'bencode', 'metainfo', 'wire'],
  utp: ['bytes'],
  mse: ['bytes', 'wire'],
  nat: ['bytes'],
  proxy: ['bytes'],
  dht: ['bytes', 'bencode'],
  lsd: ['bytes'],
  token: ['bytes'],
};

/** Folders that reach time, chance, timers and the network through ports alone. */
export const PURE_FOLDERS: readonly string[] = ['core', 'ports', 'engine'];
