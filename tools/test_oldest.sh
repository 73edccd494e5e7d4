#!/usr/bin/env bash
# Runs the Python suite in an environment of its own with the oldest versions that pyproject.toml claims, as
# tools/oldest.txt pins them (a test compares both). Arguments are those of pytest. R's half of the suite runs with the
# R packages of Debian 12, which are the oldest that DESCRIPTION claims.
#   make test-oldest, or tools/test_oldest.sh tests/python/data/arrow/test_kinds.py
set -euo pipefail
cd "$(dirname "$0")/.."
export WITHOUT_R=${WITHOUT_R:-1}
place=$PWD/.setup/oldest
python=${PYTHON:-python3}
stamp=$("$python" tools/fingerprint.py tools/oldest.txt tools/test_oldest.sh "$("$python" --version)")
if [[ $(cat "$place/stamp" 2>/dev/null) != "$stamp" ]]; then
  echo "oldest: installing the oldest versions into .setup/oldest (some minutes)"
  "$python" -m venv --clear "$place"
  "$place/bin/python" -m pip --disable-pip-version-check install --quiet --only-binary :all: -r tools/oldest.txt
  echo "$stamp" >"$place/stamp"
fi
export PYTHONPATH=$PWD/python OMP_WAIT_POLICY=${OMP_WAIT_POLICY:-passive} HF_HUB_OFFLINE=1
if "$place/bin/python" -m pytest -p no:cacheprovider "$@"; then
  echo "Oldest versions: passed"
else
  echo "Oldest versions: FAILED"
  exit 1
fi
