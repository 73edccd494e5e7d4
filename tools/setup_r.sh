#!/usr/bin/env bash
# Brings R and the packages tidydl needs, and installs tidydl's R half into a library of this project's own, so that the
# user's library is never touched. Leaves .setup/r-library (the path of that library) where R is ready, and removes it
# where R cannot be had, after saying what to install: everything then does the Python half only.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p .setup
source tools/apt.sh

needed=(cli generics jsonlite nnet pillar reticulate rlang tibble vctrs testthat withr knitr rmarkdown dplyr ggplot2)
for_checks=(caret lintr roxygen2 broom MASS png tidyr)

without_r() {
  rm -f .setup/r-library
  echo "setup: WITHOUT R: $1"
  shift
  for line in "$@"; do echo "setup:   $line"; done
  exit 0
}

debian_names() {
  printf 'r-cran-%s\n' "$@" | tr '[:upper:]' '[:lower:]'
}

missing_packages() {
  Rscript --vanilla -e 'p <- commandArgs(TRUE); cat(p[!nzchar(vapply(p, function(x) system.file(package = x), ""))])' "$@"
}



if [[ ${WITHOUT_R:-} == 1 ]]; then without_r "asked for by WITHOUT_R=1"; fi

all_debian=(r-base-core r-base-dev pandoc $(debian_names "${needed[@]}" "${for_checks[@]}"))
if ! command -v Rscript >/dev/null; then
  can_use_apt || without_r "Rscript is not on the PATH." \
    "On Debian and Ubuntu: sudo apt-get install --no-install-recommends ${all_debian[*]}" \
    "Elsewhere: install R (4.2 or newer) and pandoc, then run this again."
  apt_install "${all_debian[@]}" || without_r "apt-get could not install it (see .setup/apt.log)."
  command -v Rscript >/dev/null || without_r "apt-get ran, but Rscript is still not on the PATH."
fi
Rscript --vanilla -e 'quit(status = getRversion() < "4.2")' || without_r "this R is older than 4.2."

missing=($(missing_packages "${needed[@]}"))
missing_for_checks=($(missing_packages "${for_checks[@]}"))
wanted=("${missing[@]+"${missing[@]}"}" "${missing_for_checks[@]+"${missing_for_checks[@]}"}")
if ((${#wanted[@]})) && is_debian_program Rscript && can_use_apt; then
  apt_install $(debian_names "${wanted[@]}") || true
  missing=($(missing_packages "${needed[@]}"))
fi
if ((${#missing[@]})); then
  quoted=$(printf '"%s", ' "${missing[@]}")
  without_r "R lacks packages that tidydl needs." "In R: install.packages(c(${quoted%, }))"
fi
if ! command -v pandoc >/dev/null && is_debian_program Rscript && can_use_apt; then
  apt_install pandoc || echo "setup: pandoc could not be installed; pages are not rendered without it"
fi

# One library a version of R, because two of them may share a checkout.
library=$PWD/.setup/R-$(Rscript --vanilla -e 'cat(as.character(getRversion()[, 1:2]))')
python=$(tools/find_python.sh)
if [[ ! -e NAMESPACE ]]; then
  echo "setup: NAMESPACE is missing; 'make docs' writes it" >&2
  exit 1
fi
fingerprint=$("$python" tools/fingerprint.py DESCRIPTION NAMESPACE R man inst/constraints.txt inst python tools/setup_r.sh)
if [[ $(cat "$library/stamp" 2>/dev/null) != "$fingerprint" ]]; then
  mkdir -p "$library"
  copy=$(mktemp -d)
  trap 'rm -rf "$copy"' EXIT
  "$python" tools/export_tree.py "$copy"
  if ! R CMD INSTALL --library="$library" "$copy" >.setup/r-install.log 2>&1; then
    tail -20 .setup/r-install.log >&2
    echo "setup: the R package could not be installed" >&2
    exit 1
  fi
  echo "$fingerprint" >"$library/stamp"
  echo "setup: R is ready: tidydl is installed in ${library#"$PWD"/}"
fi
echo "$library" >.setup/r-library
