#!/usr/bin/env bash
# Every gate in one order: cheap ones first, all of them run even if one fails. The last line counts the tests.
# `check.sh --fast` leaves out what needs stock clients, namespaces or a browser.
set -uo pipefail
cd "$(dirname "$0")/.."

reports=$(mktemp -d)
trap 'rm -rf "$reports"' EXIT
failed=()
json_reports=()

gate() {
  local name=$1 started=$SECONDS
  shift
  printf '== %s\n' "$name"
  if "$@" </dev/null; then
    printf '== %s: ok (%d s)\n' "$name" $((SECONDS - started))
  else
    failed+=("$name")
    printf '== %s: FAILED (%d s)\n' "$name" $((SECONDS - started))
    return 1
  fi
}

tests() {
  local project=$1
  json_reports+=("$reports/$project.json")
  # A run that hangs is a failure, not a wait.
  timeout --kill-after 10 900 npx vitest run --project "$project" \
    --reporter=default --reporter=json --outputFile.json="$reports/$project.json"
}

package() {
  npm pack --silent --pack-destination "$reports" >"$reports/name" || return
  local tarball
  tarball="$reports/$(tail -n 1 "$reports/name")"
  npx publint run --strict "$tarball" || return
  npx attw "$tarball" --profile esm-only >"$reports/attw" || { cat "$reports/attw" && return 1; }
}

gate format npm run --silent format
gate build npm run --silent build
gate types npm run --silent types
gate lint npm run --silent lint
gate unused npx knip
gate unit tests unit
gate package package
if [ "${1-}" != --fast ]; then
  # Both wait most of the time, so they wait together.
  gate interop tests interop >"$reports/interop" 2>&1 &
  waiting=$!
  json_reports+=("$reports/interop.json")
  gate e2e tests e2e
  wait "$waiting" || failed+=(interop)
  cat "$reports/interop"
fi

[ ${#failed[@]} -eq 0 ] || printf 'gates failed: %s\n' "${failed[*]}"
node scripts/count-tests.mjs "${json_reports[@]}"
counted=$?
[ ${#failed[@]} -eq 0 ] && [ "$counted" -eq 0 ]
