#!/usr/bin/env bash
# Runs both test suites and ends with a line of each. Set-up has been done (see the Makefile).
set -uo pipefail
cd "$(dirname "$0")/.."
failed=0
export OMP_WAIT_POLICY=${OMP_WAIT_POLICY:-passive}  # threads that spin are slow where other work shares the cores

echo "== Python suite"
if .venv/bin/python -m pytest; then python_line="passed"; else python_line="FAILED"; failed=1; fi

echo "== R suite"
if [[ -f .setup/r-library ]]; then
  export RETICULATE_PYTHON=$PWD/.venv/bin/python R_LIBS NOT_CRAN=true
  R_LIBS=$(cat .setup/r-library)${R_LIBS:+:$R_LIBS}
  if Rscript --no-save --no-restore tools/test_r.R; then
    r_line="passed"
  else
    r_line="FAILED"
    failed=1
  fi
else
  r_line="NOT RUN, because R is not ready on this machine (make setup says what to install)"
fi

echo
echo "Python suite: $python_line"
echo "R suite:      $r_line"
exit "$failed"
