// What the time of a profile went into, by what stands in its stacks. The first kind that fits a stack counts.
import type { Frame } from './fold.ts';

const KINDS: readonly (readonly [string, RegExp])[] = [
  ['hashing', /sha1_block|sha256_block/],
  ['optimising compiler of V8', /v8::internal::compiler|OptimizingCompile|Turbofan/],
  ['garbage collection', /Scaveng|MarkCompact|CollectGarbage|ConcurrentMark|Sweep|IncrementalMarking/],
  [
    'loading and compiling',
    /Compiler::|Parser|ModuleWrap|BytecodeGenerator|BaselineBatch|internal_loader|Realm::/,
  ],
  ['network: interrupts', /softirq|net_rx/],
  ['network: sending', /tcp_sendmsg/],
  ['network: receiving', /tcp_recvmsg/],
  ['writing files', /file_write_iter|generic_perform_write|vfs_writev/],
  ['reading files', /file_read_iter/],
  ['copying in memory', /memmove|memcpy/],
  ['waiting and waking', /futex|schedule|epoll_wait/],
];

/** Samples of each kind, most first. */
export function sharesOf(root: Frame): (readonly [string, number])[] {
  const shares = new Map<string, number>();
  const visit = (frame: Frame, before: string | undefined, isScript: boolean): void => {
    const kind = kindOf(frame.name, before);
    const inScript = isScript || frame.kind === 'javascript';
    let own = frame.samples;
    for (const child of frame.children.values()) {
      visit(child, kind, inScript);
      own -= child.samples;
    }
    const name = kind ?? (inScript && frame.kind !== 'kernel' ? 'JavaScript and its built-ins' : 'the rest');
    shares.set(name, (shares.get(name) ?? 0) + own);
  };
  visit(root, undefined, false);
  return [...shares].sort(([, a], [, b]) => b - a);
}

/** The kind of a stack that ends in this frame: that of the frame, unless the stack below it comes first in the list. */
function kindOf(name: string, before: string | undefined): string | undefined {
  for (const [kind, pattern] of KINDS) if (kind === before || pattern.test(name)) return kind;
  return undefined;
}
