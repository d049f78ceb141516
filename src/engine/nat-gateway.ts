// Runs the PCP and NAT-PMP machine for one gateway over a socket of its own.
import {
  PortMapper,
  type PortMapperEffect,
  type PortMapperInput,
  type WantedPort,
} from '../core/nat/port-mapper.ts';
import type { Clock } from '../ports/clock.ts';
import type { DatagramPort } from '../ports/datagram.ts';
import type { Gateway } from '../ports/gateway.ts';
import type { Random } from '../ports/random.ts';
import { Drain } from './drain.ts';

export interface GatewayMapperDeps {
  readonly datagram: DatagramPort;
  readonly clock: Clock;
  readonly random: Random;
  readonly onMapped: (mapped: Extract<PortMapperEffect, { kind: 'mapped' }>) => void;
  readonly onFailed: (wanted: WantedPort, reason: string) => void;
}

export interface GatewayMapper {
  /** Takes the mappings away. */
  close(): Promise<void>;
}

/** Rejects with SystemError LISTEN_*. */
export async function openGatewayMapper(
  { ip, localIp }: Gateway,
  ports: readonly WantedPort[],
  deps: GatewayMapperDeps,
): Promise<GatewayMapper> {
  const { datagram, clock, random } = deps;
  const socket = await datagram.bind({ port: 0, host: localIp });
  const randomBytes = (length: number): Uint8Array => random.bytes(length);
  const machine = new PortMapper({ gatewayIp: ip, localIp, ports, randomBytes });
  const drain: Drain<PortMapperInput, PortMapperEffect> = new Drain(machine, {
    clock,
    tick: { kind: 'timeout' },
    apply: (effect) => {
      if (effect.kind === 'send') socket.send(effect.data, effect.to);
      else if (effect.kind === 'mapped') deps.onMapped(effect);
      else deps.onFailed(effect.wanted, effect.reason);
    },
    settle: () => undefined,
  });
  const unlisten = socket.onMessage((data, from) => {
    drain.push({ kind: 'packet', data: data.slice(), from });
  });
  drain.push({ kind: 'start' });
  return {
    close: async () => {
      drain.push({ kind: 'stop' });
      drain.close();
      unlisten();
      await socket.close();
    },
  };
}
