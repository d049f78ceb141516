// Why a tracker says no. Made once: a refusal under load costs nothing but its bytes.
import type { TrackerFailure } from './model.ts';

export type RefusalCode =
  | 'bad-request'
  | 'bad-info-hash'
  | 'bad-peer-id'
  | 'bad-port'
  | 'bad-address'
  | 'not-allowed'
  | 'bad-token'
  | 'expired-token'
  | 'revoked-token'
  | 'banned'
  | 'too-many-requests'
  | 'tracker-full'
  | 'no-full-scrape'
  | 'too-many-hashes';

export interface Refusal extends TrackerFailure {
  readonly code: RefusalCode;
}

/** Each refusal with what the client is told, and when it may try again (BEP 31). */
export const REFUSALS: Readonly<Record<RefusalCode, Refusal>> = {
  'bad-request': refusal('bad-request', 'The request is malformed.'),
  'bad-info-hash': refusal('bad-info-hash', 'info_hash must be 20 bytes.'),
  'bad-peer-id': refusal('bad-peer-id', 'peer_id must be 20 bytes.'),
  'bad-port': refusal('bad-port', 'port must be 1 to 65535.'),
  'bad-address': refusal('bad-address', 'Peers from this address range are not accepted.'),
  'not-allowed': refusal('not-allowed', 'This torrent is not tracked here.', 60),
  'bad-token': refusal('bad-token', 'The announce URL is not valid for this torrent.', 60),
  'expired-token': refusal('expired-token', 'The announce URL has expired.', 'never'),
  'revoked-token': refusal('revoked-token', 'The announce URL has been revoked.', 'never'),
  banned: refusal('banned', 'This address is banned.', 'never'),
  'too-many-requests': refusal('too-many-requests', 'Too many requests, slow down.', 5),
  'tracker-full': refusal('tracker-full', 'The tracker is full.', 30),
  'no-full-scrape': refusal('no-full-scrape', 'Scrape needs an info_hash.'),
  'too-many-hashes': refusal('too-many-hashes', 'Too many info hashes in one scrape.'),
};

function refusal(code: RefusalCode, message: string, retryMinutes?: number | 'never'): Refusal {
  return { code, message, retryMinutes };
}
