// Sums the JSON reports of vitest named as arguments; prints `N passed, N failed` and exits 1 on any failure.
// A test file that could not be loaded has no tests in its report, a run that was cut short no report at all: each
// counts as one failure.
import { existsSync, readFileSync } from 'node:fs';

let passed = 0;
let failed = 0;
for (const path of process.argv.slice(2)) {
  if (!existsSync(path)) {
    failed += 1;
    continue;
  }
  const report = JSON.parse(readFileSync(path, 'utf8'));
  passed += report.numPassedTests;
  failed += report.numFailedTests;
  const reported = (file) => file.assertionResults.some((test) => test.status === 'failed');
  failed += report.testResults.filter((file) => file.status === 'failed' && !reported(file)).length;
}
process.stdout.write(`${passed} passed, ${failed} failed\n`);
process.exit(failed > 0 || passed === 0 ? 1 : 0);
