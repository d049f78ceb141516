import { describe, expect, it } from 'vitest';
import { formatAddress } from '../address.ts';
import { toInfoHash, toPeerId } from '../ids.ts';
import { createBufferPool } from './buffers.ts';
import { Connector } from './connect.ts';
import { SwarmContext } from './context.ts';

const digests = { sha1: () => new Uint8Array(20), sha256: () => new Uint8Array(32) };

function setUp(maxPeers = 10): { connector: Connector; context: SwarmContext; dialled: () => string[] } {
  const context = new SwarmContext({
    infoHash: toInfoHash(new Uint8Array(20)),
    infoHashV2: undefined,
    peerId: toPeerId(new Uint8Array(20)),
    maxPeers,
    seed: 1,
    buffers: createBufferPool({ budgetBytes: 1 }),
    digests,
  });
  const dialled = (): string[] => {
    const addresses: string[] = [];
    for (let effect = context.effects.shift(); effect !== undefined; effect = context.effects.shift()) {
      if (effect.kind === 'dial') addresses.push(formatAddress(effect.address));
    }
    return addresses;
  };
  return { connector: new Connector(context), context, dialled };
}

const at = (ip: string, port = 6881): { ip: string; port: number } => ({ ip, port });

describe('addresses of peers', () => {
  it('are dialled once, as many as there is room for', () => {
    const { connector, dialled } = setUp(2);
    connector.add('tracker', [at('10.0.0.1'), at('10.0.0.1'), at('10.0.0.2'), at('10.0.0.3')]);
    expect(dialled()).toEqual(['10.0.0.1:6881', '10.0.0.2:6881']);
    connector.failed(at('10.0.0.1'));
    expect(dialled()).toEqual(['10.0.0.3:6881']);
  });

  it('that nobody can dial are left out: no port, link-local without an interface', () => {
    const { connector, dialled } = setUp();
    connector.add('lsd', [at('10.0.0.1', 0), at('fe80::1'), at('FEBF::2'), at('fec0::1'), at('fd00::1')]);
    expect(dialled()).toEqual(['[fec0::1]:6881', '[fd00::1]:6881']);
  });

  it('that did not answer are tried again later', () => {
    const { connector, context, dialled } = setUp();
    connector.add('tracker', [at('10.0.0.1')]);
    dialled();
    connector.failed(at('10.0.0.1'));
    expect(dialled()).toEqual([]);
    context.now = 60_000;
    connector.fill();
    expect(dialled()).toEqual(['10.0.0.1:6881']);
  });

  it('that failed often are tried soon where a tracker names them again, not where a peer does', () => {
    const { connector, context, dialled } = setUp();
    connector.add('tracker', [at('10.0.0.1')]);
    for (let failures = 0; failures < 5; failures++) {
      expect(dialled()).toEqual(['10.0.0.1:6881']);
      connector.failed(at('10.0.0.1'));
      context.now += 30 * 60_000 * (failures < 4 ? 1 : 0);
      connector.fill();
    }
    const tries = (source: 'pex' | 'tracker'): string[] => {
      connector.add(source, [at('10.0.0.1')]);
      context.now += 20_000;
      connector.fill();
      return dialled();
    };
    expect(tries('pex')).toEqual([]);
    expect(tries('tracker')).toEqual(['10.0.0.1:6881']);
  });
});
