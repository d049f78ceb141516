// KRPC messages (BEP 5): bencoded queries, responses and errors in single datagrams. The decoder is lenient about
// fields it does not need and strict about those it uses; anything odd is a ProtocolError that drops one packet.
import { encodeBencode, type Encodable } from '../bencode/encode.ts';
import { decodeBencode, type BencodeDict } from '../bencode/decode.ts';
import { dictOf, getBytes, getDict, getInt, getList } from '../bencode/fields.ts';
import { encodeCompactPeer, formatIp, type PeerAddress } from '../address.ts';
import { concatBytes, latin1Decode } from '../bytes/bytes.ts';
import { ProtocolError } from '../errors.ts';
import { NODE_ID_LENGTH } from './node-id.ts';

export interface DhtNode {
  readonly id: Uint8Array;
  readonly address: PeerAddress;
}

/** Error codes of BEP 5 and BEP 44. */
export const KRPC_ERRORS = {
  generic: 201,
  server: 202,
  protocol: 203,
  unknownMethod: 204,
  valueTooBig: 205,
  badSignature: 206,
  saltTooBig: 207,
  casMismatch: 301,
  oldSequence: 302,
} as const;

export type KrpcMessage =
  | {
      readonly kind: 'query';
      readonly transaction: Uint8Array;
      readonly method: string;
      readonly id: Uint8Array;
      readonly args: BencodeDict;
      /** BEP 43: the sender answers no queries. */
      readonly readOnly: boolean;
    }
  | {
      readonly kind: 'response';
      readonly transaction: Uint8Array;
      readonly id: Uint8Array;
      readonly values: BencodeDict;
      /** Our address as the sender sees it (BEP 42). */
      readonly observed: PeerAddress | undefined;
    }
  | {
      readonly kind: 'error';
      readonly transaction: Uint8Array;
      readonly code: number;
      readonly observed: PeerAddress | undefined;
    };

/** Throws ProtocolError KRPC_* (or BENCODE_*) for anything that is no KRPC message. */
export function parseKrpc(packet: Uint8Array): KrpcMessage {
  const root = dictOf(decodeBencode(packet, { canonical: false }));
  if (root === undefined) throw new ProtocolError('KRPC_NOT_A_DICT', 'a KRPC message is a dictionary');
  const transaction = getBytes(root, 't');
  const type = getBytes(root, 'y');
  if (transaction === undefined || transaction.length > 20 || type === undefined) {
    throw new ProtocolError('KRPC_BAD_ENVELOPE', 'a KRPC message has t and y');
  }
  switch (latin1Decode(type)) {
    case 'q':
      return parseQuery(root, transaction);
    case 'r':
      return parseResponse(root, transaction);
    case 'e':
      return { kind: 'error', transaction, code: errorCode(root), observed: parseObserved(root) };
    default:
      throw new ProtocolError('KRPC_UNKNOWN_TYPE', 'y is one of q, r, e');
  }
}

export interface QueryOptions {
  readonly transaction: Uint8Array;
  readonly method: string;
  readonly args: Readonly<Record<string, Encodable | undefined>>;
  readonly readOnly: boolean;
}

export function encodeQuery(query: QueryOptions): Uint8Array {
  return encodeBencode({
    a: query.args,
    q: query.method,
    ro: query.readOnly ? 1 : undefined,
    t: query.transaction,
    v: CLIENT_VERSION,
    y: 'q',
  });
}

/** `to` is echoed as `ip`, so that the asker learns its address (BEP 42). */
export function encodeResponse(
  transaction: Uint8Array,
  values: Readonly<Record<string, Encodable | undefined>>,
  to: PeerAddress,
): Uint8Array {
  return encodeBencode({ ip: encodeCompactPeer(to), r: values, t: transaction, v: CLIENT_VERSION, y: 'r' });
}

export function encodeError(transaction: Uint8Array, code: number, message: string): Uint8Array {
  return encodeBencode({ e: [code, message], t: transaction, v: CLIENT_VERSION, y: 'e' });
}

/** Compact nodes: 26 bytes each for IPv4 (BEP 5), 38 for IPv6 (BEP 32). A trailing part is left out. */
export function parseCompactNodes(bytes: Uint8Array, family: 4 | 6): DhtNode[] {
  const stride = NODE_ID_LENGTH + (family === 4 ? 6 : 18);
  const nodes: DhtNode[] = [];
  for (let at = 0; at + stride <= bytes.length && nodes.length < MAX_NODES; at += stride) {
    const address = parseCompactAddress(bytes.subarray(at + NODE_ID_LENGTH, at + stride));
    if (address !== undefined) nodes.push({ id: bytes.slice(at, at + NODE_ID_LENGTH), address });
  }
  return nodes;
}

export function encodeCompactNodes(nodes: readonly DhtNode[]): Uint8Array {
  return concatBytes(nodes.flatMap((node) => [node.id, encodeCompactPeer(node.address)]));
}

/** 6 or 18 bytes to an address; undefined for another length or port 0. */
export function parseCompactAddress(bytes: Uint8Array): PeerAddress | undefined {
  if (bytes.length !== 6 && bytes.length !== 18) return undefined;
  const port = ((bytes[bytes.length - 2] ?? 0) << 8) | (bytes[bytes.length - 1] ?? 0);
  return port === 0 ? undefined : { ip: formatIp(bytes.subarray(0, -2)), port };
}

const CLIENT_VERSION = Uint8Array.of(0x53, 0x70, 0x00, 0x01);
/** More nodes in one answer than two buckets' worth is padding or an attack. */
const MAX_NODES = 32;

function parseQuery(root: BencodeDict, transaction: Uint8Array): KrpcMessage {
  const method = getBytes(root, 'q');
  const args = getDict(root, 'a');
  if (method === undefined || args === undefined) {
    throw new ProtocolError('KRPC_BAD_QUERY', 'a query has q and a');
  }
  return {
    kind: 'query',
    transaction,
    method: latin1Decode(method),
    id: nodeIdOf(args),
    args,
    readOnly: getInt(root, 'ro') === 1,
  };
}

function parseResponse(root: BencodeDict, transaction: Uint8Array): KrpcMessage {
  const values = getDict(root, 'r');
  if (values === undefined) throw new ProtocolError('KRPC_BAD_RESPONSE', 'a response has r');
  return { kind: 'response', transaction, id: nodeIdOf(values), values, observed: parseObserved(root) };
}

function parseObserved(root: BencodeDict): PeerAddress | undefined {
  const bytes = getBytes(root, 'ip');
  return bytes === undefined ? undefined : parseCompactAddress(bytes);
}

function nodeIdOf(dict: BencodeDict): Uint8Array {
  const id = getBytes(dict, 'id');
  if (id?.length !== NODE_ID_LENGTH) throw new ProtocolError('KRPC_BAD_NODE_ID', 'a node id has 20 bytes');
  return id.slice();
}

function errorCode(root: BencodeDict): number {
  const code = getList(root, 'e')?.[0];
  return typeof code === 'number' ? code : KRPC_ERRORS.generic;
}
