import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes, fromHex, toHex } from '../bytes/bytes.ts';
import { ProtocolError } from '../errors.ts';
import { encodeNatPmpMap, encodePcpMap, parseMapAnswer, type MapRequest } from './messages.ts';
import { PortMapper, type PortMapperEffect, type PortMapperInput } from './port-mapper.ts';

const GATEWAY = { ip: '192.168.1.1', port: 5351 };
const NONCE = new Uint8Array(12).fill(7);
const REQUEST: MapRequest = {
  protocol: 'tcp',
  internalPort: 6881,
  externalPort: 6881,
  lifetimeSeconds: 3600,
  localIp: '192.168.1.2',
  nonce: NONCE,
};

const hex32 = (value: number): string => value.toString(16).padStart(8, '0');

/** An answer of a gateway to REQUEST, or to the same for UDP. */
function pcpAnswer(epoch: number, { protocol = '06', port = '1ae1', life = 3600 } = {}): Uint8Array {
  const head = `02810000${hex32(life)}${hex32(epoch)}${'00'.repeat(12)}`;
  return fromHex(`${head}${toHex(NONCE)}${protocol}0000001ae1${port}00000000000000000000ffff0b16212c`);
}

class Bench {
  readonly mapper = new PortMapper({
    gatewayIp: GATEWAY.ip,
    localIp: '192.168.1.2',
    ports: [
      { protocol: 'tcp', port: 6881 },
      { protocol: 'udp', port: 6881 },
    ],
    randomBytes: () => NONCE,
  });
  now = 1000;

  handle(input: PortMapperInput): PortMapperEffect[] {
    this.mapper.handle(input, this.now);
    const effects: PortMapperEffect[] = [];
    for (let effect = this.mapper.poll(); effect !== undefined; effect = this.mapper.poll())
      effects.push(effect);
    return effects;
  }

  packet(data: Uint8Array, from = GATEWAY): PortMapperEffect[] {
    return this.handle({ kind: 'packet', data, from });
  }

  /** Lets time pass to the next thing to do. */
  next(): PortMapperEffect[] {
    this.now = this.mapper.nextTimeout() ?? this.now;
    return this.handle({ kind: 'timeout' });
  }
}

const sentTo = (effects: readonly PortMapperEffect[]): string[] =>
  effects.flatMap((effect) => (effect.kind === 'send' ? [toHex(effect.data)] : []));
const told = (effects: readonly PortMapperEffect[]): PortMapperEffect[] =>
  effects.filter(({ kind }) => kind !== 'send');

describe('requests', () => {
  it('are those of RFC 6887', () => {
    expect(toHex(encodePcpMap(REQUEST))).toBe(
      `0201000000000e1000000000000000000000ffffc0a80102${toHex(NONCE)}060000001ae11ae100000000000000000000ffff00000000`,
    );
  });

  it('are those of RFC 6886', () => {
    expect(toHex(encodeNatPmpMap(REQUEST))).toBe('000200001ae11ae100000e10');
    expect(toHex(encodeNatPmpMap({ ...REQUEST, protocol: 'udp', lifetimeSeconds: 0 }))).toBe(
      '000100001ae1000000000000',
    );
  });
});

describe('a port mapper', () => {
  it('maps both protocols by PCP, renews at half time and says nothing new then', () => {
    const bench = new Bench();
    expect(sentTo(bench.handle({ kind: 'start' }))).toHaveLength(2);
    expect(told(bench.packet(pcpAnswer(10)))).toMatchObject([
      { kind: 'mapped', by: 'pcp', externalPort: 6881, externalIp: '11.22.33.44' },
    ]);
    bench.packet(pcpAnswer(10, { protocol: '11' }));
    expect(bench.mapper.nextTimeout()).toBe(1000 + 1_800_000);
    expect(sentTo(bench.next())).toHaveLength(2);
    expect(told(bench.packet(pcpAnswer(1810)))).toEqual([]);
  });

  it('goes over to NAT-PMP where the gateway knows no other', () => {
    const bench = new Bench();
    bench.handle({ kind: 'start' });
    expect(sentTo(bench.packet(fromHex('0081000100000010')))).toEqual([
      ...['000200001ae11ae100000e10', '0000'],
      ...['000100001ae11ae100000e10', '0000'],
    ]);
    bench.packet(fromHex('00800000000000100b16212c'));
    const [mapped] = told(bench.packet(fromHex('00820000000000101ae11ae200000e10')));
    expect(mapped).toMatchObject({ by: 'nat-pmp', externalPort: 6882, externalIp: '11.22.33.44' });
  });

  it('gives up on a silent gateway after a few tries, and asks again later', () => {
    const bench = new Bench();
    let effects = bench.handle({ kind: 'start' });
    let sent = sentTo(effects).length;
    while (told(effects).length === 0) {
      effects = bench.next();
      sent += sentTo(effects).length;
    }
    expect(told(effects)).toMatchObject([{ kind: 'failed' }, { kind: 'failed' }]);
    expect([sent, bench.now]).toEqual([8, 1000 + 3750]);
    expect(bench.mapper.nextTimeout()).toBe(bench.now + 15 * 60_000);
  });

  it('asks again at once when the gateway has been restarted', () => {
    const bench = new Bench();
    bench.handle({ kind: 'start' });
    bench.packet(pcpAnswer(5000));
    bench.packet(pcpAnswer(5000, { protocol: '11' }));
    expect(sentTo(bench.packet(pcpAnswer(3, { protocol: '11' })))).toHaveLength(2);
  });

  it('takes away at the end what it has, and nothing else', () => {
    const bench = new Bench();
    bench.handle({ kind: 'start' });
    bench.packet(pcpAnswer(10));
    const sent = sentTo(bench.handle({ kind: 'stop' }));
    expect(sent).toEqual([toHex(encodePcpMap({ ...REQUEST, lifetimeSeconds: 0 }))]);
    expect(bench.mapper.nextTimeout()).toBeUndefined();
  });

  it('believes nobody but the gateway, and nothing that it did not ask for', () => {
    const bench = new Bench();
    expect(bench.packet(pcpAnswer(10))).toEqual([]);
    bench.handle({ kind: 'start' });
    expect(bench.packet(pcpAnswer(10), { ip: '192.168.1.66', port: 5351 })).toEqual([]);
    expect(bench.packet(pcpAnswer(10), { ip: GATEWAY.ip, port: 80 })).toEqual([]);
    const foreign = pcpAnswer(10);
    foreign[24] = 9;
    expect(told(bench.packet(foreign))).toEqual([]);
    expect(told(bench.packet(pcpAnswer(10, { port: '0000' })))).toEqual([]);
  });

  it('takes absurd lifetimes for sane ones', () => {
    const bench = new Bench();
    bench.handle({ kind: 'start' });
    bench.packet(pcpAnswer(10, { life: 1 }));
    bench.packet(pcpAnswer(10, { protocol: '11', life: 0xffffffff }));
    expect(bench.mapper.nextTimeout()).toBe(1000 + 30_000);
  });

  it('survives whatever comes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 70 }), fc.boolean(), (tail, isPcp) => {
        const data = concatBytes([fromHex(isPcp ? '0281' : '0081'), tail]);
        const bench = new Bench();
        bench.handle({ kind: 'start' });
        bench.packet(data);
        try {
          parseMapAnswer(data);
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
        }
      }),
    );
  });
});
