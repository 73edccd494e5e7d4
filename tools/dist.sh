#!/usr/bin/env bash
# Builds the wheel, the sdist and the R source package into dist/, from a copy of what git lists, in which the link
# inst/python has become real files: so they install also where links do not survive (Windows).
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
rm -rf dist
mkdir -p dist
.venv/bin/python tools/export_tree.py "$work/tidydl"

.venv/bin/python -m build --no-isolation --outdir dist "$work/tidydl" >.setup/build.log 2>&1 ||
  { tail -20 .setup/build.log >&2; exit 1; }
rm -rf "$work/tidydl/build" "$work"/tidydl/python/*.egg-info

if [[ -f .setup/r-library ]]; then
  here=$PWD
  export RETICULATE_PYTHON=$PWD/.venv/bin/python
  (cd "$work" && R CMD build tidydl >"$here/.setup/r-build.log" 2>&1) || { tail -20 .setup/r-build.log >&2; exit 1; }
  mv "$work"/tidydl_*.tar.gz dist/
else
  echo "dist: WITHOUT the R package, because R is not ready here"
fi
.venv/bin/python tools/check_dist.py dist
