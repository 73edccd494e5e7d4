#!/usr/bin/env bash
# Shows the main job from beginning to end, offline: the workshop in Python on the terminal, in R as a page, and last
# what both found, side by side. Ends non-zero where they differ. Set-up has been done (see the Makefile).
set -euo pipefail
cd "$(dirname "$0")/.."
began=$SECONDS
mkdir -p demo
rm -f demo/notes-*.tsv
export HF_HUB_OFFLINE=1
export OMP_WAIT_POLICY=${OMP_WAIT_POLICY:-passive}  # threads that spin are slow where other work shares the cores

echo "== The workshop in Python"
TIDYDL_DEMO=$PWD/demo/notes-python.tsv .venv/bin/python vignettes/workshop.py demo

if [[ ! -f .setup/r-library ]]; then
  echo
  echo "R is not ready on this machine, so this was the Python half only (make setup says what to install)."
  exit 0
fi

echo
echo "== The workshop in R, as a page"
export RETICULATE_PYTHON=$PWD/.venv/bin/python R_LIBS
R_LIBS=$(cat .setup/r-library)${R_LIBS:+:$R_LIBS}
TIDYDL_DEMO=$PWD/demo/notes-r.tsv Rscript --no-save --no-restore -e \
  'rmarkdown::render("vignettes/workshop.Rmd", output_dir = "demo", intermediates_dir = tempdir(), quiet = TRUE)' >/dev/null
echo "[page: demo/workshop.html]"

echo
echo "== R and Python side by side"
.venv/bin/python tools/compare_demo.py demo/notes-r.tsv demo/notes-python.tsv
echo "(the demo took $((SECONDS - began)) seconds)"
