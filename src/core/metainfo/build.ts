// Writes the bytes of a .torrent from a plan and its hashes: canonical bencode, so that the same input gives the same
// bytes (BEP 3, 12, 19, 27, 47, 52). What parse.ts reads.
import { encodeBencode, type Encodable } from '../bencode/encode.ts';
import { fromHex, latin1Decode, utf8Encode } from '../bytes/bytes.ts';
import { UsageError } from '../errors.ts';
import type { FileEntry, NodeAddress } from './metainfo.ts';
import type { Plan } from './plan.ts';

/** What hashing the content of a plan gives. */
export interface ContentHashes {
  /** SHA-1 of each piece, 20 bytes each, in order; undefined in v2. */
  readonly pieceHashes: Uint8Array | undefined;
  /** For each file of the plan its merkle root; undefined for empty files, padding and all of v1. */
  readonly piecesRoots: readonly (Uint8Array | undefined)[];
  /** Lower-case hex of a root -> the piece layer, for files longer than a piece (BEP 52). */
  readonly pieceLayers: ReadonlyMap<string, Uint8Array>;
}

/** Fields inside the info dictionary: they change the info hash. */
export interface InfoFields {
  /** BEP 27. `false` writes `private = 0`, undefined leaves the key out. */
  readonly private?: boolean | undefined;
  /** Sets the same content apart, by info hash, for each place that publishes it. */
  readonly source?: string | undefined;
  /** BEP 39: where a newer version is asked for. */
  readonly updateUrl?: string | undefined;
}

/** Fields beside the info dictionary. */
export interface OuterFields {
  /** Tiers of announce URLs (BEP 12). */
  readonly trackers?: readonly (readonly string[])[] | undefined;
  /** BEP 19 `url-list`. */
  readonly webSeeds?: readonly string[] | undefined;
  /** DHT nodes (BEP 5). */
  readonly nodes?: readonly NodeAddress[] | undefined;
  readonly comment?: string | undefined;
  readonly createdBy?: string | undefined;
  /** Seconds since 1970 UTC. */
  readonly creationDate?: number | undefined;
  /** BEP 38: info hashes (of 20 or 32 bytes) of torrents that share files with this one. */
  readonly similar?: readonly Uint8Array[] | undefined;
  /** BEP 38: names of what this torrent belongs to, together with others that share files with it. */
  readonly collections?: readonly string[] | undefined;
}

/** The bencoded info dictionary. */
export function buildInfo(plan: Plan, hashes: ContentHashes, fields: InfoFields = {}): Uint8Array {
  return encodeBencode(infoDict(plan, hashes, fields));
}

/**
 * A whole .torrent file. Throws UsageError BUILD_BAD_HASHES where hashes do not fit the plan.
 *
 * @example
 * const bytes = buildTorrent(plan, hashes, { trackers: [['https://tracker.example/announce']], comment: 'hello' });
 */
export function buildTorrent(
  plan: Plan,
  hashes: ContentHashes,
  fields: InfoFields & OuterFields = {},
): Uint8Array {
  const layers =
    plan.version === 'v1'
      ? undefined
      : new Map([...hashes.pieceLayers].map(([root, layer]) => [latin1Decode(fromHex(root)), layer]));
  return encodeBencode({
    ...outerFields(fields),
    info: infoDict(plan, hashes, fields),
    'piece layers': layers,
  });
}

/** The keys beside `info` for some fields; those not given are undefined. */
export function outerFields(fields: OuterFields): Readonly<Record<string, Encodable | undefined>> {
  const tiers = (fields.trackers ?? []).filter((tier) => tier.length > 0);
  const urlCount = tiers.reduce((count, tier) => count + tier.length, 0);
  return {
    announce: tiers[0]?.[0],
    // BEP 12: one lone tracker needs no list.
    'announce-list': urlCount > 1 ? tiers : undefined,
    collections: listOrNothing(fields.collections ?? []),
    comment: fields.comment,
    'created by': fields.createdBy,
    'creation date': fields.creationDate,
    similar: listOrNothing(fields.similar ?? []),
    nodes: listOrNothing((fields.nodes ?? []).map((node) => [node.host, node.port])),
    'url-list': listOrNothing(fields.webSeeds ?? []),
  };
}

function infoDict(
  plan: Plan,
  hashes: ContentHashes,
  fields: InfoFields,
): Record<string, Encodable | undefined> {
  const isV1 = plan.version !== 'v2';
  const isV2 = plan.version !== 'v1';
  const single = plan.isSingleFile ? plan.files[0] : undefined;
  if (isV1 && hashes.pieceHashes?.length !== plan.pieceCount * 20) {
    throw new UsageError('BUILD_BAD_HASHES', 'the piece hashes do not fit the plan', {
      expected: plan.pieceCount * 20,
      received: hashes.pieceHashes?.length,
    });
  }
  return {
    ...(isV1 && single !== undefined ? { attr: attributes(single), length: single.length } : {}),
    'file tree': isV2 ? fileTree(plan, hashes) : undefined,
    files: isV1 && single === undefined ? plan.files.map(v1File) : undefined,
    'meta version': isV2 ? 2 : undefined,
    name: plan.name,
    'piece length': plan.pieceLength,
    pieces: isV1 ? hashes.pieceHashes : undefined,
    private: fields.private === undefined ? undefined : Number(fields.private),
    source: fields.source,
    'update-url': fields.updateUrl,
  };
}

/** Maps, as torrents of many files would spend their time on the keys of plain objects. */
function v1File(file: FileEntry): Encodable {
  return new Map<string, Encodable | undefined>([
    ['attr', attributes(file)],
    ['length', file.length],
    ['path', file.path.slice(1)],
    ['symlink path', file.symlink],
  ]);
}

type Tree = Map<string, Encodable>;

/** BEP 52: folders are dictionaries, a file is a dictionary with one empty key; padding is implied. */
function fileTree(plan: Plan, hashes: ContentHashes): Tree {
  const root: Tree = new Map();
  const folders = new Map<string, Tree>([['', root]]);
  for (const [index, file] of plan.files.entries()) {
    if (file.pad) continue;
    const path = plan.isSingleFile ? [plan.name] : file.path.slice(1);
    const leaf = new Map<string, Encodable | undefined>([
      ['attr', attributes(file)],
      ['length', file.length],
      ['pieces root', hashes.piecesRoots[index]],
      ['symlink path', file.symlink],
    ]);
    folderOf(path.slice(0, -1), folders).set(treeKey(path.at(-1) ?? ''), new Map([['', leaf]]));
  }
  return root;
}

function folderOf(path: readonly string[], folders: Map<string, Tree>): Tree {
  const key = path.join('/');
  const known = folders.get(key);
  if (known !== undefined) return known;
  const folder: Tree = new Map();
  folders.set(key, folder);
  folderOf(path.slice(0, -1), folders).set(treeKey(path.at(-1) ?? ''), folder);
  return folder;
}

/** Keys of a Map are bytes, one character each. */
function treeKey(element: string): string {
  return latin1Decode(utf8Encode(element));
}

/** BEP 47, letters in alphabetical order. */
function attributes(file: FileEntry): string | undefined {
  const letters = `${file.hidden ? 'h' : ''}${file.symlink === undefined ? '' : 'l'}${file.pad ? 'p' : ''}${file.executable ? 'x' : ''}`;
  return letters === '' ? undefined : letters;
}

function listOrNothing<T extends Encodable>(list: readonly T[]): readonly T[] | undefined {
  return list.length === 0 ? undefined : list;
}
