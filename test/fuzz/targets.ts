// What is fuzzed: every decoder and every machine that is fed by strangers. A target takes bytes and either accepts
// them or throws one of the documented errors; whatever else comes out is a find.
import { decodeBencode, decodeBencodePrefix } from '../../src/core/bencode/decode.ts';
import { encodeBencode } from '../../src/core/bencode/encode.ts';
import { latin1Decode, utf8Decode } from '../../src/core/bytes/bytes.ts';
import { IpFilter } from '../../src/core/ip-filter.ts';
import { formatMagnet, parseMagnet } from '../../src/core/metainfo/magnet.ts';
import { lintTorrent } from '../../src/core/metainfo/lint.ts';
import { parseInfo, parseTorrent } from '../../src/core/metainfo/parse.ts';
import { sanitizePath } from '../../src/core/metainfo/paths.ts';
import { toMagnet } from '../../src/core/metainfo/to-magnet.ts';
import { parseTrackerFrame } from '../../src/core/rtc/frames.ts';
import { answerBinding, isStun } from '../../src/core/rtc/stun.ts';
import { parseAnnounceReply, parseScrapeReply } from '../../src/core/tracker/http-codec.ts';
import { parseTrackerUrl, toScrapeUrl } from '../../src/core/tracker/tracker-url.ts';
import { parseUdpReply } from '../../src/core/tracker/udp-codec.ts';
import { parseKrpc } from '../../src/core/dht/krpc.ts';
import { parsePacket } from '../../src/core/utp/packet.ts';
import { parseMessage } from '../../src/core/wire/decode.ts';
import { encodeMessage } from '../../src/core/wire/encode.ts';
import { parseExtendedHandshake } from '../../src/core/wire/extended.ts';
import { parseHolepunch } from '../../src/core/wire/holepunch.ts';
import { parseMetadata } from '../../src/core/wire/metadata.ts';
import { parsePex } from '../../src/core/wire/pex.ts';
import { parseResume } from '../../src/engine/resume.ts';
import { parseRangeHeader } from '../../src/local-http/byte-ranges.ts';
import { parseTrackerConfig } from '../../src/server/config.ts';
import { clientAddress, createProxyTrust } from '../../src/server/forwarded.ts';
import { findHeadEnd } from '../../src/server/http-request.ts';
import { FrameReader } from '../../src/server/websocket/frame-reader.ts';
import { invariant } from '../../src/core/invariant.ts';
import { digests } from '../support/digests.ts';
import { machineTargets } from './machines.ts';
import * as seeds from './seeds.ts';

export interface FuzzTarget {
  readonly run: (input: Uint8Array) => void;
  /** Where mutation begins: valid inputs, made by our encoders. */
  readonly seeds: readonly Uint8Array[];
  /** Inputs of this target in a round, against 1 of most others: key exchanges are slow. */
  readonly weight?: number;
}

const proxies = createProxyTrust(['127.0.0.0/8', '10.0.0.0/8']);

export const TARGETS: Readonly<Record<string, FuzzTarget>> = {
  bencode: {
    seeds: [...seeds.bencode, ...seeds.torrents],
    run: (input) => {
      const value = decodeBencode(input);
      const again = encodeBencode(value);
      decodeBencode(again);
      decodeBencodePrefix(input);
    },
  },
  metainfo: {
    seeds: seeds.torrents,
    run: (input) => {
      const metainfo = parseTorrent(input, digests);
      lintTorrent(input, metainfo);
      parseMagnet(formatMagnet(toMagnet(metainfo)));
      for (const { path } of metainfo.files) {
        for (const element of path) invariant(isSafe(element), `a safe path: ${JSON.stringify(element)}`);
      }
    },
  },
  'info dictionary': {
    seeds: seeds.infos,
    run: (input) => {
      parseInfo(input, { trackers: undefined, webSeeds: undefined, pieceLayers: new Map() }, digests);
    },
  },
  paths: {
    seeds: seeds.texts('a/b', '../..', 'CON.txt', 'x\u202Ey', 'a/./b\0', 'é/\u0000', '...'),
    run: (input) => {
      for (const element of sanitizePath(utf8Decode(input).split('/'), 'portable')) {
        invariant(isSafe(element), `a safe path: ${JSON.stringify(element)}`);
      }
    },
  },
  magnet: {
    seeds: seeds.magnets,
    run: (input) => {
      const link = parseMagnet(latin1Decode(input));
      const again = formatMagnet(link);
      invariant(formatMagnet(parseMagnet(again)) === again, 'a link that we write is read as it was');
    },
  },
  'wire message': {
    seeds: seeds.messages,
    run: (input) => {
      const message = parseMessage(input);
      if (message.kind !== 'unknown') parseMessage(encodeMessage(message));
    },
  },
  extensions: {
    seeds: [...seeds.extended, ...seeds.holepunches],
    run: (input) => {
      tolerate(() => parseExtendedHandshake(input));
      parseHolepunch(input);
    },
  },
  'metadata message': { seeds: seeds.metadata, run: (input) => void parseMetadata(input) },
  pex: { seeds: seeds.pex, run: (input) => void parsePex(input) },
  'krpc message': { seeds: seeds.krpc, run: (input) => void parseKrpc(input) },
  'utp packet': { seeds: seeds.utp, run: (input) => void parsePacket(input) },
  'http tracker, client': {
    seeds: seeds.trackerReplies,
    run: (input) => {
      tolerate(() => parseAnnounceReply(input));
      parseScrapeReply(input);
    },
  },
  'udp tracker, client': {
    seeds: seeds.udpReplies,
    run: (input) => {
      tolerate(() => parseUdpReply(input, 4));
      parseUdpReply(input, 6);
    },
  },
  'websocket tracker, client': {
    seeds: seeds.frames,
    run: (input) => void parseTrackerFrame(latin1Decode(input)),
  },
  'tracker address': {
    seeds: seeds.texts('http://a/announce?x=1', 'udp://[::1]:80', 'wss://t.example/', 'http://%zz'),
    run: (input) => {
      const text = latin1Decode(input);
      parseTrackerUrl(text);
      toScrapeUrl(text);
    },
  },
  stun: {
    seeds: seeds.stun,
    run: (input) => {
      if (isStun(input)) answerBinding(input, Uint8Array.of(1, 2, 3, 4), 5);
    },
  },
  'resume file': { seeds: seeds.resumes, run: (input) => void parseResume(input) },
  'websocket frames': {
    seeds: seeds.webSocketFrames,
    run: (input) => {
      const whole = readFrames([input]);
      const cut = input.length >> 1;
      const bytes = Array.from(input.subarray(0, cut), (byte) => Uint8Array.of(byte));
      const parts = readFrames([...bytes, input.subarray(cut)]);
      invariant(whole === parts, 'frames that do not depend on how they arrive');
    },
  },
  'end of a head': {
    seeds: seeds.texts('GET / HTTP/1.1\r\nHost: t\r\n\r\n', '\r\n\r\n', '\r\r\n\n\r\n\r\n\r'),
    run: (input) => {
      invariant(findHeadEnd(input, 0) === Buffer.from(input).indexOf('\r\n\r\n'), 'the first empty line');
    },
  },
  config: {
    seeds: seeds.configs,
    run: (input) => void parseTrackerConfig(utf8Decode(input), '/etc/tracker.toml'),
  },
  'http ranges': {
    seeds: seeds.texts('bytes=0-99', 'bytes=-5,0-1,7-', 'bytes=9-1', 'items=1-2', 'bytes=0-0,-1, 5-9'),
    run: (input) => {
      const found = parseRangeHeader(latin1Decode(input), 1000);
      if (found.kind !== 'partial') return;
      const sum = found.ranges.reduce((total, { start, end }) => total + end - start, 0);
      invariant(sum <= 1000, 'no byte is sent twice');
    },
  },
  'proxy headers': {
    seeds: seeds.texts('1.2.3.4, 10.0.0.1', 'for="[2001:db8::1]:80";proto=http, for=unknown', 'for=_x'),
    run: (input) => {
      const text = latin1Decode(input);
      const peer = Uint8Array.of(10, 0, 0, 1);
      clientAddress(peer, { forwardedFor: text, forwarded: '' }, proxies);
      clientAddress(peer, { forwardedFor: '', forwarded: text }, proxies);
    },
  },
  'address list': {
    seeds: seeds.texts('1.2.3.0 - 1.2.3.9 , 100 , bad', '10.0.0.0/8\n::1/128', 'x:1.1.1.1-2.2.2.2'),
    run: (input) => {
      IpFilter.parse(latin1Decode(input)).filter.has('1.2.3.4');
    },
  },
  ...machineTargets(),
};

/** Runs one of two decoders that are fed alike: the other one is to be reached too. */
function tolerate(decode: () => unknown): void {
  try {
    decode();
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error)) throw error;
  }
}

function isSafe(element: string): boolean {
  return element !== '' && element !== '.' && element !== '..' && !/[/\\\0]/.test(element);
}

/** All that a WebSocket client is heard to say, in order. */
function readFrames(chunks: readonly Uint8Array[]): string {
  const heard: (string | number)[] = [];
  const reader = new FrameReader({
    text: (text) => heard.push(text),
    ping: (payload) => heard.push(payload.toString('latin1')),
    pong: () => heard.push('pong'),
    end: (code) => heard.push(code),
  });
  // Copies: payloads are unmasked in place.
  for (const chunk of chunks) reader.read(Buffer.from(chunk));
  return JSON.stringify(heard);
}
