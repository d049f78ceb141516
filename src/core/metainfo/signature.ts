// Signed torrents in the form of BEP 35: beside `info` a dictionary `signatures`, whose entries sign the info dictionary
// together with an info dictionary of their own. The signature is Ed25519 and names its key, instead of RSA and X.509;
// docs/decisions/0101-signatures.md says why.
import { decodeBencodeDict, type BencodeDict } from '../bencode/decode.ts';
import { encodeBencode, type EncodableObject } from '../bencode/encode.ts';
import { dictOf, getBytes, getInt, getText } from '../bencode/fields.ts';
import { concatBytes, fromBase32, toBase32 } from '../bytes/bytes.ts';
import { ProtocolError } from '../errors.ts';
import { encodeMembers } from './edit.ts';

/** The name of our signature among those that a torrent may have. */
const IDENTIFIER = 'swarmpress.ed25519';
const KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;
const FINGERPRINT_HEAD = 'ed25519:';

/** What a publisher says of a torrent, under its signature. */
export interface SignedStatement {
  /** Ed25519 public key, 32 bytes. */
  readonly key: Uint8Array;
  /** Which of the publisher's items this is, and which version of it, from 1. */
  readonly item?: string | undefined;
  readonly version?: number | undefined;
  /** BEP 39: where a newer version is asked for; it stands for that of the torrent. */
  readonly updateUrl?: string | undefined;
}

export interface TorrentSignature extends SignedStatement {
  readonly signature: Uint8Array;
  /** The bytes that are signed. */
  readonly message: Uint8Array;
}

/** The .torrent with the publisher's signature put in (one of the same kind is replaced). Info hashes stay. */
export function signTorrent(
  bytes: Uint8Array,
  statement: SignedStatement,
  sign: (message: Uint8Array) => Uint8Array,
): Uint8Array {
  const { dict, raw } = decodeBencodeDict(bytes, { canonical: false });
  const infoBytes = raw.get('info');
  if (infoBytes === undefined)
    throw new ProtocolError('METAINFO_NO_INFO', 'the file has no info dictionary (BEP 3)');
  const said: EncodableObject = {
    item: statement.item,
    key: statement.key,
    'update-url': statement.updateUrl,
    version: statement.version,
  };
  const signature = sign(concatBytes([infoBytes, encodeBencode(said)]));
  const signatures = new Map(dictOf(dict.get('signatures')) ?? []);
  signatures.set(IDENTIFIER, new Map());
  const members = new Map(
    [...signatures].map(([name, value]) => [
      name,
      name === IDENTIFIER ? encodeBencode({ info: said, signature }) : encodeBencode(value),
    ]),
  );
  return encodeMembers(new Map(raw).set('signatures', encodeMembers(members)));
}

/** The publisher's signature of a .torrent; undefined where there is none. Checks nothing but the form. */
export function readSignature(bytes: Uint8Array): TorrentSignature | undefined {
  const { raw } = decodeBencodeDict(bytes, { canonical: false });
  const infoBytes = raw.get('info');
  const signatures = raw.get('signatures');
  if (infoBytes === undefined || signatures?.[0] !== DICT) return undefined;
  const entry = decodeBencodeDict(signatures, { canonical: false }).raw.get(IDENTIFIER);
  if (entry?.[0] !== DICT) return undefined;
  const { dict, raw: parts } = decodeBencodeDict(entry, { canonical: false });
  const said = dictOf(dict.get('info'));
  const saidBytes = parts.get('info');
  const signature = getBytes(dict, 'signature');
  const key = said === undefined ? undefined : getBytes(said, 'key');
  if (said === undefined || saidBytes === undefined) return undefined;
  if (key?.length !== KEY_BYTES || signature?.length !== SIGNATURE_BYTES) return undefined;
  return { ...statementOf(said), key, signature, message: concatBytes([infoBytes, saidBytes]) };
}

/** BEP 39: where a newer version of a torrent is asked for. What is signed goes first. */
export function updateUrlOf(bytes: Uint8Array): string | undefined {
  const { dict } = decodeBencodeDict(bytes, { canonical: false });
  const info = dictOf(dict.get('info'));
  return readSignature(bytes)?.updateUrl ?? (info === undefined ? undefined : getText(info, 'update-url'));
}

/** A key as people compare it: the whole of it, so that nothing but the key has it. */
export function fingerprintOf(key: Uint8Array): string {
  return FINGERPRINT_HEAD + toBase32(key).toLowerCase().replace(/=+$/, '');
}

/** Throws ProtocolError KEY_INVALID. */
export function parseFingerprint(text: string): Uint8Array {
  const compact = text.replace(/[\s-]/g, '').toLowerCase();
  const body = compact.startsWith(FINGERPRINT_HEAD) ? compact.slice(FINGERPRINT_HEAD.length) : compact;
  try {
    const key = fromBase32(body);
    if (key.length === KEY_BYTES) return key;
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
  }
  throw new ProtocolError(
    'KEY_INVALID',
    `"${text}" is no key's fingerprint, which is ${FINGERPRINT_HEAD} and 52 letters`,
  );
}

const DICT = 0x64;

function statementOf(said: BencodeDict): Omit<SignedStatement, 'key'> {
  return {
    item: getText(said, 'item'),
    version: getInt(said, 'version'),
    updateUrl: getText(said, 'update-url'),
  };
}
