// The DHT nodes that a session knew, kept for the next one, which then needs no bootstrap host. The own id is not kept:
// several sessions may run on one machine, and each needs its own.
import { decodeBencode } from '../core/bencode/decode.ts';
import { encodeBencode } from '../core/bencode/encode.ts';
import { dictOf, getBytes } from '../core/bencode/fields.ts';
import { toHex, utf8Encode } from '../core/bytes/bytes.ts';
import { encodeCompactNodes, parseCompactNodes, type DhtNode } from '../core/dht/krpc.ts';
import { ProtocolError, SystemError } from '../core/errors.ts';
import type { Log } from '../ports/log.ts';
import type { StateStore } from '../ports/storage.ts';

export interface DhtStateDeps {
  readonly state: StateStore;
  readonly log: Log;
}

const KEY = toHex(utf8Encode('dht'));
/** More than one search needs to begin with. */
const NODES_KEPT = 32;

/** Empty where nothing usable was saved. */
export async function loadNodes({ state, log }: DhtStateDeps): Promise<readonly DhtNode[]> {
  try {
    const bytes = await state.load(KEY);
    const dict = bytes === undefined ? undefined : dictOf(decodeBencode(bytes));
    if (dict === undefined) return [];
    const none = new Uint8Array(0);
    return [
      ...parseCompactNodes(getBytes(dict, 'nodes') ?? none, 4),
      ...parseCompactNodes(getBytes(dict, 'nodes6') ?? none, 6),
    ];
  } catch (error) {
    if (!(error instanceof SystemError || error instanceof ProtocolError)) throw error;
    log.warn('DHT nodes of the last run are lost', { reason: error.message });
    return [];
  }
}

/** Keeps what was saved before when there is nothing new. */
export async function saveNodes(nodes: readonly DhtNode[], { state, log }: DhtStateDeps): Promise<void> {
  if (nodes.length === 0) return;
  const isV6 = ({ address }: DhtNode): boolean => address.ip.includes(':');
  const compact = (family: readonly DhtNode[]): Uint8Array => encodeCompactNodes(family.slice(0, NODES_KEPT));
  const v4 = nodes.filter((node) => !isV6(node));
  try {
    await state.save(KEY, encodeBencode({ nodes: compact(v4), nodes6: compact(nodes.filter(isV6)) }));
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    log.warn('DHT nodes could not be saved', { reason: error.message });
  }
}
