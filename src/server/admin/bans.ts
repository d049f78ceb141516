// Addresses and torrents that the operator shut out, in a file of one a line, or in memory alone without a file. The file
// is the truth: it is read again on reload, and rewritten as a whole with every change.
import { BlockList } from 'node:net';
import { readFile } from 'node:fs/promises';
import { formatIp, parseIp } from '../../core/address.ts';
import { fromHex, toHex, utf8Encode } from '../../core/bytes/bytes.ts';
import { ProtocolError, UsageError } from '../../core/errors.ts';
import type { AnnounceQuery } from '../../core/tracker/announce-query.ts';
import type { AccessControl } from '../../core/tracker/policy.ts';
import { REFUSALS, type Refusal } from '../../core/tracker/refusal.ts';
import { writeFileAtomic } from '../../node/atomic-write.ts';
import { toFileError } from '../../node/file-error.ts';
import { errnoOf } from '../../node/os-error.ts';

export class Bans implements AccessControl {
  readonly #path: string | undefined;
  readonly #addresses = new Set<string>();
  readonly #torrents = new Set<string>();
  #list = new BlockList();
  #writing: Promise<void> = Promise.resolve();

  private constructor(path: string | undefined) {
    this.#path = path;
  }

  /** Rejects with SystemError FILE_* or ProtocolError BANS_BAD_LINE; a file that is not there yet is empty. */
  static async open(path: string | undefined): Promise<Bans> {
    const bans = new Bans(path);
    await bans.reload();
    return bans;
  }

  check(query: AnnounceQuery): Refusal | undefined {
    if (this.#torrents.size > 0 && this.#torrents.has(toHex(query.infoHash))) return REFUSALS['not-allowed'];
    if (this.#addresses.size === 0) return undefined;
    const family = query.family === 4 ? 'ipv4' : 'ipv6';
    return this.#list.check(formatIp(query.address), family) ? REFUSALS.banned : undefined;
  }

  all(): { readonly torrents: readonly string[]; readonly addresses: readonly string[] } {
    return { torrents: [...this.#torrents], addresses: [...this.#addresses] };
  }

  /** Throws (rejects with) UsageError BAN_INVALID, SystemError FILE_*, DISK_*. */
  async add(what: string): Promise<void> {
    const entry = parseBan(what);
    (entry.kind === 'torrent' ? this.#torrents : this.#addresses).add(entry.text);
    this.#rebuild();
    await this.#save();
  }

  async remove(what: string): Promise<void> {
    const entry = parseBan(what);
    if (!(entry.kind === 'torrent' ? this.#torrents : this.#addresses).delete(entry.text)) {
      throw new UsageError('BAN_UNKNOWN', `${what} is not banned`);
    }
    this.#rebuild();
    await this.#save();
  }

  async reload(): Promise<void> {
    if (this.#path === undefined) return;
    const entries = (await readText(this.#path)).split('\n').flatMap((line, index) => {
      const text = line.replace(/#.*$/, '').trim();
      return text === '' ? [] : [parseLine(text, index + 1)];
    });
    this.#addresses.clear();
    this.#torrents.clear();
    for (const { kind, text } of entries) (kind === 'torrent' ? this.#torrents : this.#addresses).add(text);
    this.#rebuild();
  }

  #rebuild(): void {
    const list = new BlockList();
    for (const text of this.#addresses) {
      const [address = '', bits = ''] = text.split('/');
      list.addSubnet(address, Number(bits), address.includes(':') ? 'ipv6' : 'ipv4');
    }
    this.#list = list;
  }

  async #save(): Promise<void> {
    const path = this.#path;
    if (path === undefined) return;
    const before = this.#writing;
    const write = async (): Promise<void> => {
      await before.catch(() => undefined);
      const lines = [...this.#addresses, ...this.#torrents].map((text) => `${text}\n`).join('');
      await writeFileAtomic(path, utf8Encode(lines), { overwrite: true });
    };
    this.#writing = write();
    await this.#writing;
  }
}

interface Ban {
  readonly kind: 'torrent' | 'address';
  readonly text: string;
}

/** An info hash (40 or 64 hex digits), an address or a range; each in one form. */
function parseBan(text: string): Ban {
  if (/^([0-9a-f]{40}|[0-9a-f]{64})$/i.test(text)) {
    return { kind: 'torrent', text: toHex(fromHex(text).slice(0, 20)) };
  }
  const [address = '', prefix] = text.split('/');
  const ip = parseIp(address);
  const bits = prefix === undefined ? (ip?.length ?? 0) * 8 : Number(prefix);
  if (ip === undefined || !/^\d{1,3}$/.test(prefix ?? '0') || bits > ip.length * 8) {
    throw new UsageError(
      'BAN_INVALID',
      `neither an info hash nor an address nor a range: ${text.slice(0, 80)}`,
    );
  }
  return { kind: 'address', text: `${formatIp(ip)}/${String(bits)}` };
}

function parseLine(text: string, line: number): Ban {
  try {
    return parseBan(text);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new ProtocolError('BANS_BAD_LINE', `line ${String(line)} of the bans: ${error.message}`);
  }
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return '';
    throw toFileError(error, path);
  }
}
