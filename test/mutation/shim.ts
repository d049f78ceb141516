// Takes the place of vitest inside the bundle: the same words, but tests are kept in a list and run one by one, again and again.
import {
  ASYMMETRIC_MATCHERS_OBJECT,
  JestAsymmetricMatchers,
  JestChaiExpect,
  JestExtend,
  chai,
} from '@vitest/expect';

type Body = (...args: never[]) => unknown;
type Hook = () => unknown;

interface Suite {
  readonly name: string;
  readonly parent: Suite | undefined;
  readonly before: Hook[];
  readonly after: Hook[];
  readonly once: Hook[];
  begun: boolean;
}

export interface Test {
  readonly name: string;
  run(): Promise<void>;
}

chai.use(JestExtend);
chai.use(JestChaiExpect);
chai.use(JestAsymmetricMatchers);

export const tests: Test[] = [];
let current: Suite = newSuite('', undefined);

const POLL_MS = 20;
const POLL_LIMIT_MS = 1000;

/** `expect.poll(read).toBe(…)`: asks again until it holds. */
function poll(read: () => unknown): unknown {
  const matcher =
    (name: string) =>
    async (...args: unknown[]): Promise<void> => {
      const end = performance.now() + POLL_LIMIT_MS;
      for (;;) {
        try {
          const assertion: object = chai.expect(await read());
          Reflect.apply(Reflect.get(assertion, name) as Body, assertion, args);
          return;
        } catch (error) {
          if (performance.now() > end) throw error;
          await new Promise((resolve) => setTimeout(resolve, POLL_MS));
        }
      }
    };
  return new Proxy({}, { get: (_, name) => matcher(String(name)) });
}

export const expect: unknown = Object.assign(
  (value: unknown, message?: string) => chai.expect(value, message),
  chai.expect,
  { poll },
  Reflect.get(globalThis, ASYMMETRIC_MATCHERS_OBJECT) as object,
);

function newSuite(name: string, parent: Suite | undefined): Suite {
  return { name, parent, before: [], after: [], once: [], begun: false };
}

function chain(suite: Suite): Suite[] {
  return suite.parent === undefined ? [suite] : [...chain(suite.parent), suite];
}

function addTest(name: string, body: Body, args: readonly unknown[] = []): void {
  const suites = chain(current);
  const label = [...suites.map((suite) => suite.name), name].filter((part) => part !== '').join(' > ');
  const run = async (): Promise<void> => {
    for (const suite of suites) {
      if (!suite.begun) for (const hook of suite.once) await hook();
      suite.begun = true;
      for (const hook of suite.before) await hook();
    }
    try {
      await Reflect.apply(body, undefined, args);
    } finally {
      for (const suite of suites.toReversed()) for (const hook of suite.after) await hook();
    }
  };
  tests.push({ name: label, run });
}

function addSuite(name: string, body: Body, args: readonly unknown[] = []): void {
  const outer = current;
  current = newSuite(name, outer);
  Reflect.apply(body, undefined, args);
  current = outer;
}

/** `%s` and the like as vitest writes them, for the simple values. */
function filled(name: string, args: readonly unknown[]): string {
  let at = 0;
  return name.replace(/%[sdijo]/g, (mark) => {
    const value = args[at++];
    return typeof value === 'string' || typeof value === 'number' ? String(value) : mark;
  });
}

type Add = (name: string, body: Body, args?: readonly unknown[]) => void;

function words(add: Add): unknown {
  const each =
    (cases: readonly unknown[]) =>
    (name: string, body: Body): void => {
      for (const [i, value] of cases.entries()) {
        const args: unknown[] = Array.isArray(value) ? value : [value];
        add(`${filled(name, args)} [${String(i)}]`, body, args);
      }
    };
  const forEach =
    (cases: readonly unknown[]) =>
    (name: string, body: Body): void => {
      for (const [i, value] of cases.entries()) add(`${name} [${String(i)}]`, body, [value, { expect }]);
    };
  const word = (name: string, ...rest: unknown[]): void => {
    const body = rest.find((value) => typeof value === 'function');
    if (body !== undefined) add(name, body as Body);
  };
  const skip = (): void => undefined;
  return Object.assign(word, { each, for: forEach, skip, todo: skip, concurrent: word });
}

export const it: unknown = words(addTest);
export const test: unknown = words(addTest);
export const describe: unknown = words(addSuite);
export const beforeEach = (hook: Hook): number => current.before.push(hook);
export const afterEach = (hook: Hook): number => current.after.push(hook);
export const beforeAll = (hook: Hook): number => current.once.push(hook);
export const afterAll = (): void => undefined;
export const vi = {};
