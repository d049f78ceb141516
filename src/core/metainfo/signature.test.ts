// Signed torrents: what a signature covers, what it survives, and everything that must not pass for one.
import { generateKeyPairSync, sign, verify } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { digests } from '../../../test/support/digests.ts';
import { encodeBencode } from '../bencode/encode.ts';
import { ProtocolError } from '../errors.ts';
import { editTorrent } from './edit.ts';
import { parseTorrent } from './parse.ts';
import { fingerprintOf, parseFingerprint, readSignature, signTorrent, updateUrlOf } from './signature.ts';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const key = new Uint8Array(publicKey.export({ format: 'der', type: 'spki' }).subarray(12));
const info = { length: 5, name: 'a.txt', 'piece length': 16384, pieces: new Uint8Array(20) };
const plain = encodeBencode({ announce: 'http://a/', info });
const signed = signTorrent(
  plain,
  { key, item: 'a', version: 3, updateUrl: 'https://p/update' },
  (message) => new Uint8Array(sign(null, message, privateKey)),
);

function isGenuine(bytes: Uint8Array): boolean {
  const found = readSignature(bytes);
  return found !== undefined && verify(null, found.message, publicKey, found.signature);
}

describe('a signed torrent', () => {
  it('is the same torrent, and says who signed it and what', () => {
    expect(parseTorrent(signed, digests).infoHash).toEqual(parseTorrent(plain, digests).infoHash);
    expect(readSignature(signed)).toMatchObject({
      key,
      item: 'a',
      version: 3,
      updateUrl: 'https://p/update',
    });
    expect(isGenuine(signed)).toBe(true);
    expect(updateUrlOf(signed)).toBe('https://p/update');
  });

  it('stays genuine under other trackers and comments, and not with another info dictionary', () => {
    expect(isGenuine(editTorrent(signed, { trackers: [['udp://b/']], comment: 'x' }))).toBe(true);
    expect(isGenuine(editTorrent(signed, { private: true }))).toBe(false);
  });

  it('is not genuine when any bit of the signature or of what it says has changed', () => {
    const text = Buffer.from(signed).toString('latin1');
    const start = text.indexOf('10:signatures');
    let genuine = 0;
    for (let at = start; at < signed.length - 1; at++) {
      const changed = signed.slice();
      changed[at] = (changed[at] ?? 0) ^ 1;
      try {
        if (isGenuine(changed)) genuine++;
      } catch (error) {
        expect(error).toBeInstanceOf(ProtocolError);
      }
    }
    expect(genuine).toBe(0);
  });

  it('replaces an earlier signature of its kind and keeps those of others', () => {
    const other = encodeBencode({ info, signatures: { 'com.example': { signature: new Uint8Array(3) } } });
    const both = signTorrent(other, { key }, (message) => new Uint8Array(sign(null, message, privateKey)));
    const again = signTorrent(
      both,
      { key, version: 2 },
      (message) => new Uint8Array(sign(null, message, privateKey)),
    );
    expect(Buffer.from(again).toString('latin1')).toContain('com.example');
    expect(readSignature(again)?.version).toBe(2);
    expect(isGenuine(again)).toBe(true);
  });

  it('without one says so, whatever stands in its place', () => {
    for (const signatures of [
      undefined,
      1,
      'x',
      {},
      { 'swarmpress.ed25519': 'x' },
      { 'swarmpress.ed25519': { signature: 'x' } },
    ]) {
      expect(readSignature(encodeBencode({ info, signatures }))).toBeUndefined();
    }
  });
});

describe('the fingerprint of a key', () => {
  it('is the whole key, and is read in any grouping and case', () => {
    const text = fingerprintOf(key);
    expect(text).toMatch(/^ed25519:[a-z2-7]{52}$/);
    expect(parseFingerprint(text)).toEqual(key);
    expect(
      parseFingerprint(
        text
          .slice(8)
          .toUpperCase()
          .replace(/(.{4})/g, '$1 '),
      ),
    ).toEqual(key);
    for (const wrong of ['', 'ed25519:', text.slice(0, -1), `${text}a`, 'ed25519:!!']) {
      expect(() => parseFingerprint(wrong)).toThrow('fingerprint');
    }
  });
});
