// One port mapped through UPnP: search, description, calls; renewed at half its lease, taken away at the end.
import { isLocalIp } from '../core/address.ts';
import { concatBytes } from '../core/bytes/bytes.ts';
import { ProtocolError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { WantedPort } from '../core/nat/port-mapper.ts';
import {
  encodeAddMapping,
  encodeDeleteMapping,
  encodeGetAddress,
  encodeSearches,
  hostOf,
  parseAddress,
  parseDescription,
  parseFault,
  parseSearchAnswer,
  SSDP_GROUP,
  UPNP_ERRORS,
  type UpnpCall,
  type UpnpMapping,
  type UpnpService,
} from '../core/nat/upnp.ts';
import type { Clock } from '../ports/clock.ts';
import type { DatagramPort } from '../ports/datagram.ts';
import type { Gateway } from '../ports/gateway.ts';
import type { HttpPort } from '../ports/http.ts';
import type { Random } from '../ports/random.ts';
import type { PortMappingSnapshot } from './api.ts';

export interface UpnpDeps {
  readonly datagram: DatagramPort;
  readonly http: HttpPort;
  readonly clock: Clock;
  readonly random: Random;
}

export interface UpnpRequest {
  readonly gateway: Gateway;
  readonly wanted: WantedPort;
  /** Its abort ends the mapping. */
  readonly signal: AbortSignal;
}

type News = Partial<PortMappingSnapshot>;

const SEARCH_MS = 3_000;
const SEARCHES = 2;
const TIMEOUT_MS = 5_000;
const LEASE_SECONDS = 3600;
/** Another external port is tried where the wanted one is somebody else's. */
const PORT_ATTEMPTS = 4;
const FIRST_RANDOM_PORT = 49_152;
const RANDOM_PORTS = 16_384;

/** Resolves when the signal is aborted and the mapping is gone, or at once when there is no way. */
export async function mapByUpnp(
  request: UpnpRequest,
  deps: UpnpDeps,
  onNews: (news: News) => void,
): Promise<void> {
  const { gateway, wanted, signal } = request;
  const location = await findGateway(request, deps);
  if (location === undefined) return;
  const caller = new Caller(deps, signal);
  const service = parseDescription(await caller.get(location), location);
  if (service === undefined) return;
  const base = { protocol: wanted.protocol, internalPort: wanted.port, localIp: gateway.localIp };
  let mapping: UpnpMapping = { ...base, externalPort: wanted.port, leaseSeconds: LEASE_SECONDS };
  while (!signal.aborted) {
    const added = await addMapping(caller, service, { mapping, random: deps.random });
    if (typeof added === 'number') {
      onNews({ state: 'failed', message: `the gateway refuses (UPnP error ${String(added)})` });
      return;
    }
    mapping = added;
    const externalIp = parseAddress(await caller.call(service, encodeGetAddress(service.type)));
    onNews({ state: 'mapped', by: 'upnp', externalPort: mapping.externalPort, externalIp });
    // A gateway that knows no leases may yet be restarted.
    await pause((LEASE_SECONDS * 1000) / 2, deps.clock, signal);
  }
  const last = new Caller(deps, new AbortController().signal);
  await last.call(service, encodeDeleteMapping(service.type, mapping));
}

/** The mapping as the gateway took it, or the code of its refusal. */
async function addMapping(
  caller: Caller,
  service: UpnpService,
  { mapping, random }: { readonly mapping: UpnpMapping; readonly random: Random },
): Promise<UpnpMapping | number> {
  let wish = mapping;
  for (let attempt = 1; ; attempt++) {
    const fault = await caller.fault(service, encodeAddMapping(service.type, wish));
    if (fault === undefined) return wish;
    if (attempt === PORT_ATTEMPTS) return fault;
    if (fault === UPNP_ERRORS.permanentOnly) wish = { ...wish, leaseSeconds: 0 };
    else if (fault === UPNP_ERRORS.conflict)
      wish = { ...wish, externalPort: FIRST_RANDOM_PORT + (random.uint32() % RANDOM_PORTS) };
    else return fault;
  }
}

/** The description of the gateway itself: what other hosts claim to be is nothing to us. */
async function findGateway(
  { gateway, signal }: UpnpRequest,
  { datagram, clock }: UpnpDeps,
): Promise<string | undefined> {
  if (!isLocalIp(gateway.ip)) return undefined;
  const socket = await datagram.bind({ port: 0, host: gateway.localIp });
  const stop = new AbortController();
  let location: string | undefined;
  const onAbort = (): void => {
    stop.abort();
  };
  signal.addEventListener('abort', onAbort);
  const unlisten = socket.onMessage((data, from) => {
    const url = from.ip === gateway.ip ? parseSearchAnswer(data) : undefined;
    if (url === undefined || hostOf(url) !== gateway.ip) return;
    location = url;
    stop.abort();
  });
  for (let i = 0; i < SEARCHES && !stop.signal.aborted && !signal.aborted; i++) {
    for (const search of encodeSearches()) socket.send(search, SSDP_GROUP);
    await pause(SEARCH_MS, clock, stop.signal);
  }
  signal.removeEventListener('abort', onAbort);
  unlisten();
  await socket.close();
  return signal.aborted ? undefined : location;
}

class Caller {
  readonly #deps: UpnpDeps;
  readonly #signal: AbortSignal;

  constructor(deps: UpnpDeps, signal: AbortSignal) {
    this.#deps = deps;
    this.#signal = signal;
  }

  async get(url: string): Promise<Uint8Array> {
    const { status, body } = await this.#send(url);
    if (status !== 200) throw new ProtocolError('NAT_HTTP_STATUS', `the gateway answered ${String(status)}`);
    return body;
  }

  /** The body of an answer. Throws ProtocolError NAT_* for a refusal. */
  async call(service: UpnpService, call: UpnpCall): Promise<Uint8Array> {
    const { status, body } = await this.#send(service.controlUrl, call);
    if (status !== 200) throw new ProtocolError('NAT_HTTP_STATUS', `the gateway answered ${String(status)}`);
    return body;
  }

  /** The code of a refusal; undefined if it was done. */
  async fault(service: UpnpService, call: UpnpCall): Promise<number | undefined> {
    const { status, body } = await this.#send(service.controlUrl, call);
    return status === 200 ? undefined : (parseFault(body) ?? status);
  }

  async #send(url: string, call?: UpnpCall): Promise<{ status: number; body: Uint8Array }> {
    const response = await this.#deps.http.request({
      url,
      ...(call === undefined ? {} : { headers: call.headers, post: call.body }),
      signal: this.#signal,
      timeoutMs: TIMEOUT_MS,
      maxRedirects: 0,
    });
    const chunks: Uint8Array[] = [];
    let length = 0;
    for await (const chunk of response.body) {
      length += chunk.length;
      if (length > LIMITS.upnpAnswerBytes.value) {
        throw new ProtocolError('NAT_ANSWER_TOO_LONG', 'the gateway sent more than any description needs');
      }
      chunks.push(chunk.slice());
    }
    return { status: response.status, body: concatBytes(chunks) };
  }
}

/** Resolves after a time, or when the signal is aborted. */
function pause(ms: number, clock: Clock, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const done = (): void => {
      cancel();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const cancel = clock.schedule(ms, done);
    signal.addEventListener('abort', done);
  });
}
