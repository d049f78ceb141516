// A .torrent file, bytes to `Metainfo`: what stands around the info dictionary, and the checks across both
// (BEP 3, 5, 12, 17, 19, 52). Bencode is read by the tolerant rule: torrents with unsorted keys are about, and since
// the info hash is taken over the bytes as found, nothing is lost by reading them.
import { decodeBencode, decodeBencodeDict } from '../bencode/decode.ts';
import type { BencodeDict, BencodeValue } from '../bencode/decode.ts';
import { dictOf, getInt, getList, getText, textOf } from '../bencode/fields.ts';
import type { Digests } from '../digests.ts';
import { LIMITS } from '../limits.ts';
import { readInfo } from './info.ts';
import type { Metainfo, NodeAddress } from './metainfo.ts';
import type { PathRules } from './paths.ts';
import { readPieceLayers } from './piece-layers.ts';
import { refuse } from './refuse.ts';

/** What a magnet link or a resume file knows besides the info dictionary. */
export interface InfoExtras {
  readonly trackers?: readonly (readonly string[])[] | undefined;
  readonly webSeeds?: readonly string[] | undefined;
  /** As `Metainfo.pieceLayers`; checked against the roots by whoever received them. */
  readonly pieceLayers?: ReadonlyMap<string, Uint8Array> | undefined;
  readonly rules?: PathRules | undefined;
}

const DEFAULT_RULES: PathRules = { names: 'posix', foldCase: true };

/**
 * Reads a .torrent file. Throws ProtocolError: BENCODE_* for what is no bencode, METAINFO_* for what breaks a rule of
 * the format. The result holds views on `bytes`, which must not change afterwards.
 * @example parseTorrent(await readFile('a.torrent'), digests).files.map((file) => file.path.join('/'))
 */
export function parseTorrent(
  bytes: Uint8Array,
  digests: Digests,
  rules: PathRules = DEFAULT_RULES,
): Metainfo {
  if (bytes.length > LIMITS.torrentFileBytes.value)
    refuse('METAINFO_TOO_LARGE', 'the torrent file is too large');
  const { dict, raw, end } = decodeBencodeDict(bytes, { canonical: false });
  const warnings: string[] = [];
  checkTail(bytes.subarray(end), warnings);
  const infoDict = dictOf(dict.get('info'));
  const infoBytes = raw.get('info');
  if (infoDict === undefined || infoBytes === undefined) {
    return refuse('METAINFO_NO_INFO', 'the file has no info dictionary (BEP 3)');
  }
  const info = readInfo({ dict: infoDict, bytes: infoBytes, rules }, digests, warnings);
  const { layers, missing } = readPieceLayers(dict, info, digests);
  if (missing > 0) warnings.push(`${String(missing)} piece layers are missing and must come from peers`);
  return {
    ...info,
    pieceLayers: layers,
    trackers: readTrackers(dict),
    webSeeds: readUrls(dict, 'url-list'),
    httpSeeds: readUrls(dict, 'httpseeds'),
    nodes: readNodes(dict),
    comment: getText(dict, 'comment.utf-8') ?? getText(dict, 'comment'),
    createdBy: getText(dict, 'created by'),
    creationDate: getInt(dict, 'creation date'),
    warnings,
  };
}

/** Reads an info dictionary as peers send it (BEP 9). The caller has checked its hash. Throws as `parseTorrent`. */
export function parseInfo(bytes: Uint8Array, extras: InfoExtras, digests: Digests): Metainfo {
  const dict = dictOf(decodeBencode(bytes, { canonical: false }));
  if (dict === undefined) return refuse('METAINFO_NO_INFO', 'the metadata is no dictionary (BEP 9)');
  const warnings: string[] = [];
  return {
    ...readInfo({ dict, bytes, rules: extras.rules ?? DEFAULT_RULES }, digests, warnings),
    pieceLayers: extras.pieceLayers ?? new Map<string, Uint8Array>(),
    trackers: extras.trackers ?? [],
    webSeeds: extras.webSeeds ?? [],
    httpSeeds: [],
    nodes: [],
    comment: undefined,
    createdBy: undefined,
    creationDate: undefined,
    warnings,
  };
}

/** White space behind the dictionary is what editors leave; anything else is no torrent. */
function checkTail(tail: Uint8Array, warnings: string[]): void {
  if (tail.length === 0) return;
  if (!tail.every((byte) => byte === 0x0a || byte === 0x0d || byte === 0x20)) {
    refuse('METAINFO_TRAILING', 'data after the end of the torrent');
  }
  warnings.push('white space after the end of the torrent');
}

/** BEP 12: with `announce-list`, `announce` is ignored; an empty list counts as none. No URL comes twice. */
function readTrackers(dict: BencodeDict): string[][] {
  if (dict.has('announce') && getText(dict, 'announce') === undefined) {
    refuse('METAINFO_BAD_TRACKERS', '"announce" is no string (BEP 3)');
  }
  // Some programs write an empty string for an empty list.
  const isEmpty = getText(dict, 'announce-list') === '' || !dict.has('announce-list');
  const list = isEmpty ? [] : getList(dict, 'announce-list');
  if (list === undefined) return refuse('METAINFO_BAD_TRACKERS', '"announce-list" is no list (BEP 12)');
  const seen = new Set<string>();
  const tiers = list.map((tier) => {
    if (!Array.isArray(tier)) return refuse('METAINFO_BAD_TRACKERS', 'a tier is no list (BEP 12)');
    return readTier(tier, seen);
  });
  const filled = tiers.filter((tier) => tier.length > 0);
  const announce = dict.get('announce');
  if (filled.length > 0 || announce === undefined) return filled;
  return [readTier([announce], seen)].filter((tier) => tier.length > 0);
}

function readTier(tier: readonly BencodeValue[], seen: Set<string>): string[] {
  const urls: string[] = [];
  for (const value of tier) {
    const url = textOf(value)?.trim();
    if (url === undefined) return refuse('METAINFO_BAD_TRACKERS', 'a tracker is no string (BEP 12)');
    if (url === '' || seen.has(url)) continue;
    seen.add(url);
    urls.push(url);
  }
  return urls;
}

/** BEP 17, BEP 19: a URL or a list of them; what is no URL is left out, as is what comes twice. */
function readUrls(dict: BencodeDict, key: string): string[] {
  const value = dict.get(key);
  const list = Array.isArray(value) ? value : [value];
  const urls = list.map((item) => textOf(item)?.trim() ?? '').filter((url) => url !== '');
  return [...new Set(urls)];
}

/** BEP 5: pairs of host and port. What is none is left out: nodes are only hints. */
function readNodes(dict: BencodeDict): NodeAddress[] {
  const nodes: NodeAddress[] = [];
  for (const pair of getList(dict, 'nodes') ?? []) {
    if (!Array.isArray(pair)) continue;
    const host = textOf(pair[0]);
    const port = pair[1];
    if (host !== undefined && host !== '' && typeof port === 'number' && port > 0 && port < 65536) {
      nodes.push({ host, port });
    }
  }
  return nodes;
}
