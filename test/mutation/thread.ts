// A thread that tries mutants; it is killed and started anew when one of them hangs or eats all memory.
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';

export interface SurveyedTest {
  readonly name: string;
  readonly ms: number;
  readonly steps: number;
  readonly met: readonly number[];
  readonly error: string | undefined;
}

export interface Survey {
  /** Mutants met while the modules load. */
  readonly atLoad: readonly number[];
  readonly tests: readonly SurveyedTest[];
}

export interface Trial {
  readonly id: number;
  /** The module is loaded anew for it. */
  readonly isStatic: boolean;
  readonly tests: readonly { readonly index: number; readonly ms: number; readonly steps: number }[];
}

export interface Verdict {
  /** The test that noticed; undefined if none did. */
  readonly killedBy?: string;
  readonly isEndless?: boolean;
}

/** Bundles loaded by one thread stay in its memory. */
const RELOADS = 40;

export class Thread {
  readonly #bundlePath: string;
  #worker: Worker | undefined;
  #reloads = 0;

  constructor(bundlePath: string) {
    this.#bundlePath = bundlePath;
  }

  /** Runs all tests but those with such a name. */
  async survey(without?: RegExp): Promise<Survey> {
    const answer = await this.#ask({ survey: true, without }, 900_000);
    if (answer === undefined) throw new Error('the tests do not run without a mutant');
    return answer as Survey;
  }

  async judge(trial: Trial): Promise<Verdict> {
    if (trial.isStatic && this.#reloads++ % RELOADS === 0) await this.close();
    const expectedMs = trial.tests.reduce((sum, { ms }) => sum + ms, 0);
    const answer = await this.#ask(trial, expectedMs * 10 + 5000);
    return answer === undefined ? { killedBy: 'the time limit', isEndless: true } : (answer as Verdict);
  }

  async close(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }

  /** The answer; undefined if the thread died or was late, and then it is a new one next time. */
  async #ask(question: unknown, timeoutMs: number): Promise<unknown> {
    this.#worker ??= new Worker(join(import.meta.dirname, 'worker.mjs'), {
      workerData: { bundlePath: this.#bundlePath },
      resourceLimits: { maxOldGenerationSizeMb: 1024 },
      stdout: true,
      stderr: true,
    });
    const worker = this.#worker;
    const answer = await new Promise<unknown>((resolve) => {
      const end = (value: unknown): void => {
        clearTimeout(timer);
        worker.off('message', end).off('error', fail).off('exit', fail);
        resolve(value);
      };
      const fail = (): void => end(undefined);
      const timer = setTimeout(fail, timeoutMs);
      worker.on('message', end).on('error', fail).on('exit', fail);
      worker.postMessage(question);
    });
    if (answer === undefined) await this.close();
    return answer;
  }
}
