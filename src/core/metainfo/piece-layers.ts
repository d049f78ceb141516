// The `piece layers` of a torrent file: for each file of more than one piece, its hashes at piece level (BEP 52).
import { getBytes, getDict } from '../bencode/fields.ts';
import type { BencodeDict } from '../bencode/decode.ts';
import { equalBytes, latin1Decode, toHex } from '../bytes/bytes.ts';
import type { Digests } from '../digests.ts';
import { BLOCK_LENGTH } from './geometry.ts';
import { HASH_LENGTH, heightOf, layerRoot } from './merkle.ts';
import type { Info } from './metainfo.ts';
import { refuse } from './refuse.ts';

type Layers = ReadonlyMap<string, Uint8Array>;

/**
 * Layers by the hex of their root, each checked against it. A missing layer is a warning: the torrent is then as good
 * as its magnet link, and peers send the layer. A wrong one is refused: nothing could ever match it.
 */
export function readPieceLayers(
  outer: BencodeDict,
  info: Info,
  digests: Digests,
): { readonly layers: Layers; readonly missing: number } {
  const given = outer.has('piece layers') ? getDict(outer, 'piece layers') : new Map<string, never>();
  if (given === undefined) return refuse('METAINFO_BAD_LAYERS', '"piece layers" is no dictionary (BEP 52)');
  const layers = new Map<string, Uint8Array>();
  let missing = 0;
  for (const { piecesRoot, length } of info.files) {
    if (piecesRoot === undefined || length <= info.pieceLength) continue;
    const key = latin1Decode(piecesRoot);
    if (!given.has(key)) {
      missing++;
      continue;
    }
    const layer = getBytes(given, key);
    if (layer === undefined) return refuse('METAINFO_BAD_LAYERS', 'a piece layer is no string (BEP 52)');
    const hex = toHex(piecesRoot);
    if (!layers.has(hex)) checkLayer({ layer, root: piecesRoot, length }, info.pieceLength, digests);
    layers.set(hex, layer);
  }
  return { layers, missing };
}

/** BEP 52: one hash for each piece, and together they give the root. Throws ProtocolError METAINFO_BAD_LAYERS. */
function checkLayer(
  file: { readonly layer: Uint8Array; readonly root: Uint8Array; readonly length: number },
  pieceLength: number,
  digests: Digests,
): void {
  const { layer, root, length } = file;
  if (layer.length !== Math.ceil(length / pieceLength) * HASH_LENGTH) {
    refuse('METAINFO_BAD_LAYERS', 'a piece layer does not have one hash for each piece (BEP 52)');
  }
  if (!equalBytes(layerRoot(layer, heightOf(pieceLength / BLOCK_LENGTH), digests.sha256), root)) {
    refuse('METAINFO_BAD_LAYERS', 'a piece layer does not match its root (BEP 52)');
  }
}
