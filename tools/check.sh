#!/usr/bin/env bash
# Runs every check, also after one has failed, and ends with a line of each. Set-up has been done (see the Makefile).
set -uo pipefail
cd "$(dirname "$0")/.."
summary=()
failed=0

step() {
  local name=$1 began=$SECONDS
  shift
  echo "== $name"
  "$@" && status=0 || status=$?
  case $status in
    0) summary+=("ok      $name ($((SECONDS - began)) s)") ;;
    3) not_run "$name: what it needs is missing here or of another version (see above)" ;;
    *)
      summary+=("FAILED  $name ($((SECONDS - began)) s)")
      failed=1
      ;;
  esac
}

# A check that is absent has not passed; on the machine that judges changes (CI=true) it fails.
not_run() {
  summary+=("NOT RUN $1")
  if [[ ${CI:-} == true ]]; then failed=1; fi
}

# What examples, pages and tests of the R package do without where it is missing.
missing_suggested() {
  R_LIBS=$(cat .setup/r-library) Rscript --vanilla -e '
    wanted <- unlist(strsplit(read.dcf("DESCRIPTION", "Suggests"), "[ ,\n]+(\\([^)]*\\))?[ ,\n]*"))
    here <- nzchar(vapply(wanted, function(name) system.file(package = name), ""))
    cat(wanted[!here], if (!nzchar(Sys.which("pandoc"))) "pandoc")'
}

# Packages that machines need not have, because their tests may be skipped for that.
is_expected_to_lack() {
  grep -qF "\"$1 cannot be loaded\"" tests/expected_skips.json
}

lint_r() {
  R_LIBS=$(cat .setup/r-library) Rscript --no-save --no-restore tools/lint_r.R
}

python_checks() {
  step "ruff check" .venv/bin/ruff check .
  step "ruff format" .venv/bin/ruff format --check .
  step "mypy" .venv/bin/mypy
  step "doctests" .venv/bin/python tools/check_doctests.py
  printf '%s\n' "${summary[@]}" >"$lines"
  exit "$failed"
}

# Those of Python run beside those of R.
lines=.setup/python-checks.lines
log=.setup/python-checks.log
rm -f "$lines"
python_checks >"$log" 2>&1 &
python_job=$!
trap 'kill "$python_job" 2>/dev/null' EXIT

if [[ -f .setup/r-library ]]; then
  step "lintr" lint_r
  step "manual pages" tools/write_r_docs.sh --check
  step "R CMD check" tools/check_r_package.sh
  for missing in $(missing_suggested); do
    if is_expected_to_lack "$missing"; then
      summary+=("NOT RUN what needs $missing, in R CMD check: not installed, as tests/expected_skips.json expects")
    else
      not_run "what needs $missing, in R CMD check: not installed"
    fi
  done
else
  not_run "lintr, manual pages, R CMD check: R is not ready here (make setup says what to install)"
fi

wait "$python_job" || failed=1
cat "$log"

echo
cat "$lines" || failed=1
printf '%s\n' "${summary[@]}"
exit "$failed"
