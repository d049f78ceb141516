// The house rules that a machine can check. Inline configuration is off: a rule holds everywhere or is changed here.
import { defineConfig } from 'eslint/config';
import type { Linter } from 'eslint';
import tseslint from 'typescript-eslint';
import { LAYERS, PURE_FOLDERS } from './test/support/layers.ts';

const TESTS = ['**/*.test.ts', 'test/**/*.ts'];
const TABLES = ['src/**/*.table.ts', 'src/**/*-table.ts'];

const explicitExtension = {
  regex: String.raw`^\.{1,2}/(?!.*\.(ts|mjs|json|css|svg|html)(\?\w+)?$)`,
  message: 'Relative imports carry their .ts extension.',
};
const hostModules = {
  regex: '^node:',
  message: 'Only node/, server/, publish/, catalogue/ and cli/ know Node.',
};
const anyPackage = { regex: '^[^.]', message: 'The core imports nothing outside the core.' };

const folderRules: Linter.Config[] = Object.entries(LAYERS).map(([folder, allowed]) => {
  const forbidden = Object.keys(LAYERS).filter((other) => other !== folder && !allowed.includes(other));
  const knowsNode = ['node', 'server', 'cli', 'publish', 'catalogue', 'local-http', 'daemon'].includes(
    folder,
  );
  const arrow = {
    regex: String.raw`^(\.\./)+(${forbidden.join('|')})/`,
    message: `The layers forbid this: ${folder}/ may import ${allowed.join(', ') || 'itself only'}.`,
  };
  const patterns = [
    explicitExtension,
    ...(forbidden.length > 0 ? [arrow] : []),
    ...(knowsNode ? [] : [hostModules]),
    ...(folder === 'core' ? [anyPackage] : []),
  ];
  return {
    files: [`src/${folder}/**/*.ts`],
    ignores: TESTS,
    rules: { 'no-restricted-imports': ['error', { patterns }] },
  };
});

/** Host names that must come in through ports. */
const HOST_GLOBALS = [
  ...['window', 'document', 'navigator', 'process', 'Buffer', 'global', 'globalThis', 'self', 'console'],
  ...['setTimeout', 'setInterval', 'setImmediate', 'fetch', 'XMLHttpRequest', 'WebSocket'],
  ...['crypto', 'performance', 'Worker', 'RTCPeerConnection'],
];

export default defineConfig(
  { ignores: ['dist/**', 'node_modules/**', 'docs/api/**', 'coverage/**'] },
  { linterOptions: { noInlineConfig: true, reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: {
      parserOptions: { project: ['tsconfig.test.json'], tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      'max-lines': ['error', { max: 400 }],
      'max-lines-per-function': ['error', { max: 60 }],
      'max-params': ['error', { max: 3 }],
      'no-console': 'error',
      'no-restricted-imports': ['error', { patterns: [explicitExtension] }],
      'no-restricted-syntax': [
        'error',
        { selector: 'TSAsExpression > TSAsExpression', message: 'A double cast hides a wrong type.' },
        { selector: 'ExportAllDeclaration', message: 'Name what an entry point exports.' },
      ],
      '@typescript-eslint/ban-ts-comment': ['error', { 'ts-expect-error': true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      // Public members carry their types (isolatedDeclarations): a second time behind `new` would be noise.
      '@typescript-eslint/consistent-generic-constructors': 'off',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true, requireDefaultForNonUnion: false },
      ],
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
      ],
    },
  },
  folderRules,
  {
    files: PURE_FOLDERS.map((folder) => `src/${folder}/**/*.ts`),
    ignores: TESTS,
    rules: {
      'no-restricted-globals': ['error', ...HOST_GLOBALS],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: 'Time comes in as `now`, or through ports/clock.ts.' },
        { object: 'Math', property: 'random', message: 'Chance comes in through ports/random.ts.' },
      ],
    },
  },
  { files: ['src/cli/**/*.ts', 'examples/**/*.ts'], rules: { 'no-console': 'off' } },
  { files: [...TESTS, ...TABLES], rules: { 'max-lines': 'off' } },
  { files: TESTS, rules: { 'max-lines-per-function': 'off' } },
);
