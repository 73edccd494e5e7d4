#!/usr/bin/env bash
# Builds the R package from a copy of what git lists and checks it: 0 errors, 0 warnings, and no notes but those listed
# in check_log.py.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export RETICULATE_PYTHON=$PWD/.venv/bin/python
export _R_CHECK_FORCE_SUGGESTS_=false      # what is only suggested may be missing
export _R_CHECK_SYSTEM_CLOCK_=false        # asks a time server
export TIDYDL_EXAMPLES=required            # an example that waits for Python must find it here
export TIDYDL_CACHE=$work/cache
unset R_LIBS R_TESTS

.venv/bin/python tools/export_tree.py "$work/tidydl"
cd "$work"
R CMD build tidydl
# The page was just rendered by the build: running its code once more would show nothing new.
R CMD check --no-manual --no-vignettes --no-build-vignettes tidydl_*.tar.gz || true
cd - >/dev/null
if ! .venv/bin/python tools/check_log.py "$work/tidydl.Rcheck/00check.log" ||
  ! .venv/bin/python tools/check_examples.py "$work/tidydl.Rcheck/tidydl-Ex.Rout"; then
  rm -rf .setup/tidydl.Rcheck
  cp -R "$work/tidydl.Rcheck" .setup/ 2>/dev/null || true
  echo "The logs are in .setup/tidydl.Rcheck" >&2
  for log in "$work"/tidydl.Rcheck/tests/*.Rout.fail; do [[ -e $log ]] && tail -50 "$log" >&2; done
  exit 1
fi
