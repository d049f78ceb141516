import { describe, expect, it } from 'vitest';
import { latin1Encode } from '../bytes/bytes.ts';
import { toPeerId } from '../ids.ts';
import { clientName } from './client-name.ts';

const nameOf = (start: string): string =>
  clientName(toPeerId(latin1Encode(start.padEnd(20, '\u0001').slice(0, 20))));

describe('what a peer id tells of its client', () => {
  it.each([
    // Three digits, and a fourth that tells a build.
    ['-TR2940-', 'Transmission 2.94'],
    ['-TR294Z-', 'Transmission 2.94 (Dev)'],
    ['-TR294X-', 'Transmission 2.94 (Dev)'],
    ['-TR294B-', 'Transmission 2.94 (Beta)'],
    ['-TR294b-', 'Transmission 2.94 (Beta)'],
    ['-TR0006-', 'Transmission 0.6'],
    ['-TR0072-', 'Transmission 0.72'],
    ['-TR4050-', 'Transmission 4.0.5'],
    ['-TR405Z-', 'Transmission 4.0.5 (Dev)'],
    ['-DE211s-', 'Deluge 2.1.1'],
    ['-UT355B-', '\u00b5Torrent 3.5.5 (Beta)'],
    // Four digits; a fourth that is 0 tells nothing.
    ['-LT1270-', 'libtorrent (Rasterbar) 1.2.7'],
    ['-LT12A0-', 'libtorrent (Rasterbar) 1.2.10'],
    // Two and two.
    ['-CD0302-', 'Enhanced CTorrent 3.02'],
    ['-XX1234-', 'Xtorrent 1.2.3.4'],
    // A code that nobody knows is its own name.
    ['-zz1234-', 'zz 1.2.3.4'],
    // Numbers between dashes.
    ['M7-10-3--', 'Mainline 7.10.3'],
    ['Q1-23-4-', 'Queen Bee 1.23.4'],
    ['A2-1-36-0-', 'aria2 1.36.0'],
    ['S3-1-2-3-', 'Amazon S3 1.2.3'],
    // A letter and a version.
    ['S58B-----', 'Shadow 5.8.11'],
    ['T03I-----', 'BitTornado 0.3.18'],
    // Nothing that is known: what can be printed of the beginning.
    ['abc def\u00ff\u0000xyz', 'abc%20def%ff'],
    ['Z9------', 'Z9------'],
    ['M7-10-', 'M7-10-%01%01'],
  ])('%j is %s', (id, name) => {
    expect(nameOf(id)).toBe(name);
  });
});
