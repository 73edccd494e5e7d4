# For the scripts of set-up: installing Debian packages, where there is apt and somebody who may use it.

as_root() {
  if [[ $(id -u) == 0 ]]; then "$@"; else sudo "$@"; fi
}

can_use_apt() {
  command -v apt-get >/dev/null || return 1
  [[ $(id -u) == 0 ]] && return 0
  command -v sudo >/dev/null || return 1
  sudo -n true 2>/dev/null || [[ -t 0 ]]  # without a terminal nobody could type a password
}

apt_install() {
  echo "setup: installing with apt-get: $*"
  {
    as_root apt-get update -q &&
      as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@"
  } >.setup/apt.log 2>&1 || { tail -5 .setup/apt.log >&2; return 1; }
}

is_debian_program() { dpkg -S "$(readlink -f "$(command -v "$1")")" >/dev/null 2>&1; }
