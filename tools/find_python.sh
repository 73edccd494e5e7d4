#!/usr/bin/env bash
# Prints the Python that set-up starts from: the environment's own where it is made, else the one named by $PYTHON, else
# the first of the usual names that is new enough and can make virtual environments. Where there is none it is installed
# with apt, if that can be, and otherwise said why.
set -euo pipefail
cd "$(dirname "$0")/.."

usable='import sys; assert sys.version_info >= (3, 11); import venv, ensurepip'

if [[ -z ${PYTHON:-} ]] && .venv/bin/python -c 'import sys; assert sys.version_info >= (3, 11)' 2>/dev/null; then
  echo .venv/bin/python
  exit
fi

seen=()
look() {
  local name path version lacking
  seen=()
  for name in ${PYTHON:-python3.11 python3.12 python3.13 python3}; do
    path=$(command -v "$name" 2>/dev/null) || continue
    if "$path" -c "$usable" 2>/dev/null; then
      echo "$path"
      exit
    fi
    # A version manager leaves commands that only say that their version is not installed.
    version=$("$path" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) || continue
    lacking=
    "$path" -c 'import venv, ensurepip' 2>/dev/null || lacking=" without the venv module"
    seen+=("$path is Python $version$lacking")
  done
}

look
source tools/apt.sh
if [[ -z ${PYTHON:-} ]] && can_use_apt; then
  mkdir -p .setup
  apt_install python3 python3-venv >&2 && hash -r && look
fi

{
  echo "setup: no Python was found that tidydl can be set up with."
  for line in "${seen[@]+"${seen[@]}"}"; do echo "  $line"; done
  echo "  It needs Python 3.11 or newer with the venv module."
  if command -v apt-get >/dev/null; then
    echo "  Install it with: apt-get install python3 python3-venv"
  else
    echo "  Install it from your system's package manager or from Python's own web site."
  fi
  echo "  Another one is named with: make setup PYTHON=/path/to/python3"
} >&2
exit 1
