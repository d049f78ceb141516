import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { latin1Encode, utf8Decode, utf8Encode } from '../bytes/bytes.ts';
import { encodeAddMapping, parseDescription, parseFault, parseSearchAnswer } from './upnp.ts';

const LOCATION = 'http://192.168.1.1:5000/root/desc.xml';
const answer = (
  location: string,
  target = 'urn:schemas-upnp-org:device:InternetGatewayDevice:1',
): Uint8Array => latin1Encode(`HTTP/1.1 200 OK\r\nST: ${target}\r\nLocation: ${location}\r\n\r\n`);

function description(type: string, control: string, more = ''): Uint8Array {
  const service = `<service><serviceType>${type}</serviceType><controlURL>${control}</controlURL></service>`;
  return utf8Encode(`<?xml version="1.0"?><root>${more}<device>${service}</device></root>`);
}

const IP = 'urn:schemas-upnp-org:service:WANIPConnection:1';

describe('an answer to a search', () => {
  it('names the description of a gateway', () => {
    expect(parseSearchAnswer(answer(LOCATION))).toBe(LOCATION);
  });

  it.each([
    answer('file:///etc/passwd'),
    answer(`http://${'a'.repeat(2000)}/`),
    answer(LOCATION, 'urn:schemas-upnp-org:device:MediaRenderer:1'),
    latin1Encode('NOTIFY * HTTP/1.1\r\n\r\n'),
    new Uint8Array(0),
  ])('of another kind is none', (data) => {
    expect(parseSearchAnswer(data)).toBeUndefined();
  });
});

describe('a description', () => {
  it.each([
    { control: '/ctl/IPConn', url: 'http://192.168.1.1:5000/ctl/IPConn' },
    { control: 'ctl', url: 'http://192.168.1.1:5000/root/ctl' },
    { control: 'http://192.168.1.1:80/c', url: 'http://192.168.1.1:80/c' },
  ])('says where the service is: $control', ({ control, url }) => {
    expect(parseDescription(description(IP, control), LOCATION)).toEqual({ type: IP, controlUrl: url });
  });

  it('leads to no other host', () => {
    expect(parseDescription(description(IP, 'http://192.168.1.9/c'), LOCATION)).toBeUndefined();
    const base = '<URLBase>http://192.168.1.9/</URLBase>';
    expect(parseDescription(description(IP, '/c', base), LOCATION)).toBeUndefined();
  });

  it('of a device that maps no ports is none', () => {
    expect(parseDescription(description('urn:x:service:Other:1', '/c'), LOCATION)).toBeUndefined();
    expect(parseDescription(new Uint8Array(0), LOCATION)).toBeUndefined();
  });
});

it('a call carries what it asks for, and a refusal its code', () => {
  const { headers, body } = encodeAddMapping(IP, {
    ...{ protocol: 'udp', externalPort: 7, internalPort: 8, localIp: '192.168.1.2', leaseSeconds: 60 },
  });
  expect(headers['soapaction']).toBe(`"${IP}#AddPortMapping"`);
  expect(utf8Decode(body)).toContain('<NewProtocol>UDP</NewProtocol><NewInternalPort>8</NewInternalPort>');
  expect(parseFault(utf8Encode('<s:Fault><errorCode>718</errorCode></s:Fault>'))).toBe(718);
  expect(parseFault(utf8Encode('<errorCode>many</errorCode>'))).toBeUndefined();
});

it('whatever a device sends, there is an answer or none', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 300 }), (text) => {
      const data = utf8Encode(`<service><controlURL>${text}</controlURL>`);
      parseDescription(data, LOCATION);
      parseSearchAnswer(data);
      parseFault(data);
    }),
  );
});
