// BEP 11 in the engine: whom we dial of those that a peer names.
import { expect, it } from 'vitest';
import { formatAddress } from '../../src/core/address.ts';
import { EXTENSION_IDS } from '../../src/core/wire/extended.ts';
import { encodePex, PEX_FLAGS } from '../../src/core/wire/pex.ts';
import { EngineBench } from '../support/engine-bench.ts';

const NAMED = [
  { address: { ip: '203.0.113.8', port: 6881 }, flags: PEX_FLAGS.uploadOnly },
  { address: { ip: '203.0.113.9', port: 6881 }, flags: 0 },
];

/** The addresses that are dialled. */
function dialled(role: 'seed' | 'leecher'): string[] {
  const bench = new EngineBench(role);
  bench.now = 30_000;
  const payload = encodePex({ added: NAMED, dropped: [] });
  const effects = bench.say({ kind: 'extended', id: EXTENSION_IDS.ut_pex, payload });
  return effects.flatMap((effect) => (effect.kind === 'dial' ? [formatAddress(effect.address)] : []));
}

it('a leecher dials all that a peer names, a seed those that lack something', () => {
  expect(dialled('leecher')).toEqual(['203.0.113.8:6881', '203.0.113.9:6881']);
  expect(dialled('seed')).toEqual(['203.0.113.9:6881']);
});
