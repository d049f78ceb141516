// How we name ourselves to peers: keep both in step with the package's version.
export const CLIENT_NAME = 'Swarmpress 0.1.0';
/** BEP 20, Azureus style: two letters, three digits of version and one to spare. */
export const PEER_ID_PREFIX = '-SW0100-';
