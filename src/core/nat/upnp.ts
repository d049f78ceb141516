// UPnP gateways (Internet Gateway Device 1 and 2): the search (SSDP), what a description says, and the three calls
// (SOAP). Answers come from whatever is on the local network: they are scanned for the few values we need, with caps,
// not parsed as XML, and what does not fit is as good as absent.
import { latin1Decode, latin1Encode, utf8Decode, utf8Encode } from '../bytes/bytes.ts';
import { ProtocolError } from '../errors.ts';
import type { MapProtocol } from './messages.ts';

export const SSDP_GROUP = { ip: '239.255.255.250', port: 1900 } as const;

const DEVICES = [1, 2].map(
  (version) => `urn:schemas-upnp-org:device:InternetGatewayDevice:${String(version)}`,
);
/** Best first. */
const SERVICES = ['WANIPConnection:2', 'WANIPConnection:1', 'WANPPPConnection:1'].map(
  (name) => `urn:schemas-upnp-org:service:${name}`,
);
const MAX_URL_CHARS = 1_000;

export interface UpnpService {
  readonly type: string;
  readonly controlUrl: string;
}

/** One search for each version of gateways. */
export function encodeSearches(): Uint8Array[] {
  const { ip, port } = SSDP_GROUP;
  return DEVICES.map((device) =>
    latin1Encode(
      `M-SEARCH * HTTP/1.1\r\nHOST: ${ip}:${String(port)}\r\nMAN: "ssdp:discover"\r\nMX: 2\r\nST: ${device}\r\n\r\n`,
    ),
  );
}

/** The address of the description that a gateway answers a search with; undefined if it is no such answer. */
export function parseSearchAnswer(data: Uint8Array): string | undefined {
  const text = latin1Decode(data.subarray(0, 4096));
  if (!/^HTTP\/1\.[01] 200/.test(text) || !/^ST:.*InternetGatewayDevice/im.test(text)) return undefined;
  const url = /^LOCATION:[ \t]*(http:\/\/\S+)[ \t]*$/im.exec(text.replaceAll('\r', ''))?.[1];
  return url !== undefined && url.length <= MAX_URL_CHARS ? url : undefined;
}

/** The host of an http URL, without brackets. */
export function hostOf(url: string): string | undefined {
  const match = /^http:\/\/(?:\[([0-9a-f:]+)\]|([0-9a-z.-]+))(?::\d{1,5})?(?:\/|$)/i.exec(url);
  return match?.[1] ?? match?.[2];
}

/** The service of a description that maps ports. Its control URL is on the description's own host, or it is none. */
export function parseDescription(data: Uint8Array, location: string): UpnpService | undefined {
  const text = utf8Decode(data);
  const base = element(text, 'URLBase') ?? location;
  const services = text
    .split(/<service>/i)
    .slice(1)
    .map((part) => ({
      type: element(part, 'serviceType') ?? '',
      control: element(part, 'controlURL') ?? '',
    }));
  for (const type of SERVICES) {
    const found = services.find((service) => service.type === type);
    const controlUrl = found === undefined ? undefined : resolve(base, found.control);
    if (controlUrl !== undefined && hostOf(controlUrl) === hostOf(location)) return { type, controlUrl };
  }
  return undefined;
}

export interface UpnpMapping {
  readonly protocol: MapProtocol;
  readonly externalPort: number;
  readonly internalPort: number;
  readonly localIp: string;
  /** 0 asks for one without end. */
  readonly leaseSeconds: number;
}

export interface UpnpCall {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export function encodeAddMapping(type: string, mapping: UpnpMapping): UpnpCall {
  return encodeCall(type, 'AddPortMapping', {
    NewRemoteHost: '',
    NewExternalPort: String(mapping.externalPort),
    NewProtocol: mapping.protocol.toUpperCase(),
    NewInternalPort: String(mapping.internalPort),
    NewInternalClient: mapping.localIp,
    NewEnabled: '1',
    NewPortMappingDescription: 'Swarmpress',
    NewLeaseDuration: String(mapping.leaseSeconds),
  });
}

export function encodeDeleteMapping(
  type: string,
  mapping: Pick<UpnpMapping, 'protocol' | 'externalPort'>,
): UpnpCall {
  return encodeCall(type, 'DeletePortMapping', {
    NewRemoteHost: '',
    NewExternalPort: String(mapping.externalPort),
    NewProtocol: mapping.protocol.toUpperCase(),
  });
}

export function encodeGetAddress(type: string): UpnpCall {
  return encodeCall(type, 'GetExternalIPAddress', {});
}

/** Error codes of the IGD's own. */
export const UPNP_ERRORS = { conflict: 718, permanentOnly: 725 } as const;

/** The code of a refusal; undefined where the text is none. */
export function parseFault(body: Uint8Array): number | undefined {
  const code = element(utf8Decode(body), 'errorCode');
  return code !== undefined && /^\d{1,5}$/.test(code) ? Number(code) : undefined;
}

/** Throws ProtocolError NAT_BAD_ANSWER. */
export function parseAddress(body: Uint8Array): string {
  const ip = element(utf8Decode(body), 'NewExternalIPAddress');
  if (ip === undefined) throw new ProtocolError('NAT_BAD_ANSWER', 'the gateway told no external address');
  return ip;
}

function encodeCall(type: string, action: string, args: Readonly<Record<string, string>>): UpnpCall {
  const inner = Object.entries(args).map(([name, value]) => `<${name}>${value}</${name}>`);
  const body =
    '<?xml version="1.0"?>\n<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" ' +
    's:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><s:Body>' +
    `<u:${action} xmlns:u="${type}">${inner.join('')}</u:${action}></s:Body></s:Envelope>\n`;
  return {
    headers: { 'content-type': 'text/xml; charset="utf-8"', soapaction: `"${type}#${action}"` },
    body: utf8Encode(body),
  };
}

/** The text of the first element of a name. */
function element(text: string, name: string): string | undefined {
  const open = text.search(new RegExp(`<(?:[a-z0-9]+:)?${name}(?:\\s[^>]{0,200})?>`, 'i'));
  if (open < 0) return undefined;
  const start = text.indexOf('>', open) + 1;
  const end = text.indexOf('<', start);
  return end < 0 || end - start > MAX_URL_CHARS ? undefined : text.slice(start, end).trim();
}

function resolve(base: string, path: string): string | undefined {
  if (path === '') return undefined;
  if (/^http:\/\//i.test(path)) return path;
  const root = /^http:\/\/[^/]+/i.exec(base)?.[0];
  if (root === undefined) return undefined;
  if (path.startsWith('/')) return root + path;
  const folder = base
    .slice(root.length)
    .replace(/[?#].*$/, '')
    .replace(/[^/]*$/, '');
  return `${root}${folder === '' ? '/' : folder}${path}`;
}
