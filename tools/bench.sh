#!/usr/bin/env bash
# Runs every measurement in tests/benchmarks. Set-up has been done (see the Makefile).
set -uo pipefail
cd "$(dirname "$0")/.."
failed=0
export RETICULATE_PYTHON=$PWD/.venv/bin/python R_LIBS
R_LIBS=$(cat .setup/r-library 2>/dev/null || true)
for script in tests/benchmarks/*.py tests/benchmarks/*.R; do
  [[ -e $script ]] || continue
  echo "== $script"
  case $script in
    *.py) .venv/bin/python "$script" || failed=1 ;;
    *.R) if [[ -n $R_LIBS ]]; then Rscript "$script" || failed=1; else echo "NOT RUN: R is not ready here"; fi ;;
  esac
done
exit "$failed"
