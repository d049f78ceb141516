// A source file with all its mutants at once: each place asks `is(n)` which of its variants to take.
import ts from 'typescript';
import { changesAt, type Change } from './mutators.ts';

export interface Mutant {
  readonly id: number;
  readonly file: string;
  readonly line: number;
  /** The line in which the change begins, trimmed. */
  readonly code: string;
  /** `before → after`, without line breaks. */
  readonly change: string;
}

/** The name under which the switch is imported. */
const SWITCH = '__is';

/** Puts the mutants of a file, numbered from `mutants.length` on, behind switches; they are added to `mutants`. */
export function instrument(
  { file, text }: { readonly file: string; readonly text: string },
  mutants: Mutant[],
  switchPath: string,
): string {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, true);
  const byHost = new Map<ts.Node, { id: number; change: Change }[]>();
  const collect = (node: ts.Node): void => {
    if (isUntouched(node)) return;
    for (const change of changesAt(node, source)) {
      const id = mutants.length;
      mutants.push(describe(source, id, change));
      const list = byHost.get(change.host) ?? [];
      list.push({ id, change });
      byHost.set(change.host, list);
    }
    ts.forEachChild(node, collect);
  };
  ts.forEachChild(source, collect);

  const write = (node: ts.Node): string => {
    const start = node.getStart(source);
    let out = '';
    let at = start;
    ts.forEachChild(node, (child) => {
      const childStart = child.getStart(source);
      if (childStart < at) return;
      out += text.slice(at, childStart) + write(child);
      at = child.end;
    });
    out += text.slice(at, node.end);
    return (byHost.get(node) ?? []).reduceRight((original, { id, change }) => {
      const mutated = text.slice(start, change.from) + change.text + text.slice(change.to, node.end);
      return joined(change.form, { id, mutated, original });
    }, out);
  };
  return `import { is as ${SWITCH} } from ${JSON.stringify(switchPath)};\n${write(source)}`;
}

function joined(
  form: Change['form'],
  { id, mutated, original }: { id: number; mutated: string; original: string },
): string {
  const asked = `${SWITCH}(${String(id)})`;
  switch (form) {
    case 'expression':
      return `(${asked}?(${mutated}):(${original}))`;
    case 'block':
      return `{if(${asked}){}else${original}}`;
    case 'statement':
      return `if(${asked}){}else{${original}}`;
    case 'case': {
      const colon = original.indexOf(':', original.startsWith('case') ? afterExpression(original) : 0);
      return `${original.slice(0, colon + 1)}if(${asked}){}else{${original.slice(colon + 1)}}`;
    }
  }
}

/** Where the expression of `case EXPRESSION:` ends; it may hold colons of its own, in brackets. */
function afterExpression(clause: string): number {
  let depth = 0;
  for (let i = 0; i < clause.length; i++) {
    const c = clause[i];
    if (c === '(') depth++;
    else if (c === ')') depth--;
    else if (c === ':' && depth === 0) return i;
  }
  return 0;
}

function isUntouched(node: ts.Node): boolean {
  if (ts.isTypeNode(node) || ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)) return true;
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return true;
  // `[a, b] = ...`: what looks like a literal is a place to put values.
  const { parent } = node;
  const isTarget = ts.isBinaryExpression(parent) && parent.left === node;
  return isTarget && parent.operatorToken.kind === ts.SyntaxKind.EqualsToken && isPattern(node);
}

function isPattern(node: ts.Node): boolean {
  return ts.isArrayLiteralExpression(node) || ts.isObjectLiteralExpression(node);
}

function describe(source: ts.SourceFile, id: number, change: Change): Mutant {
  const { line } = source.getLineAndCharacterOfPosition(change.from);
  const oneLine = (text: string): string => text.replaceAll(/\s+/g, ' ').trim();
  const { host } = change;
  const isWide = change.form !== 'expression';
  const [from, to] = isWide ? [change.from, change.to] : [host.getStart(source), host.end];
  const before = oneLine(source.text.slice(from, to));
  const after = isWide
    ? change.text
    : oneLine(source.text.slice(from, change.from) + change.text + source.text.slice(change.to, to));
  return {
    id,
    file: source.fileName,
    line: line + 1,
    code: (source.text.split('\n')[line] ?? '').trim(),
    change: `${before.length > 90 ? `${before.slice(0, 87)}...` : before} → ${after === '' ? '(nothing)' : after}`,
  };
}
