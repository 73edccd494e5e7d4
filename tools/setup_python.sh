#!/usr/bin/env bash
# Makes .venv and installs tidydl into it with the pinned, tested versions of inst/constraints.txt. Does nothing where
# nothing has changed since the last time.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p .setup
source tools/apt.sh

has_nvidia_driver() { nvidia-smi >/dev/null 2>&1; }

has_r_headers() {
  command -v R >/dev/null || return 1
  local include
  include=$(R CMD config --cppflags 2>/dev/null | tr ' ' '\n' | sed -n 's/^-I//p' | head -1)
  [[ -f ${include:-/nowhere}/R.h ]]
}

python=$(tools/find_python.sh)
driver=no
has_nvidia_driver && driver=yes
headers=no
r_version=none
if has_r_headers; then
  headers=yes
  r_version=$(Rscript --vanilla -e 'cat(as.character(getRversion()))' 2>/dev/null) || r_version=unknown
fi
print_version='import sys; print(sys.version)'
version=$("$python" -c "$print_version")
fingerprint() {
  "$python" tools/fingerprint.py pyproject.toml inst/constraints.txt tools/setup_python.sh \
    "Python $version" "driver $driver" "headers $headers" "R $r_version"
}
if [[ -x .venv/bin/python && $(cat .setup/python.stamp 2>/dev/null) == "$(fingerprint)" ]]; then
  exit
fi

if [[ $python != .venv/bin/python ]]; then
  echo "setup: making .venv with $python (Python ${version%% *})"
  "$python" -m venv --clear .venv
fi

# Somebody at a terminal sees how far pip has come; else its lines go to a log, which is shown where it fails.
install() {
  local command=(.venv/bin/python -m pip --disable-pip-version-check install --constraint inst/constraints.txt "$@")
  if [[ -t 1 ]]; then
    "${command[@]}"
  else
    "${command[@]}" >.setup/pip.log 2>&1 || { tail -20 .setup/pip.log >&2; return 1; }
  fi
}

# Where a driver is found the build of torch for CUDA is wanted. '==' also takes a build for the CPU that an index offers
# beside it; '===' takes the one whose version has no such ending.
torch=torch
if [[ $driver == yes ]]; then
  torch=$(sed -n 's/^torch==\([^ ]*\).*/torch===\1/p' inst/constraints.txt)
  echo "setup: an NVIDIA driver was found, so torch is the build for CUDA (several gigabytes)"
fi

echo "setup: installing tidydl and what it needs into .venv (a few minutes the first time)"
install setuptools build
install --no-build-isolation "$torch" --editable '.[minilm,sklearn,audio,video,train,test]'

if [[ $headers == yes ]]; then
  # rpy2 from 3.6.7 on needs R 4.5; 3.5.17 is the last tested with older ones.
  rpy2='rpy2==3.5.17'
  Rscript --vanilla -e 'quit(status = getRversion() < "4.5")' 2>/dev/null && rpy2='rpy2>=3.6.7'
  install "$rpy2" 2>/dev/null ||
    echo "setup: rpy2, which is optional, could not be installed; all else works without it"
fi

# R starts Python as a library, which Debian packs apart from the program.
r_finds_library() {
  RETICULATE_PYTHON=$PWD/.venv/bin/python Rscript --vanilla -e \
    'quit(status = is.null(reticulate::py_discover_config()$libpython))' >/dev/null 2>&1
}
if [[ -f .setup/r-library ]] && ! r_finds_library; then
  library=libpython$(.venv/bin/python -c 'import sys; print("%d.%d" % sys.version_info[:2])')
  if is_debian_program .venv/bin/python && can_use_apt; then apt_install "$library" || true; fi
  r_finds_library || echo "setup: R cannot start this Python, which has no shared library ($library): on Debian and" \
    "Ubuntu apt-get install $library, elsewhere take a Python that was built with --enable-shared"
fi

python=.venv/bin/python
version=$("$python" -c "$print_version")
fingerprint >.setup/python.stamp
echo "setup: Python is ready: $("$python" -c 'import sys; print(sys.version.split()[0])') in .venv"
