// Peers that do what no peer should: each has one habit, and says it with real messages over real streams.
import { Bitfield } from '../../../src/core/bytes/bitfield.ts';
import { encodeBencode } from '../../../src/core/bencode/encode.ts';
import { concatBytes, latin1Encode } from '../../../src/core/bytes/bytes.ts';
import { percentEncode } from '../../../src/core/tracker/tracker-url.ts';
import { toPeerId } from '../../../src/core/ids.ts';
import type { Rng } from '../../../src/core/swarm/rng.ts';
import { WireConnection } from '../../../src/core/wire/connection.ts';
import { encodeMessage } from '../../../src/core/wire/encode.ts';
import { encodeExtendedHandshake } from '../../../src/core/wire/extended.ts';
import { encodeHandshake } from '../../../src/core/wire/handshake.ts';
import type { Message } from '../../../src/core/wire/messages.ts';
import { encodeMetadata } from '../../../src/core/wire/metadata.ts';
import { encodePex } from '../../../src/core/wire/pex.ts';
import type { Stream } from '../../../src/ports/transport.ts';
import type { WholeContent } from './content.ts';
import type { NetworkHost, SimNetwork } from './network.ts';
import type { SimTracker } from './tracker.ts';

const PORT = 6881;
/** Enough of each habit; then the villain is silent. */
const MOST_ACTS = 400;

/** Sends without being asked, now and then. */
type Act = (villain: Villain, stream: Stream) => void;

interface Habit {
  /** In place of the handshake; undefined makes an honest one. */
  readonly opens?: (villain: Villain) => Uint8Array;
  /** What it claims to have. */
  readonly claims?: 'all' | 'none' | 'absurd';
  /** Answers a request. */
  readonly serves?: (villain: Villain, request: Extract<Message, { kind: 'request' }>) => Message[];
  readonly act?: Act;
  /** Milliseconds between acts. */
  readonly everyMs?: number;
  readonly reads?: boolean;
  readonly unchokes?: boolean;
}

const honest = (villain: Villain, request: Extract<Message, { kind: 'request' }>): Message[] => [
  { kind: 'piece', piece: request.piece, begin: request.begin, data: villain.block(request) },
];

function send(stream: Stream, ...messages: readonly Message[]): void {
  stream.write(messages.map((message) => encodeMessage(message)));
}

/** A number that may be a piece, a little beyond, or absurd. */
function index(villain: Villain): number {
  const { rng, content } = villain;
  const { pieceCount } = content.metainfo;
  return rng.pick([rng.below(pieceCount), pieceCount, 0xffff_ffff, 0x7fff_ffff]) ?? 0;
}

export const HABITS: Readonly<Record<string, Habit>> = {
  silent: { opens: () => new Uint8Array(0) },
  'half a handshake': { opens: (villain) => villain.handshake().subarray(0, villain.rng.below(68)) },
  noise: { opens: (villain) => villain.noise(1 + villain.rng.below(400)) },
  'other torrent': { opens: (villain) => villain.handshake(villain.noise(20)) },
  'never unchokes': { claims: 'all' },
  'chokes for ever': {
    claims: 'all',
    unchokes: true,
    everyMs: 300,
    act: (_, stream) => {
      send(stream, { kind: 'unchoke' }, { kind: 'choke' });
    },
  },
  'serves nothing': { claims: 'all', unchokes: true, serves: () => [] },
  liar: {
    claims: 'all',
    unchokes: true,
    serves: (villain, request) => [
      { kind: 'piece', piece: request.piece, begin: request.begin, data: villain.noise(request.length) },
    ],
  },
  'lies now and then': {
    claims: 'all',
    unchokes: true,
    serves: (villain, request) => {
      const data = villain.block(request).slice();
      if (villain.rng.below(4) === 0) data[villain.rng.below(data.length)] = villain.rng.below(256);
      return [{ kind: 'piece', piece: request.piece, begin: request.begin, data }];
    },
  },
  'wrong blocks': {
    claims: 'all',
    unchokes: true,
    serves: (villain, request) => {
      const begin = villain.rng.pick([request.begin + 16384, request.begin + 1, 0xffff_ffff, 0]) ?? 0;
      return [{ kind: 'piece', piece: index(villain), begin, data: villain.block(request) }];
    },
  },
  'short and long blocks': {
    claims: 'all',
    unchokes: true,
    serves: (villain, request) => [
      {
        kind: 'piece',
        piece: request.piece,
        begin: request.begin,
        data: villain.noise(villain.rng.pick([0, 1, request.length - 1, request.length + 1]) ?? 0),
      },
    ],
  },
  'duplicates and unasked blocks': {
    claims: 'all',
    unchokes: true,
    serves: (villain, request) => [...honest(villain, request), ...honest(villain, request)],
    everyMs: 200,
    act: (villain, stream) => {
      const request = { kind: 'request', piece: villain.somePiece(), begin: 0, length: 16384 } as const;
      send(stream, ...honest(villain, request));
    },
  },
  'serves, then rejects': {
    claims: 'all',
    unchokes: true,
    serves: (villain, request) => [...honest(villain, request), { ...request, kind: 'reject' }],
  },
  'absurd bitfield': { claims: 'absurd', unchokes: true },
  'huge indices': {
    claims: 'none',
    everyMs: 150,
    act: (villain, stream) => {
      const kinds = ['have', 'suggest', 'allowed-fast'] as const;
      send(stream, { kind: kinds[villain.rng.below(3)] ?? 'have', piece: index(villain) });
    },
  },
  'absurd requests': {
    claims: 'none',
    everyMs: 150,
    act: (villain, stream) => {
      const numbers = [0, 1, 16384, 131_072, 0x7fff_ffff, 0xffff_ffff];
      const pick = (): number => villain.rng.pick(numbers) ?? 0;
      const kind = villain.rng.pick(['request', 'cancel', 'reject'] as const) ?? 'request';
      send(stream, { kind: 'interested' }, { kind, piece: index(villain), begin: pick(), length: pick() });
    },
  },
  'requests and does not read': {
    claims: 'none',
    reads: false,
    everyMs: 100,
    act: (villain, stream) => {
      send(stream, { kind: 'interested' });
      for (let i = 0; i < 40; i++) {
        send(stream, { kind: 'request', piece: villain.somePiece(), begin: 0, length: 16384 });
      }
    },
  },
  'floods of small messages': {
    claims: 'none',
    everyMs: 100,
    act: (villain, stream) => {
      const all: Message[] = [
        ...([{ kind: 'keep-alive' }, { kind: 'interested' }, { kind: 'not-interested' }] as const),
        ...([{ kind: 'choke' }, { kind: 'unchoke' }, { kind: 'have-none' }, { kind: 'have-all' }] as const),
        { kind: 'port', port: villain.rng.below(65536) },
        { kind: 'have', piece: villain.somePiece() },
      ];
      for (let i = 0; i < 60; i++) send(stream, villain.rng.pick(all) ?? { kind: 'choke' });
    },
  },
  'metadata and extension floods': {
    claims: 'none',
    everyMs: 100,
    act: (villain, stream) => {
      const { rng } = villain;
      const payloads = [
        encodeMetadata({ kind: 'request', piece: rng.below(3) }),
        encodeMetadata({ kind: 'reject', piece: rng.below(3) }),
        encodeMetadata({ kind: 'data', piece: 0, totalSize: 100, data: villain.noise(100) }),
        encodeBencode({ m: { ut_metadata: 300, ut_pex: -1 }, metadata_size: 2 ** 40 }),
        villain.noise(rng.below(200)),
        latin1Encode('d'.repeat(2000)),
      ];
      for (let i = 0; i < 10; i++) {
        send(stream, { kind: 'extended', id: rng.below(9), payload: rng.pick(payloads) ?? villain.noise(1) });
      }
    },
  },
  'wrong metadata': {
    claims: 'all',
    unchokes: true,
    everyMs: 50,
    act: (villain, stream) => {
      const totalSize = villain.content.metainfo.infoBytes.length;
      const data = villain.noise(Math.min(totalSize, 16384));
      send(stream, {
        kind: 'extended',
        id: 2,
        payload: encodeMetadata({ kind: 'data', piece: 0, totalSize, data }),
      });
    },
  },
  'pex floods': {
    claims: 'none',
    everyMs: 200,
    act: (villain, stream) => {
      const { rng } = villain;
      const added = Array.from({ length: 50 }, () => ({
        address: {
          ip: `10.${String(rng.below(3))}.${String(rng.below(256))}.${String(rng.below(9))}`,
          port: PORT,
        },
        flags: rng.below(32),
      }));
      send(stream, { kind: 'extended', id: 1, payload: encodePex({ added, dropped: [] }) });
    },
  },
  'wrong hashes': {
    claims: 'all',
    unchokes: true,
    serves: honest,
    everyMs: 200,
    act: (villain, stream) => {
      const range = {
        piecesRoot: villain.content.metainfo.files.at(0)?.piecesRoot ?? villain.noise(32),
        baseLayer: villain.rng.below(4),
        index: villain.rng.below(4) * 2,
        length: 2,
        proofLayers: villain.rng.below(3),
      };
      send(
        stream,
        { kind: 'hashes', range, hashes: villain.noise(64) },
        { kind: 'hash-request', range },
        { kind: 'hash-reject', range },
      );
    },
  },
  'breaks in the middle of blocks': {
    claims: 'all',
    unchokes: true,
    serves: (villain, request) => {
      villain.queue.after(villain.rng.below(50), () => {
        villain.hangUp();
      });
      return honest(villain, request);
    },
  },
  'valid frames of noise': {
    claims: 'none',
    everyMs: 100,
    act: (villain, stream) => {
      const body = villain.noise(1 + villain.rng.below(60));
      body[0] = villain.rng.below(25);
      stream.write([Uint8Array.of(0, 0, 0, body.length), body]);
    },
  },
};

export class Villain {
  readonly ip: string;
  readonly content: WholeContent;
  readonly rng: Rng;
  readonly habit: Habit;
  readonly #net: SimNetwork;
  readonly #tracker: SimTracker;
  readonly #host: NetworkHost;
  readonly #streams = new Set<Stream>();
  #acts = 0;

  constructor(
    ip: string,
    habit: string,
    deps: {
      readonly net: SimNetwork;
      readonly tracker: SimTracker;
      readonly rng: Rng;
      readonly content: WholeContent;
    },
  ) {
    this.ip = ip;
    this.#net = deps.net;
    this.#tracker = deps.tracker;
    this.rng = deps.rng;
    this.content = deps.content;
    this.habit = HABITS[habit] ?? {};
    this.#host = deps.net.plug(ip);
    this.#host.isHonest = false;
  }

  get queue(): SimNetwork['queue'] {
    return this.#net.queue;
  }

  /** Takes connections, lets the tracker know, and dials who it is told. */
  async start(victims: readonly string[]): Promise<void> {
    const transport = this.#net.transport(this.#host);
    await transport.listen({ port: PORT }, (stream) => {
      this.#meet(stream);
    });
    const hash = percentEncode(
      this.content.metainfo.infoHash ?? this.content.metainfo.infoHashV2 ?? new Uint8Array(20),
    );
    const query = `info_hash=${hash}&peer_id=${percentEncode(this.#peerId())}&port=${String(PORT)}&left=0&event=started`;
    this.#tracker.answer(`/announce?${query}`, this.ip);
    const { signal } = new AbortController();
    for (const victim of victims) {
      this.queue.after(this.rng.below(5000), () => {
        transport.dial({ ip: victim, port: PORT }, { timeoutMs: 5000, signal }).then(
          (stream) => {
            this.#meet(stream);
          },
          () => undefined,
        );
      });
    }
  }

  handshake(hash?: Uint8Array): Uint8Array {
    const { infoHash, infoHashV2 } = this.content.metainfo;
    const known = encodeHandshake({
      infoHash: infoHash ?? (infoHashV2?.slice(0, 20) as NonNullable<typeof infoHash>),
      peerId: toPeerId(this.#peerId()),
      capabilities: { extended: true, fast: true, dht: true, v2: true },
    });
    if (hash !== undefined) known.set(hash, 28);
    return known;
  }

  noise(length: number): Uint8Array {
    return Uint8Array.from({ length: Math.max(0, length) }, () => this.rng.uint32() >>> 24);
  }

  somePiece(): number {
    return this.rng.below(this.content.metainfo.pieceCount);
  }

  block({ piece, begin, length }: { piece: number; begin: number; length: number }): Uint8Array {
    const { geometry, metainfo, files } = this.content;
    if (piece >= metainfo.pieceCount) return this.noise(length);
    const whole = concatBytes(
      geometry.ranges(piece).map((range) => {
        const bytes = files.get(metainfo.files[range.file]?.path.join('/') ?? '');
        return range.pad || bytes === undefined
          ? new Uint8Array(range.length)
          : bytes.subarray(range.offset, range.offset + range.length);
      }),
    );
    return whole.subarray(begin, begin + length);
  }

  hangUp(): void {
    for (const stream of this.#streams) stream.close();
  }

  #peerId(): Uint8Array {
    return latin1Encode(`-XX0001-${this.ip.padEnd(12, '-')}`);
  }

  #meet(stream: Stream): void {
    const { habit } = this;
    this.#streams.add(stream);
    const wire = new WireConnection(this.queue.now);
    stream.start({
      onData: (chunk) => {
        wire.receive(chunk, this.queue.now);
        for (let event = wire.poll(); event !== undefined; event = wire.poll()) {
          if (event.kind === 'handshake' && habit.opens === undefined) this.#greet(stream);
          else if (event.kind === 'message') this.#answer(stream, event.message);
        }
      },
      onSent: () => undefined,
      onClose: () => {
        this.#streams.delete(stream);
      },
    });
    if (habit.reads === false) {
      this.queue.after(3000, () => {
        stream.pause();
      });
    }
    stream.write([habit.opens?.(this) ?? this.handshake()]);
  }

  #greet(stream: Stream): void {
    const { habit, content } = this;
    const { pieceCount, infoBytes } = content.metainfo;
    const extensions = { ut_pex: 5, ut_metadata: 6, lt_donthave: 7 };
    const greeting = encodeExtendedHandshake({
      extensions,
      uploadOnly: false,
      metadataSize: infoBytes.length,
      requestQueue: 50,
    });
    send(stream, { kind: 'extended', id: 0, payload: greeting });
    if (habit.claims === 'all') send(stream, { kind: 'bitfield', bits: Bitfield.full(pieceCount).toBytes() });
    else if (habit.claims === 'absurd')
      send(stream, { kind: 'bitfield', bits: this.noise(this.rng.below(60)) });
    if (habit.unchokes === true) send(stream, { kind: 'unchoke' });
    this.#keepActing(stream);
  }

  #keepActing(stream: Stream): void {
    const { act, everyMs = 1000 } = this.habit;
    if (act === undefined) return;
    this.queue.after(this.rng.below(2 * everyMs), () => {
      if (!this.#streams.has(stream) || this.#acts++ > MOST_ACTS) return;
      act(this, stream);
      this.#keepActing(stream);
    });
  }

  #answer(stream: Stream, message: Message): void {
    if (message.kind !== 'request' || this.habit.serves === undefined) return;
    send(stream, ...this.habit.serves(this, message));
  }
}
