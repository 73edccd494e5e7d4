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
  if "$@"; then
    summary+=("ok      $name ($((SECONDS - began)) s)")
  else
    summary+=("FAILED  $name ($((SECONDS - began)) s)")
    failed=1
  fi
}

lint_r() {
  R_LIBS=$(cat .setup/r-library) Rscript --no-save --no-restore tools/lint_r.R
}

step "ruff check" .venv/bin/ruff check .
step "ruff format" .venv/bin/ruff format --check .
step "mypy" .venv/bin/mypy
step "doctests" .venv/bin/python tools/check_doctests.py
if [[ -f .setup/r-library ]]; then
  step "lintr" lint_r
  step "manual pages" tools/write_r_docs.sh --check
  step "R CMD check" tools/check_r_package.sh
else
  summary+=("NOT RUN lintr, manual pages, R CMD check: R is not ready here (make setup says what to install)")
fi

echo
printf '%s\n' "${summary[@]}"
exit "$failed"
