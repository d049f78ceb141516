// Users and what they transferred, in an embedded database that the tracker and the command line may have open at once.
// A passkey is a secret: its hash alone is kept. Totals are only ever added to, in whole transactions.
//   user/NAME → JSON    key/HASH → NAME    version → number, grows with every change to who may announce
import { randomBytes } from 'node:crypto';
import * as v from 'valibot';
import { toBase64Url } from '../../core/bytes/base64url.ts';
import { toHex, utf8Decode, utf8Encode } from '../../core/bytes/bytes.ts';
import { ProtocolError, UsageError } from '../../core/errors.ts';
import type { Transfer } from '../../core/tracker/access/transfer-accounts.ts';
import { nodeDigests } from '../../node/digests.ts';
import type { Database, DatabaseReader, DatabaseWriter } from '../../ports/database.ts';

const PASSKEY_BYTES = 16;
const VERSION = 'version';
const NAME = /^[\w.@-]{1,64}$/;

const STORED = v.object({
  keyHash: v.string(),
  uploaded: v.number(),
  downloaded: v.number(),
  locked: v.boolean(),
});

export interface User extends Transfer {
  readonly name: string;
  readonly keyHash: string;
  /** May not announce for now. */
  readonly locked: boolean;
}

export class UserBook {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Resolves with the passkey, which nobody can ask for again. Rejects with UsageError USER_*. */
  add(name: string): Promise<string> {
    if (!NAME.test(name)) {
      throw new UsageError(
        'USER_BAD_NAME',
        'a name has 1 to 64 letters, digits, dots, dashes, @ or underscores',
      );
    }
    return this.#database.transact((writer) => {
      if (writer.get(`user/${name}`) !== undefined)
        throw new UsageError('USER_EXISTS', `there is a user ${name}`);
      return giveKey(writer, { name, keyHash: '', uploaded: 0, downloaded: 0, locked: false });
    });
  }

  /** A new passkey; the old one opens nothing any more. */
  rekey(name: string): Promise<string> {
    return this.#database.transact((writer) => {
      const user = known(writer, name);
      writer.remove(`key/${user.keyHash}`);
      return giveKey(writer, user);
    });
  }

  lock(name: string, locked: boolean): Promise<void> {
    return this.#database.transact((writer) => {
      putUser(writer, { ...known(writer, name), locked });
      bump(writer);
    });
  }

  remove(name: string): Promise<void> {
    return this.#database.transact((writer) => {
      writer.remove(`key/${known(writer, name).keyHash}`);
      writer.remove(`user/${name}`);
      bump(writer);
    });
  }

  /** By name. */
  list(): User[] {
    return this.#database.entries('user/').map(([key, value]) => parseUser(key, value));
  }

  /** Changes whenever somebody else changed who may announce. */
  version(): number {
    return versionOf(this.#database);
  }

  /** Adds to totals, all or nothing. Users that have gone meanwhile are left out. */
  credit(transfers: ReadonlyMap<string, Transfer>): Promise<void> {
    return this.#database.transact((writer) => {
      for (const [name, { uploaded, downloaded }] of transfers) {
        const value = writer.get(`user/${name}`);
        if (value === undefined) continue;
        const user = parseUser(`user/${name}`, value);
        putUser(writer, {
          ...user,
          uploaded: user.uploaded + uploaded,
          downloaded: user.downloaded + downloaded,
        });
      }
    });
  }
}

export function hashPasskey(passkey: string): string {
  return toHex(nodeDigests.sha256(utf8Encode(passkey))).slice(0, 32);
}

function giveKey(writer: DatabaseWriter, user: User): string {
  const passkey = toBase64Url(new Uint8Array(randomBytes(PASSKEY_BYTES)));
  const keyHash = hashPasskey(passkey);
  putUser(writer, { ...user, keyHash });
  writer.put(`key/${keyHash}`, utf8Encode(user.name));
  bump(writer);
  return passkey;
}

function putUser(writer: DatabaseWriter, { name, keyHash, uploaded, downloaded, locked }: User): void {
  writer.put(`user/${name}`, utf8Encode(JSON.stringify({ keyHash, uploaded, downloaded, locked })));
}

function bump(writer: DatabaseWriter): void {
  writer.put(VERSION, utf8Encode(String(versionOf(writer) + 1)));
}

function versionOf(reader: DatabaseReader): number {
  const value = reader.get(VERSION);
  return value === undefined ? 0 : Number(utf8Decode(value));
}

function known(reader: DatabaseReader, name: string): User {
  const value = reader.get(`user/${name}`);
  if (value === undefined) throw new UsageError('USER_UNKNOWN', `there is no user ${name}`);
  return parseUser(`user/${name}`, value);
}

function parseUser(key: string, value: Uint8Array): User {
  try {
    return { name: key.slice('user/'.length), ...v.parse(STORED, JSON.parse(utf8Decode(value))) };
  } catch (cause) {
    throw new ProtocolError('USER_DAMAGED', `the database has no sense at ${key}`, { cause });
  }
}
