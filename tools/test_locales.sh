#!/usr/bin/env bash
# Runs the test files that meet text, messages, order or names of files under four locales, and ends with a line of each.
# The locales are made below .setup by glibc's localedef. Set-up has been done (see the Makefile).
set -uo pipefail
cd "$(dirname "$0")/.."
failed=0
summary=()
export LOCPATH=$PWD/.setup/locales OMP_WAIT_POLICY=${OMP_WAIT_POLICY:-passive} LC_ALL=
unset LC_CTYPE LC_MESSAGES LC_COLLATE
mkdir -p "$LOCPATH"

python_files=(data/readers/test_csv_columns data/readers/test_reading_odd_files data/test_loading
  data/test_writing_datasets design/test_design design/test_model_frame design/test_random_formulas
  networks/multinomial/test_multinom networks/saved/test_saving networks/test_bad_input networks/test_confusion)
paths=("${python_files[@]/#/tests/python/}")
paths=("${paths[@]/%/.py}")
r_files='bad-input|conditions|confusion|convert|dataset|importance|load|model-frame|multinom|nnet|round-trip|saving'

python_suite() {
  .venv/bin/python -m pytest "${paths[@]}" 2>&1
}

r_suite() {
  export RETICULATE_PYTHON=$PWD/.venv/bin/python R_LIBS NOT_CRAN=true
  R_LIBS=$(cat .setup/r-library)${R_LIBS:+:$R_LIBS}
  Rscript --no-save --no-restore tools/test_r.R "^($r_files)\$" 2>&1
}

# Runs a suite and notes how it went.
run() {
  local name=$1 suite=$2
  echo "== $name"
  if "$suite"; then summary+=("passed   $name"); else summary+=("FAILED   $name"); failed=1; fi
}

# The locale, what glibc makes it of, and the language of messages.
while read -r locale source encoding language; do
  if [[ $locale != C && ! -d $LOCPATH/$locale ]] && ! localedef -i "$source" -f "$encoding" "$LOCPATH/$locale"; then
    summary+=("NOT RUN  $locale: localedef cannot make it here")
    failed=1
    continue
  fi
  export LANG=$locale LANGUAGE=$language
  run "$locale, Python" python_suite </dev/null
  if [[ -f .setup/r-library ]]; then
    run "$locale, R" r_suite </dev/null
  else
    summary+=("NOT RUN  $locale, R: R is not ready on this machine (make setup says what to install)")
  fi
done <<END
de_DE.UTF-8 de_DE UTF-8 de
tr_TR.UTF-8 tr_TR UTF-8 tr
de_DE.ISO-8859-1 de_DE ISO-8859-1 de
C - - en
END

echo
printf '%s\n' "${summary[@]}"
exit "$failed"
