// Sums the JSON reports of vitest named as arguments; names each test that failed with its first lines of reason, then
// prints `N passed, N failed` and exits 1 on any failure.
// A test file that could not be loaded has no tests in its report, a run that was cut short no report at all: each
// counts as one failure.
import { existsSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';

const REASON_LINES = 12;

let passed = 0;
const failures = [];
for (const path of process.argv.slice(2)) {
  if (!existsSync(path)) {
    failures.push(`${path}: no report`);
    continue;
  }
  const report = JSON.parse(readFileSync(path, 'utf8'));
  passed += report.numPassedTests;
  for (const file of report.testResults) failures.push(...failuresIn(file));
}
for (const failure of failures) process.stdout.write(`FAILED ${failure}\n`);
process.stdout.write(`${passed} passed, ${failures.length} failed\n`);
process.exit(failures.length > 0 || passed === 0 ? 1 : 0);

function failuresIn(file) {
  const name = relative(process.cwd(), file.name);
  const tests = file.assertionResults.filter((test) => test.status === 'failed');
  if (tests.length === 0) return file.status === 'failed' ? [`${name}\n${reason([file.message])}`] : [];
  return tests.map((test) => `${name} > ${test.fullName}\n${reason(test.failureMessages)}`);
}

function reason(messages) {
  const lines = messages.join('\n').split('\n').slice(0, REASON_LINES);
  return lines.map((line) => `    ${line}`).join('\n');
}
