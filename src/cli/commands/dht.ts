// swarmpress dht: small items that anybody may keep in the DHT (BEP 44), and samples of what nodes know (BEP 51).
import { readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { decodeBencode, type BencodeValue } from '../../core/bencode/decode.ts';
import { encodeBencode } from '../../core/bencode/encode.ts';
import { fromHex, latin1Decode, toHex, utf8Encode } from '../../core/bytes/bytes.ts';
import { ProtocolError, UsageError } from '../../core/errors.ts';
import { printable } from '../../core/format.ts';
import type { NodeAddress } from '../../core/metainfo/metainfo.ts';
import type { MutableItem } from '../../engine/dht-client.ts';
import { Dht } from '../../node/dht.ts';
import { toFileError } from '../../node/file-error.ts';
import { loadSigningKey } from '../../node/signing-key.ts';
import { defineCommand, examples, type CliCommand, type CommonFlags, type Invocation } from '../command.ts';
import type { ExitCode } from '../io.ts';
import { collectNodes } from '../option-values.ts';
import { parseDuration, parsePort } from '../quantity.ts';

interface DhtFlags extends CommonFlags {
  readonly dhtBootstrap?: readonly NodeAddress[];
  readonly port: number;
  readonly host?: string;
  readonly state?: string;
  readonly timeout: number;
  readonly key?: string;
  readonly salt?: string;
  readonly sequence?: number;
  readonly file?: string;
  readonly bencode?: boolean;
  readonly output?: string;
}

type Call = Invocation<DhtFlags>;

export const dhtCommand: CliCommand = defineCommand<DhtFlags>({
  name: 'dht',
  declare: (command) =>
    command
      .description(
        'Read and write small items in the DHT, and sample what it knows. Exit code 1 if nothing is found.',
      )
      .argument('<action>', 'get, put or sample')
      .argument('[what]', 'get: a target (40 hex digits) or a public key (64); put: text; sample: a target')
      .option('--key <file>', 'put: sign with this key, made on first use; the item can be changed later')
      .option('--salt <text>', 'tells the items of one key apart')
      .option('--sequence <number>', 'put: of a signed item (default: one more than is there)', parseSequence)
      .option('--file <file>', "put: what a file holds, or '-' for stdin, in place of text")
      .option('--bencode', 'put: the bytes are a bencoded value, not a string; get: write them so')
      .option('-o, --output <file>', 'get: write the value to a file')
      .option(
        '--dht-bootstrap <host:port>',
        'where to enter the DHT, in place of the well-known hosts (repeatable)',
        collectNodes,
      )
      .option('--port <number>', 'UDP port', parsePort, 0)
      .option('--host <address>', 'address to bind (default: all)')
      .option('--state <folder>', 'where the nodes of the last run are kept')
      .option('--timeout <time>', 'how long to wait for the first answer', parseDuration, 20)
      .addHelpText(
        'after',
        examples(
          ['dht put "Hello World!"', 'prints the target that it is found by, for two hours'],
          ['dht get e5f96f6f38320f0f33959cb4d3d656452117aadb', 'what is there'],
          [
            'dht put --key me.pem --salt news "magnet:?xt=…"',
            'prints the public key; put again to change it',
          ],
          ['dht get PUBLIC-KEY --salt news', 'the newest that the key has signed'],
          ['dht sample', 'info hashes that nodes near a random place know'],
        ),
      ),
  run: async (call) => {
    const [action = '', what] = call.args;
    if (action === 'get' && what !== undefined) return get(call, what);
    if (action === 'put' && (what === undefined) !== (call.flags.file === undefined)) return put(call, what);
    if (action === 'sample') return sample(call, what);
    throw new UsageError(
      'OPTION_INVALID',
      'say `dht get TARGET`, `dht put TEXT`, `dht put --file FILE` or `dht sample`',
    );
  },
});

/** Asks without answering others (BEP 43): it is gone before they could ask again. */
async function withDht<T>({ flags, io }: Call, use: (dht: Dht) => Promise<T>): Promise<T> {
  const dht = await Dht.open({
    bootstrap: flags.dhtBootstrap,
    readOnly: true,
    port: flags.port,
    host: flags.host,
    stateFolder: flags.state === undefined ? undefined : resolve(io.cwd, flags.state),
    timeoutSeconds: flags.timeout,
  });
  const close = (): void => void dht.close();
  io.signal.addEventListener('abort', close);
  try {
    return await use(dht);
  } finally {
    io.signal.removeEventListener('abort', close);
    await dht.close();
  }
}

async function get(call: Call, what: string): Promise<ExitCode> {
  const { flags, io, output } = call;
  const name = hexBytes(what, [20, 32], 'a target (40 hex digits) or a public key (64 hex digits)');
  const item = await withDht(call, (dht) => read(dht, name, saltOf(flags)));
  if (item === undefined) {
    output.json({ found: false });
    output.note('Nothing is there, or nodes have forgotten it.');
    return 1;
  }
  const { value, sequence, signature } = item;
  const encoded = encodeBencode(value);
  const bytes = value instanceof Uint8Array && flags.bencode !== true ? value : encoded;
  const text = value instanceof Uint8Array ? utf8Of(value) : undefined;
  if (flags.output !== undefined) await writeOutput(resolve(io.cwd, flags.output), bytes);
  output.json({
    found: true,
    ...{ text, bencode: Buffer.from(encoded).toString('base64') },
    ...{ sequence, signature: signature === undefined ? undefined : toHex(signature) },
  });
  if (flags.output === undefined) output.line(printable(utf8Of(bytes) ?? latin1Decode(bytes)));
  if (sequence !== undefined) output.note(`Sequence number ${String(sequence)}.`);
  return 0;
}

async function read(
  dht: Dht,
  name: Uint8Array,
  salt: Uint8Array | undefined,
): Promise<(Partial<MutableItem> & { readonly value: BencodeValue }) | undefined> {
  if (name.length === 32) return dht.getMutable(name, { salt });
  if (salt !== undefined) throw new UsageError('OPTION_INVALID', 'only items of a public key have a --salt');
  const value = await dht.getImmutable(name);
  return value === undefined ? undefined : { value };
}

async function put(call: Call, text: string | undefined): Promise<ExitCode> {
  const { flags, io, output } = call;
  if (flags.key === undefined && (flags.salt !== undefined || flags.sequence !== undefined))
    throw new UsageError('OPTION_INVALID', '--salt and --sequence are for signed items: give a --key');
  const bytes = text === undefined ? await readInput(call) : utf8Encode(text);
  const value = flags.bencode === true ? parseValue(bytes) : bytes;
  const signer = flags.key === undefined ? undefined : await loadSigningKey(resolve(io.cwd, flags.key));
  const { target, stored, sequence } = await withDht(call, (dht) =>
    signer === undefined
      ? dht.putImmutable(value)
      : dht.putMutable(signer, value, { salt: saltOf(flags), sequence: flags.sequence }),
  );
  const publicKey = signer === undefined ? undefined : toHex(signer.publicKey);
  output.json({ ok: stored > 0, target: toHex(target), publicKey, salt: flags.salt, sequence, stored });
  if (stored === 0) {
    output.note('No node has taken it.');
    return 1;
  }
  output.line(publicKey ?? toHex(target));
  output.note(
    `Stored on ${String(stored)} nodes${sequence === undefined ? '' : `, sequence number ${String(sequence)}`}.`,
  );
  return 0;
}

async function sample(call: Call, what: string | undefined): Promise<ExitCode> {
  const { output } = call;
  const target = what === undefined ? undefined : hexBytes(what, [20], 'a target (40 hex digits)');
  const { infoHashes, nodes } = await withDht(call, (dht) => dht.sample(target));
  const hashes = infoHashes.map(toHex);
  output.json({ infoHashes: hashes, nodes });
  for (const hash of hashes) output.line(hash);
  output.note(`${String(hashes.length)} info hashes from ${String(nodes)} nodes.`);
  return hashes.length === 0 ? 1 : 0;
}

async function readInput({ flags, io }: Call): Promise<Uint8Array> {
  if (flags.file === '-') {
    const chunks: Buffer[] = [];
    for await (const chunk of io.stdin) chunks.push(Buffer.from(chunk));
    return new Uint8Array(Buffer.concat(chunks));
  }
  const path = resolve(io.cwd, flags.file ?? '');
  try {
    return new Uint8Array(await readFile(path));
  } catch (error) {
    throw toFileError(error, path);
  }
}

async function writeOutput(path: string, bytes: Uint8Array): Promise<void> {
  try {
    await writeFile(path, bytes);
  } catch (error) {
    throw toFileError(error, path);
  }
}

function saltOf({ salt }: DhtFlags): Uint8Array | undefined {
  return salt === undefined ? undefined : utf8Encode(salt);
}

function parseValue(bytes: Uint8Array): BencodeValue {
  try {
    return decodeBencode(bytes);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    throw new UsageError('OPTION_INVALID', `--bencode is for bencoded values: ${error.message}`);
  }
}

/** Undefined for bytes that are no text. */
function utf8Of(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

function hexBytes(text: string, lengths: readonly number[], expected: string): Uint8Array {
  if (/^[0-9a-f]+$/i.test(text) && lengths.includes(text.length / 2)) return fromHex(text.toLowerCase());
  throw new UsageError('OPTION_INVALID', `"${text}" is not ${expected}`, { expected, received: text });
}

function parseSequence(text: string): number {
  const sequence = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(sequence)) return sequence;
  throw new UsageError('OPTION_INVALID', `"${text}" is not a whole number from 0 on`);
}
