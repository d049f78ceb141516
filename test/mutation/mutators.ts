// Which changes are made to a piece of source: the standard set of Stryker, and the removal of single statements.
// Left out: types, imports, and text with a space in it, which is wording for people.
import ts from 'typescript';

/** One change: the switch stands at `host`; there `range` is replaced by `text`. */
export interface Change {
  readonly host: ts.Node;
  /** How the two variants are joined: as expressions, or as blocks. */
  readonly form: 'expression' | 'block' | 'statement' | 'case';
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

const SWAPPED: Readonly<Record<string, readonly string[]>> = {
  '<': ['<=', '>='],
  '<=': ['<', '>'],
  '>': ['>=', '<='],
  '>=': ['>', '<'],
  '==': ['!='],
  '!=': ['=='],
  '===': ['!=='],
  '!==': ['==='],
  '&&': ['||'],
  '||': ['&&'],
  '??': ['&&'],
  '+': ['-'],
  '-': ['+'],
  '*': ['/'],
  '/': ['*'],
  '%': ['*'],
  '**': ['*'],
  '&': ['|'],
  '|': ['&'],
  '^': ['&'],
  '<<': ['>>'],
  '>>': ['<<'],
  '>>>': ['<<'],
  '+=': ['-='],
  '-=': ['+='],
  '*=': ['/='],
  '/=': ['*='],
  '%=': ['*='],
  '&=': ['|='],
  '|=': ['&='],
  '^=': ['&='],
  '<<=': ['>>='],
  '>>=': ['<<='],
  '>>>=': ['<<='],
  '&&=': ['||='],
  '||=': ['&&='],
  '??=': ['&&='],
};
const TRUTHS = new Set(['<', '<=', '>', '>=', '==', '!=', '===', '!==', '&&', '||']);
/** Method → its opposite; `` where the call falls away. */
const METHODS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    startsWith: 'endsWith',
    endsWith: 'startsWith',
    toUpperCase: 'toLowerCase',
    toLowerCase: 'toUpperCase',
    some: 'every',
    every: 'some',
    min: 'max',
    max: 'min',
    trimStart: 'trimEnd',
    trimEnd: 'trimStart',
    ceil: 'floor',
    floor: 'ceil',
    trim: '',
    slice: '',
    substring: '',
    subarray: '',
    sort: '',
    reverse: '',
    filter: '',
    charAt: '',
  }),
);

type Kept = (change: Change) => void;

/** All changes to be made at a node itself, not at its children. */
export function changesAt(node: ts.Node, source: ts.SourceFile): Change[] {
  const changes: Change[] = [];
  const add: Kept = (change) => changes.push(change);
  if (ts.isBinaryExpression(node)) binary(node, source, add);
  else if (ts.isPrefixUnaryExpression(node) || ts.isPostfixUnaryExpression(node)) unary(node, source, add);
  else if (ts.isCallExpression(node)) call(node, source, add);
  else if (isLiteral(node)) literal(node, source, add);
  else if (ts.isBlock(node)) block(node, source, add);
  else if (ts.isCaseClause(node) && node.statements.length > 0) emptied(node, add);
  else if (ts.isArrowFunction(node) && !ts.isBlock(node.body)) whole(node.body, 'undefined', add);
  else if (ts.isExpressionStatement(node)) statement(node, source, add);
  if (isChainLink(node)) {
    const { questionDotToken: token } = node;
    if (token !== undefined) {
      const isMember = ts.isPropertyAccessExpression(node);
      add(inside(node, { from: token.getStart(source), to: token.end, text: isMember ? '.' : '' }));
    }
  }
  condition(node, add);
  return changes;
}

/** The longest chain of `a?.b.c()` that a node starts: only around it may a switch stand. */
function chainOf(node: ts.Node): ts.Node {
  let top = node;
  for (;;) {
    const { parent } = top;
    const isHead = isChainLink(parent) && parent.expression === top;
    if (!isHead && !(ts.isNonNullExpression(parent) && isChainLink(parent.parent))) return top;
    top = parent;
  }
}

function isChainLink(
  node: ts.Node,
): node is ts.PropertyAccessExpression | ts.ElementAccessExpression | ts.CallExpression {
  return (
    ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node) || ts.isCallExpression(node)
  );
}

function inside(node: ts.Node, change: { from: number; to: number; text: string }): Change {
  return { host: chainOf(node), form: 'expression', ...change };
}

function whole(node: ts.Node, text: string, add: Kept): void {
  add({ host: node, form: 'expression', from: node.getStart(), to: node.end, text });
}

function binary(node: ts.BinaryExpression, source: ts.SourceFile, add: Kept): void {
  const { operatorToken } = node;
  const operator = operatorToken.getText(source);
  const isText = [node.left, node.right].some(
    (side) => ts.isStringLiteralLike(side) || ts.isTemplateExpression(side),
  );
  if (!(operator === '+' && isText)) {
    const [left, right] = [node.left.getText(source), node.right.getText(source)];
    const isChoice = ['&&', '||', '??'].includes(operator);
    for (const text of SWAPPED[operator] ?? []) {
      // `a ?? b && c` is no JavaScript: what chooses gets brackets.
      if (isChoice) whole(node, `${bracketed(node.left, left)} ${text} ${bracketed(node.right, right)}`, add);
      else {
        add({
          host: node,
          form: 'expression',
          from: operatorToken.getStart(source),
          to: operatorToken.end,
          text,
        });
      }
    }
  }
  if (!TRUTHS.has(operator) || isTested(node)) return;
  whole(node, 'true', add);
  whole(node, 'false', add);
}

function bracketed(node: ts.Node, text: string): string {
  return ts.isBinaryExpression(node) ? `(${text})` : text;
}

function unary(
  node: ts.PrefixUnaryExpression | ts.PostfixUnaryExpression,
  source: ts.SourceFile,
  add: Kept,
): void {
  const { operand, operator } = node;
  const rest = operand.getText(source);
  if (operator === ts.SyntaxKind.ExclamationToken && !isTested(node)) whole(node, rest, add);
  if (operator === ts.SyntaxKind.MinusToken && !ts.isNumericLiteral(operand)) whole(node, `+${rest}`, add);
  if (operator === ts.SyntaxKind.MinusToken && ts.isNumericLiteral(operand)) whole(node, rest, add);
  if (operator === ts.SyntaxKind.TildeToken) whole(node, rest, add);
  const [plus, minus] = [ts.SyntaxKind.PlusPlusToken, ts.SyntaxKind.MinusMinusToken];
  if (operator !== plus && operator !== minus) return;
  const opposite = operator === plus ? '--' : '++';
  whole(node, ts.isPrefixUnaryExpression(node) ? `${opposite}${rest}` : `${rest}${opposite}`, add);
}

function call(node: ts.CallExpression, source: ts.SourceFile, add: Kept): void {
  const { expression } = node;
  if (!ts.isPropertyAccessExpression(expression)) return;
  const opposite = METHODS.get(expression.name.text);
  if (opposite === undefined) return;
  const change =
    opposite === ''
      ? { from: expression.expression.end, to: node.end, text: '' }
      : { from: expression.name.getStart(source), to: expression.name.end, text: opposite };
  add(inside(node, change));
}

function isLiteral(node: ts.Node): node is ts.Expression {
  return (
    ts.isStringLiteral(node) ||
    ts.isNoSubstitutionTemplateLiteral(node) ||
    ts.isTemplateExpression(node) ||
    ts.isArrayLiteralExpression(node) ||
    ts.isObjectLiteralExpression(node) ||
    node.kind === ts.SyntaxKind.TrueKeyword ||
    node.kind === ts.SyntaxKind.FalseKeyword
  );
}

function literal(node: ts.Expression, source: ts.SourceFile, add: Kept): void {
  if (node.kind === ts.SyntaxKind.TrueKeyword) whole(node, 'false', add);
  else if (node.kind === ts.SyntaxKind.FalseKeyword) whole(node, 'true', add);
  else if (ts.isArrayLiteralExpression(node))
    whole(node, node.elements.length > 0 ? '[]' : "['mutant']", add);
  else if (ts.isObjectLiteralExpression(node)) {
    if (node.properties.length > 0) whole(node, '{}', add);
  } else if (!ts.isTaggedTemplateExpression(node.parent) && !isName(node)) {
    const text = node.getText(source).slice(1, -1);
    if (!/\s/.test(text)) whole(node, text === '' ? "'mutant'" : "''", add);
  }
}

/** The key of a member in an object or a class, which must stay a plain name. */
function isName(node: ts.Node): boolean {
  const { parent } = node;
  return 'name' in parent && parent.name === node;
}

function block(node: ts.Block, source: ts.SourceFile, add: Kept): void {
  if (node.statements.length === 0) return;
  if (ts.isConstructorDeclaration(node.parent) && node.getText(source).includes('super(')) return;
  add({ host: node, form: 'block', from: node.getStart(source), to: node.end, text: '{}' });
}

function emptied(node: ts.CaseClause, add: Kept): void {
  const first = node.statements[0];
  if (first !== undefined) add({ host: node, form: 'case', from: first.getStart(), to: node.end, text: '' });
}

function statement(node: ts.ExpressionStatement, source: ts.SourceFile, add: Kept): void {
  const { expression } = node;
  if (expression.getText(source).startsWith('super(')) return;
  const isAlone = ts.isBlock(node.parent) && node.parent.statements.length === 1;
  if (isAlone) return; // The block's removal is the same.
  const isAct = ts.isCallExpression(expression) || ts.isBinaryExpression(expression);
  if (isAct) add({ host: node, form: 'statement', from: node.getStart(source), to: node.end, text: '' });
}

/** True where an expression decides: both outcomes are tried in its place. */
function isTested(node: ts.Node): boolean {
  const { parent } = node;
  if (ts.isParenthesizedExpression(parent)) return isTested(parent);
  if (ts.isIfStatement(parent) || ts.isWhileStatement(parent) || ts.isDoStatement(parent)) {
    return parent.expression === node;
  }
  return (ts.isForStatement(parent) || ts.isConditionalExpression(parent)) && parent.condition === node;
}

function condition(node: ts.Node, add: Kept): void {
  if (!isTested(node) || ts.isParenthesizedExpression(node)) return;
  let { parent } = node;
  while (ts.isParenthesizedExpression(parent)) ({ parent } = parent);
  const isLoop = !ts.isIfStatement(parent) && !ts.isConditionalExpression(parent);
  if (node.kind === ts.SyntaxKind.TrueKeyword || node.kind === ts.SyntaxKind.FalseKeyword) return;
  if (!isLoop) whole(node, 'true', add);
  whole(node, 'false', add);
}
