// Default gateways: from the kernel's route table on Linux. Elsewhere nothing says them without running programs; there
// the first address of each private network is taken, which is where home routers are.
import { readFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { formatIp, isLocalIp, parseIp } from '../core/address.ts';
import type { Gateway, GatewayPort } from '../ports/gateway.ts';
import { errnoOf } from './os-error.ts';

const ROUTES = '/proc/net/route';
/** RTF_UP and RTF_GATEWAY. */
const FLAGS = 0x3;
const MAX_GATEWAYS = 4;

export const systemGateways: GatewayPort = {
  list: async () => {
    const found = process.platform === 'linux' ? parseRoutes(await readRoutes()) : guessGateways();
    return found.slice(0, MAX_GATEWAYS);
  },
};

async function readRoutes(): Promise<string> {
  try {
    return await readFile(ROUTES, 'latin1');
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return '';
  }
}

/** Columns: interface, destination, gateway, flags, … numbers in the machine's byte order. */
function parseRoutes(text: string): Gateway[] {
  return text.split('\n').flatMap((line) => {
    const [name = '', destination, gateway = '', flags = ''] = line.trim().split(/\s+/);
    if (destination !== '00000000' || (Number.parseInt(flags, 16) & FLAGS) !== FLAGS) return [];
    const bytes = Uint8Array.from(gateway.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
    const localIp = addressesOf(name)[0];
    if (bytes.length !== 4 || localIp === undefined) return [];
    return [{ ip: formatIp(bytes.reverse()), localIp }];
  });
}

function guessGateways(): Gateway[] {
  return Object.keys(networkInterfaces()).flatMap((name) =>
    addressesOf(name).flatMap((localIp) => {
      const bytes = isLocalIp(localIp) ? parseIp(localIp) : undefined;
      if (bytes === undefined) return [];
      return [{ ip: formatIp(Uint8Array.from([...bytes.subarray(0, 3), 1])), localIp }];
    }),
  );
}

function addressesOf(name: string): string[] {
  return (networkInterfaces()[name] ?? [])
    .filter(({ family, internal }) => family === 'IPv4' && !internal)
    .map(({ address }) => address);
}
