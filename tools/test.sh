#!/usr/bin/env bash
# Runs both test suites side by side and ends with a line of each and of what did not run. Set-up has been done (see the Makefile).
set -uo pipefail
cd "$(dirname "$0")/.."
failed=0
export OMP_WAIT_POLICY=${OMP_WAIT_POLICY:-passive}  # threads that spin are slow where other work shares the cores
log=.setup/r-suite.log
skips=.setup/skips
rm -f "$skips"-*

r_suite() {
  export RETICULATE_PYTHON=$PWD/.venv/bin/python R_LIBS NOT_CRAN=true
  R_LIBS=$(cat .setup/r-library)${R_LIBS:+:$R_LIBS}
  TIDYDL_SKIPS=$skips-r Rscript --no-save --no-restore tools/test_r.R
}

r_job=""
if [[ -f .setup/r-library ]]; then
  set -m  # a group of its own: a background job of this one would not hear Ctrl-C, of which some tests are about
  r_suite >"$log" 2>&1 &
  r_job=$!
  trap 'kill -- "-$r_job" 2>/dev/null' EXIT
fi

echo "== Python suite"
if TIDYDL_SKIPS=$PWD/$skips-python .venv/bin/python -m pytest; then python_line="passed"; else python_line="FAILED"; failed=1; fi

echo "== R suite"
# On the machine that judges changes a suite that did not run has not passed.
[[ -z $r_job && ${CI:-} == true ]] && failed=1
r_line="NOT RUN, because R is not ready on this machine (make setup says what to install)"
if [[ -n $r_job ]]; then
  if wait "$r_job"; then r_line="passed"; else r_line="FAILED"; failed=1; fi
  cat "$log"
fi

echo
echo "Python suite: $python_line"
if [[ -s $skips-python ]]; then sed 's/^/  not run: /' "$skips-python"; fi
echo "R suite:      $r_line"
if [[ -s $skips-r ]]; then sed 's/^/  not run: /' "$skips-r"; fi
exit "$failed"
