// The text of `perf script`, folded: one tree of frames, callers above callees, with the samples that passed each.

export interface Frame {
  readonly name: string;
  readonly kind: 'javascript' | 'native' | 'kernel';
  samples: number;
  readonly children: Map<string, Frame>;
}

const ADDRESS = /^\s+[0-9a-f]+ (.+?)(?:\+0x[0-9a-f]+)? \(([^()]*|\[.*\])\)$/;
/** Names of JavaScript in V8's map: `JS:*name file:line:column`. */
const SCRIPT = /^(?:JS|Function|LazyCompile|Eval|Script):[*~^+]?/;

export function foldStacks(text: string): Frame {
  const root = newFrame('all', 'native');
  for (const sample of text.split(/\n\n+/)) {
    const frames = sample.split('\n').flatMap((line) => {
      const match = ADDRESS.exec(line);
      return match === null ? [] : [frameOf(match[1] ?? '', match[2] ?? '')];
    });
    if (frames.length === 0) continue;
    let at = root;
    at.samples++;
    for (const { name, kind } of frames.reverse()) {
      // Recursion and stubs without a name say nothing.
      if (at.name === name || name === '[unknown]') continue;
      const child = at.children.get(name) ?? newFrame(name, kind);
      at.children.set(name, child);
      child.samples++;
      at = child;
    }
  }
  return root;
}

function frameOf(symbol: string, object: string): { readonly name: string; readonly kind: Frame['kind'] } {
  if (object.startsWith('[kernel') || object.endsWith('.ko')) return { name: symbol, kind: 'kernel' };
  if (!SCRIPT.test(symbol)) return { name: symbol.replace(/\(.*\)/s, ''), kind: 'native' };
  const [name = '', place = ''] = symbol.replace(SCRIPT, '').split(' ');
  const file =
    place
      .replace(/^file:\/\//, '')
      .split('/')
      .at(-1) ?? '';
  return { name: `${name === '' ? '(anonymous)' : name} ${shortened(file)}`.trim(), kind: 'javascript' };
}

/** Without the hash of a chunk's name, the line and the column: they change with every build. */
function shortened(file: string): string {
  return file.replace(/:.*$/, '').replace(/-[\w-]{8}\.js$/, '.js');
}

function newFrame(name: string, kind: Frame['kind']): Frame {
  return { name, kind, samples: 0, children: new Map() };
}
