// Requests for port mappings and the gateway's answers: PCP (RFC 6887, MAP) and its ancestor NAT-PMP (RFC 6886), which
// share a port and are told apart by their first byte.
import { formatIp, parseIp } from '../address.ts';
import { concatBytes } from '../bytes/bytes.ts';
import { ByteReader } from '../bytes/reader.ts';
import { ByteWriter } from '../bytes/writer.ts';
import { ProtocolError } from '../errors.ts';

export const NAT_PORT = 5351;
export const NONCE_BYTES = 12;

export type MapProtocol = 'tcp' | 'udp';
export type MapDialect = 'pcp' | 'nat-pmp';

export interface MapRequest {
  readonly protocol: MapProtocol;
  readonly internalPort: number;
  /** A wish. */
  readonly externalPort: number;
  /** 0 takes the mapping away. */
  readonly lifetimeSeconds: number;
  /** PCP: our address as the gateway sees it, and 12 bytes that name the mapping. */
  readonly localIp: string;
  readonly nonce: Uint8Array;
}

export type MapAnswer =
  | {
      readonly kind: 'mapped';
      readonly dialect: MapDialect;
      readonly protocol: MapProtocol;
      readonly internalPort: number;
      readonly externalPort: number;
      /** NAT-PMP tells it by an answer of its own. */
      readonly externalIp: string | undefined;
      readonly nonce: Uint8Array | undefined;
      readonly lifetimeSeconds: number;
      readonly epoch: number;
    }
  | { readonly kind: 'address'; readonly externalIp: string; readonly epoch: number }
  /** The gateway speaks the other dialect alone. */
  | { readonly kind: 'unsupported' }
  | { readonly kind: 'refused'; readonly dialect: MapDialect; readonly code: number };

const PCP_VERSION = 2;
const NATPMP_VERSION = 0;
const PCP_MAP = 1;
const ANSWER = 0x80;
const UNSUPPORTED_VERSION = 1;
const NATPMP_OPCODES = { udp: 1, tcp: 2 } as const;
const PCP_PROTOCOLS = { tcp: 6, udp: 17 } as const;
const MAPPED_PREFIX = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff);

/** Throws ProtocolError IP_INVALID. */
export function encodePcpMap(request: MapRequest): Uint8Array {
  return new ByteWriter(60)
    .u8(PCP_VERSION)
    .u8(PCP_MAP)
    .u16(0)
    .u32(request.lifetimeSeconds)
    .bytes(wideIp(request.localIp))
    .bytes(request.nonce)
    .u8(PCP_PROTOCOLS[request.protocol])
    .u8(0)
    .u16(0)
    .u16(request.internalPort)
    .u16(request.externalPort)
    .bytes(request.localIp.includes(':') ? new Uint8Array(16) : wideIp('0.0.0.0'))
    .finish();
}

export function encodeNatPmpMap({ protocol, internalPort, ...wish }: MapRequest): Uint8Array {
  return new ByteWriter(12)
    .u8(NATPMP_VERSION)
    .u8(NATPMP_OPCODES[protocol])
    .u16(0)
    .u16(internalPort)
    .u16(wish.lifetimeSeconds === 0 ? 0 : wish.externalPort)
    .u32(wish.lifetimeSeconds)
    .finish();
}

/** RFC 6886, section 3.2: asks for the external address. */
export function encodeNatPmpAddress(): Uint8Array {
  return Uint8Array.of(NATPMP_VERSION, 0);
}

/** Throws ProtocolError BYTES_TRUNCATED or NAT_BAD_ANSWER. */
export function parseMapAnswer(data: Uint8Array): MapAnswer {
  const reader = new ByteReader(data);
  const version = reader.u8();
  const opcode = reader.u8();
  if ((opcode & ANSWER) === 0) throw new ProtocolError('NAT_BAD_ANSWER', 'not an answer of a gateway');
  if (version === NATPMP_VERSION) return parseNatPmp(reader, opcode & ~ANSWER);
  if (version !== PCP_VERSION) return { kind: 'unsupported' };
  if ((opcode & ~ANSWER) !== PCP_MAP)
    throw new ProtocolError('NAT_BAD_ANSWER', 'an answer to what nobody asked');
  return parsePcp(reader);
}

function parsePcp(reader: ByteReader): MapAnswer {
  reader.u8();
  const code = reader.u8();
  const lifetimeSeconds = reader.u32();
  const epoch = reader.u32();
  if (code === UNSUPPORTED_VERSION) return { kind: 'unsupported' };
  if (code !== 0) return { kind: 'refused', dialect: 'pcp', code };
  reader.bytes(12);
  const nonce = reader.bytes(NONCE_BYTES).slice();
  const number = reader.u8();
  reader.bytes(3);
  const [internalPort, externalPort] = [reader.u16(), reader.u16()];
  return {
    kind: 'mapped',
    dialect: 'pcp',
    protocol: number === PCP_PROTOCOLS.tcp ? 'tcp' : 'udp',
    internalPort,
    externalPort,
    externalIp: narrowIp(reader.bytes(16)),
    nonce,
    lifetimeSeconds,
    epoch,
  };
}

function parseNatPmp(reader: ByteReader, opcode: number): MapAnswer {
  const code = reader.u16();
  const epoch = reader.u32();
  if (code === UNSUPPORTED_VERSION) return { kind: 'unsupported' };
  if (code !== 0) return { kind: 'refused', dialect: 'nat-pmp', code };
  if (opcode === 0) return { kind: 'address', externalIp: formatIp(reader.bytes(4)), epoch };
  return {
    kind: 'mapped',
    dialect: 'nat-pmp',
    protocol: opcode === NATPMP_OPCODES.tcp ? 'tcp' : 'udp',
    internalPort: reader.u16(),
    externalPort: reader.u16(),
    externalIp: undefined,
    nonce: undefined,
    lifetimeSeconds: reader.u32(),
    epoch,
  };
}

/** RFC 6887, section 5: IPv4 addresses travel as IPv4-mapped IPv6 ones. */
function wideIp(text: string): Uint8Array {
  const ip = parseIp(text);
  if (ip === undefined) throw new ProtocolError('IP_INVALID', `not an IP address: ${text}`);
  return ip.length === 16 ? ip : concatBytes([MAPPED_PREFIX, ip]);
}

function narrowIp(bytes: Uint8Array): string {
  const isMapped = MAPPED_PREFIX.every((byte, i) => bytes[i] === byte);
  return formatIp(isMapped ? bytes.subarray(12) : bytes);
}
