// Mutants that no test can notice, each with the reason. One that a test does notice, or that is no longer made, is an error.

export interface Equivalent {
  readonly file: string;
  /** The trimmed line in which the change begins. */
  readonly code: string;
  /** Left out: every change on that line. */
  readonly change?: string;
  readonly reason: string;
}

export const EQUIVALENTS: readonly Equivalent[] = [
  {
    file: 'src/core/bencode/key-cache.ts',
    code: "readonly #texts = new Array<string>(PLACES).fill('');",
    reason:
      'The cache saves making a string again; equal strings cannot be told apart, so a miss or another place shows nowhere.',
  },
  {
    file: 'src/core/bencode/key-cache.ts',
    code: 'const length = end - start;',
    reason:
      'The cache saves making a string again; equal strings cannot be told apart, so a miss or another place shows nowhere.',
  },
  {
    file: 'src/core/bencode/key-cache.ts',
    code: "if (length === 0) return '';",
    reason:
      'The cache saves making a string again; equal strings cannot be told apart, so a miss or another place shows nowhere.',
  },
  {
    file: 'src/core/bencode/key-cache.ts',
    code: 'if (length > LONGEST) return latin1Slice(bytes, start, end);',
    reason:
      'The cache saves making a string again; equal strings cannot be told apart, so a miss or another place shows nowhere.',
  },
  {
    file: 'src/core/bencode/key-cache.ts',
    code: 'const place = ((bytes[start] ?? 0) * 7 + (bytes[end - 1] ?? 0) * 3 + length) % PLACES;',
    reason:
      'The cache saves making a string again; equal strings cannot be told apart, so a miss or another place shows nowhere.',
  },
  {
    file: 'src/core/bencode/key-cache.ts',
    code: "const cached = this.#texts[place] ?? '';",
    reason:
      'The cache saves making a string again; equal strings cannot be told apart, so a miss or another place shows nowhere.',
  },
  {
    file: 'src/core/bencode/key-cache.ts',
    code: 'while (same < length && cached.charCodeAt(same) === bytes[start + same]) same++;',
    reason:
      'The cache saves making a string again; equal strings cannot be told apart, so a miss or another place shows nowhere.',
  },
  {
    file: 'src/core/bencode/key-cache.ts',
    code: 'if (same === length && cached.length === length) return cached;',
    reason:
      'The cache saves making a string again; equal strings cannot be told apart, so a miss or another place shows nowhere.',
  },
  {
    file: 'src/core/bencode/key-cache.ts',
    code: 'this.#texts[place] = text;',
    reason:
      'The cache saves making a string again; equal strings cannot be told apart, so a miss or another place shows nowhere.',
  },
  {
    file: 'src/core/bencode/view-cache.ts',
    code: 'const middle = bytes[start + (length >>> 1)] ?? 0;',
    reason: 'Any place will do, as long as equal words come to the same one.',
  },
  {
    file: 'src/core/bencode/view-cache.ts',
    code: 'const place = ((bytes[start] ?? 0) + middle * 5 + (bytes[end - 1] ?? 0) * 11 + length * 3) % PLACES;',
    reason: 'Any place will do, as long as equal words come to the same one.',
  },
  {
    file: 'src/core/bencode/view-cache.ts',
    code: 'if (length === 0 || length > LONGEST) return viewOf(bytes, start, end);',
    change: 'length === 0 → false',
    reason: 'An empty view is made anew either way, as no cached one has its place.',
  },
  {
    file: 'src/core/bencode/decode.ts',
    code: "if (at >= bytes.length) return this.#fail('BENCODE_TRUNCATED', 'a value is missing');",
    reason: 'The reader of strings, which comes next, says the same of the same offset.',
  },
  {
    file: 'src/core/bencode/decode.ts',
    code: "if (this.#at >= this.#bytes.length) this.#fail('BENCODE_TRUNCATED', 'a list or dictionary is not closed');",
    reason: 'The reader of strings, which comes next, says the same of the same offset.',
  },
  {
    file: 'src/core/bencode/decode.ts',
    code: 'let byte = -1;',
    change: '-1 → 1',
    reason: 'Read only after a digit has been, or the end refused before.',
  },
  {
    file: 'src/core/bencode/decode.ts',
    code: 'let digit = -1;',
    change: '-1 → 1',
    reason: 'Read only after a digit has been, or the end refused before.',
  },
  {
    file: 'src/core/bencode/decode.ts',
    code: 'while (at < limit) {',
    change: 'at < limit → at <= limit',
    reason: 'One step beyond the end reads nothing that is a digit, and is refused as the end is.',
  },
  {
    file: 'src/core/bencode/decode.ts',
    code: 'for (; at < bytes.length; at++) {',
    change: 'at < bytes.length → at <= bytes.length',
    reason: 'One step beyond the end reads nothing that is a digit, and is refused as the end is.',
  },
  {
    file: 'src/core/bencode/decode.ts',
    code: 'if (at - first > SAFE_DIGITS) return this.#largeInteger(first, at, negative);',
    reason: 'The slow way by bigint gives the same number.',
  },
  {
    file: 'src/core/bencode/encode.ts',
    code: 'members.sort(([a], [b]) => (a < b ? -1 : 1));',
    change: 'a < b → a <= b',
    reason: 'Keys of one dictionary are never equal.',
  },
  {
    file: 'src/core/swarm/active-piece.ts',
    code: 'this.#hint = block + 1;',
    reason: 'The hint only saves steps: the search from further back finds the same block.',
  },
  {
    file: 'src/core/swarm/active-piece.ts',
    code: 'if (block < this.#hint) this.#hint = block;',
    reason: 'The hint only saves steps: the search from further back finds the same block.',
  },
  {
    file: 'src/core/swarm/picker.ts',
    code: 'const urgent = this.deadlines.isEmpty ? undefined : this.#urgent(content, peer);',
    change: 'this.deadlines.isEmpty → false',
    reason: 'Without deadlines the search for one finds none.',
  },
  {
    file: 'src/core/swarm/picker.ts',
    code: 'if (content.pieces.count(PIECE.MISSING) === 0) return -1;',
    change: 'content.pieces.count(PIECE.MISSING) === 0 → false',
    reason: 'Without missing pieces the search finds none.',
  },
  {
    file: 'src/core/swarm/picker.ts',
    code: 'return content.priority(piece) * 1e6 - Math.min(content.availability.copies(piece), 1e6 - 1);',
    change: '1e6 - 1 → 1e6 + 1',
    reason: 'Nobody has a million peers.',
  },
  {
    file: 'src/core/swarm/availability.ts',
    code: 'for (const count of this.#counts) if (count < least) least = count;',
    change: 'count < least → count <= least',
    reason: 'Of two equal minima either will do.',
  },
  {
    file: 'src/core/swarm/availability.ts',
    code: 'if (priority === 0) return undefined;',
    change: 'priority === 0 → false',
    reason: 'No level has priority 0.',
  },
  {
    file: 'src/core/swarm/rarity-order.ts',
    code: 'for (let c = count; c < this.#starts.length; c++) {',
    change: 'c < this.#starts.length → c <= this.#starts.length',
    reason: 'The step beyond the last bucket moves nothing.',
  },
  {
    file: 'src/core/tracker/store/peer-lists.ts',
    code: 'const block = this.#word(list + LIST.block);',
    change: 'list + LIST.block → list - LIST.block',
    reason: 'The offset is 0: adding and taking away are the same.',
  },
  {
    file: 'src/core/tracker/store/peer-lists.ts',
    code: 'return this.#word(this.#word(list + LIST.block) + position * this.stride + this.#ipWords);',
    change: 'list + LIST.block → list - LIST.block',
    reason: 'The offset is 0: adding and taking away are the same.',
  },
  {
    file: 'src/core/tracker/store/peer-lists.ts',
    code: 'this.#memory[this.#word(list + LIST.block) + place * this.stride + this.#ipWords] = word;',
    change: 'list + LIST.block → list - LIST.block',
    reason: 'The offset is 0: adding and taking away are the same.',
  },
  {
    file: 'src/core/tracker/store/peer-lists.ts',
    code: 'const at = this.#word(list + LIST.block) + position * this.stride;',
    change: 'list + LIST.block → list - LIST.block',
    reason: 'The offset is 0: adding and taking away are the same.',
  },
  {
    file: 'src/core/tracker/store/peer-lists.ts',
    code: 'if (this.#word(list + LIST.block) === 0) return 0;',
    change: 'list + LIST.block → list - LIST.block',
    reason: 'The offset is 0: adding and taking away are the same.',
  },
  {
    file: 'src/core/tracker/store/peer-lists.ts',
    code: 'const oldBlock = this.#word(list + LIST.block);',
    change: 'list + LIST.block → list - LIST.block',
    reason: 'The offset is 0: adding and taking away are the same.',
  },
  {
    file: 'src/core/tracker/store/peer-lists.ts',
    code: 'memory[list + LIST.block] = 0;',
    change: 'list + LIST.block → list - LIST.block',
    reason: 'The offset is 0: adding and taking away are the same.',
  },
  {
    file: 'src/core/tracker/store/peer-lists.ts',
    code: 'memory[list + LIST.block] = block;',
    change: 'list + LIST.block → list - LIST.block',
    reason: 'The offset is 0: adding and taking away are the same.',
  },
  {
    file: 'src/core/tracker/store/peer-lists.ts',
    code: 'if (index === 0) {',
    change: 'index === 0 → true',
    reason: 'Without the index the search from the front finds the same, later.',
  },
  {
    file: 'src/core/tracker/store/swarm-index.ts',
    code: 'memory.set(this.hash, record + RECORD.hash);',
    change: 'record + RECORD.hash → record - RECORD.hash',
    reason: 'The offset is 0: adding and taking away are the same.',
  },
  {
    file: 'src/core/tracker/announce-lane.ts',
    code: "if (this.#current !== undefined) this.#current.status = 'idle';",
    change: 'this.#current !== undefined → false',
    reason: 'The loop below makes it idle as well: who is asked has not failed.',
  },
  {
    file: 'src/core/tracker/announce-lane.ts',
    code: 'lastAnnounceAt: -Infinity,',
    change: '-Infinity → +Infinity',
    reason: 'Set with the first announce, before anything reads it.',
  },
  {
    file: 'src/core/tracker/announce-lane.ts',
    code: 'completedDue: false,',
    change: 'false → true',
    reason: 'Set at the start, before anything reads it.',
  },
  {
    file: 'src/core/tracker/announcer.ts',
    code: 'if (a !== undefined && b !== undefined) [order[i], order[j]] = [b, a];',
    reason: 'Both places are inside the list.',
  },
  {
    file: 'src/core/tracker/relay.ts',
    code: 'if (peer === undefined || offer === undefined) continue;',
    reason: 'There are as many candidates and offers as are chosen.',
  },
  {
    file: 'src/core/tracker/http-query.ts',
    code: 'compact = true;',
    reason: 'Set anew with each request.',
  },
  {
    file: 'src/core/tracker/http-service.ts',
    code: 'for (let i = 0; i < 20; i++) {',
    change: 'i < 20 → i <= 20',
    reason: 'The step beyond the end compares nothing with nothing.',
  },
  {
    file: 'src/core/tracker/reply-writer.ts',
    code: 'if (value < 10) {',
    change: 'value < 10 → false',
    reason: 'The quick way for one digit writes what the loop writes.',
  },
  {
    file: 'src/core/tracker/udp-codec.ts',
    code: 'view.setUint32(84, 0);',
    reason: 'New memory is zero.',
  },
  {
    file: 'src/core/tracker/udp-service.ts',
    code: 'if (length > ANNOUNCE_BYTES && !this.#readOptions(packet.subarray(ANNOUNCE_BYTES, length)))',
    change: 'length > ANNOUNCE_BYTES → length >= ANNOUNCE_BYTES',
    reason: 'No options are read as none.',
  },
  {
    file: 'src/core/tracker/store/selection.ts',
    code: 'readonly #range: { k: number; n: number } = { k: 0, n: 0 };',
    reason: 'Set before each use.',
  },
];
