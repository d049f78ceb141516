// Has the session's port forwarded by the routers in front of it: PCP or NAT-PMP where a gateway speaks them, UPnP
// where it does not. Mappings are renewed while the session lives and taken away at its end.
import type { WantedPort } from '../core/nat/port-mapper.ts';
import type { Clock } from '../ports/clock.ts';
import type { DatagramPort } from '../ports/datagram.ts';
import type { Gateway, GatewayPort } from '../ports/gateway.ts';
import type { HttpPort } from '../ports/http.ts';
import type { Log } from '../ports/log.ts';
import type { Random } from '../ports/random.ts';
import { SwarmpressError } from '../core/errors.ts';
import type { PortMappingSnapshot } from './api.ts';
import { mapByUpnp } from './nat-upnp.ts';
import { openGatewayMapper, type GatewayMapper } from './nat-gateway.ts';

export interface PortMappingDeps {
  readonly gateways: GatewayPort;
  readonly datagram: DatagramPort;
  readonly http: HttpPort;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

export interface PortMapping {
  status(): readonly PortMappingSnapshot[];
  /** Takes the mappings away; waits a second at most. Never rejects. */
  close(): Promise<void>;
}

/** How long an end waits for the routers. */
const CLOSE_LIMIT_MS = 1_000;

/** Runs at once. */
export function openPortMapping(ports: readonly WantedPort[], deps: PortMappingDeps): PortMapping {
  return new Mapping(ports, deps);
}

class Mapping implements PortMapping {
  readonly #deps: PortMappingDeps;
  readonly #ports: readonly WantedPort[];
  readonly #abort = new AbortController();
  readonly #status = new Map<string, PortMappingSnapshot>();
  readonly #mappers: GatewayMapper[] = [];
  readonly #running: Promise<void>;
  /** UPnP mappings, by gateway and port; they are held until the end. */
  readonly #upnp = new Map<string, Promise<void>>();

  constructor(ports: readonly WantedPort[], deps: PortMappingDeps) {
    this.#ports = ports;
    this.#deps = deps;
    this.#running = this.#attempt(async () => {
      const gateways = await deps.gateways.list();
      await Promise.all(gateways.map((gateway) => this.#open(gateway)));
    });
  }

  status(): readonly PortMappingSnapshot[] {
    return [...this.#status.values()];
  }

  async close(): Promise<void> {
    this.#abort.abort();
    const { clock } = this.#deps;
    let cancel: (() => void) | undefined;
    const limit = new Promise<void>((resolve) => {
      cancel = clock.schedule(CLOSE_LIMIT_MS, resolve);
    });
    const closed = this.#running.then(() =>
      Promise.all([...this.#mappers.map((mapper) => mapper.close()), ...this.#upnp.values()]),
    );
    await Promise.race([closed, limit]);
    cancel?.();
  }

  async #open(gateway: Gateway): Promise<void> {
    if (this.#abort.signal.aborted) return;
    for (const wanted of this.#ports) this.#say(gateway, wanted, { state: 'asking' });
    const mapper = await openGatewayMapper(gateway, this.#ports, {
      ...this.#deps,
      onMapped: ({ wanted, by, externalPort, externalIp }) => {
        this.#say(gateway, wanted, { state: 'mapped', by, externalPort, externalIp });
      },
      onFailed: (wanted, message) => {
        const key = keyOf(gateway, wanted);
        if (this.#upnp.has(key)) return;
        this.#say(gateway, wanted, { state: 'failed', message });
        const run = this.#attempt(() => this.#tryUpnp(gateway, wanted));
        this.#upnp.set(
          key,
          run.finally(() => this.#upnp.delete(key)),
        );
      },
    });
    this.#mappers.push(mapper);
  }

  async #tryUpnp(gateway: Gateway, wanted: WantedPort): Promise<void> {
    await mapByUpnp({ gateway, wanted, signal: this.#abort.signal }, this.#deps, (result) => {
      this.#say(gateway, wanted, result);
    });
  }

  #say(gateway: Gateway, { protocol, port }: WantedPort, news: Partial<PortMappingSnapshot>): void {
    const empty = { by: undefined, externalPort: undefined, externalIp: undefined, message: undefined };
    const status = { gateway: gateway.ip, protocol, port, state: 'asking', ...empty, ...news } as const;
    this.#status.set(keyOf(gateway, { protocol, port }), status);
    const { by, externalPort, externalIp, message } = status;
    this.#deps.log.info('port mapping', {
      ...{ gateway: gateway.ip, protocol, port, state: status.state },
      ...{ by, externalPort, externalIp, message },
    });
  }

  /** Runs a step; routers that cannot be reached are no error of ours. */
  async #attempt(step: () => Promise<void>): Promise<void> {
    try {
      await step();
    } catch (error) {
      if (!(error instanceof SwarmpressError)) throw error;
      this.#deps.log.debug('no port mapping', { reason: error.message });
    }
  }
}

function keyOf({ ip, localIp }: Gateway, { protocol, port }: WantedPort): string {
  return `${ip} ${localIp} ${protocol} ${String(port)}`;
}
