#!/usr/bin/env bash
# Runs what torch computes as other processors would: the tests in which a model runs, the README test and the demo's
# comparison, under six combinations of instruction sets and threads. Ends with a line a combination. Set-up has been
# done (see the Makefile).
#   tools/test_processors.sh                            all six (on two quiet cores at most 15 minutes)
#   tools/test_processors.sh NAME [ARGUMENT OF PYTEST]  one of them, on some tests and R's shared cases, without the demo
set -uo pipefail
cd "$(dirname "$0")/.."
began=$SECONDS
failed=0
work=.setup/processors
mkdir -p "$work"
export HF_HUB_OFFLINE=1 OMP_WAIT_POLICY=passive

names=(as-it-is avx512 avx2 avx2-compatible oldest oldest-compatible)

# What a combination sets; torch's own choice is left where nothing is said.
settings() {
  case $1 in
    as-it-is) echo OMP_NUM_THREADS=2 ;;
    avx512) echo OMP_NUM_THREADS=1 ATEN_CPU_CAPABILITY=avx512 ONEDNN_MAX_CPU_ISA=AVX512_CORE ;;
    avx2) echo OMP_NUM_THREADS=1 ATEN_CPU_CAPABILITY=avx2 ONEDNN_MAX_CPU_ISA=AVX2 ;;
    avx2-compatible) echo OMP_NUM_THREADS=2 ATEN_CPU_CAPABILITY=avx2 ONEDNN_MAX_CPU_ISA=AVX2 MKL_CBWR=COMPATIBLE ;;
    oldest) echo OMP_NUM_THREADS=2 ATEN_CPU_CAPABILITY=default ONEDNN_MAX_CPU_ISA=SSE41 ;;
    oldest-compatible) echo OMP_NUM_THREADS=1 ATEN_CPU_CAPABILITY=default ONEDNN_MAX_CPU_ISA=SSE41 MKL_CBWR=COMPATIBLE ;;
    *) echo "no such combination: $1; there are ${names[*]}" >&2; exit 2 ;;
  esac
}

# torch takes ATEN_CPU_CAPABILITY at its word, and dies where the processor lacks what it names.
can_run() {
  local flag=$1
  case $flag in
    avx512) flag=avx512bw ;;
    avx2*) flag=avx2 ;;
    *) return 0 ;;
  esac
  if [[ -r /proc/cpuinfo ]]; then grep -qw "$flag" /proc/cpuinfo; else sysctl -n machdep.cpu.leaf7_features 2>/dev/null |
    grep -qiw "$flag"; fi
}

run_tests() {
  local name=$1
  shift
  # shellcheck disable=SC2046
  env $(settings "$name") .venv/bin/python -m pytest -p no:cacheprovider "$@"
}

run_shared_cases_in_r() {
  [[ -f .setup/r-library ]] || return 0
  # shellcheck disable=SC2046
  env $(settings "$1") RETICULATE_PYTHON="$PWD/.venv/bin/python" NOT_CRAN=true \
    R_LIBS="$(cat .setup/r-library)${R_LIBS:+:$R_LIBS}" Rscript --no-save --no-restore tools/test_r.R '^shared$'
}

# The workshop in Python under a combination beside that of R as it is: another processor, the same labels and scores.
run_demo() {
  rm -f "$work/$1.tsv"
  # shellcheck disable=SC2046
  env $(settings "$1") TIDYDL_DEMO="$PWD/$work/$1.tsv" .venv/bin/python vignettes/workshop.py "$work/$1" >/dev/null &&
    .venv/bin/python tools/compare_demo.py "$2" "$work/$1.tsv"
}

# The page of R; without R the workshop in Python takes its place, so that processors are still compared.
make_reference() {
  rm -f "$work/reference.tsv"
  if [[ -f .setup/r-library ]]; then
    RETICULATE_PYTHON=$PWD/.venv/bin/python R_LIBS=$(cat .setup/r-library)${R_LIBS:+:$R_LIBS} \
      TIDYDL_DEMO=$PWD/$work/reference.tsv Rscript --no-save --no-restore -e \
      "rmarkdown::render('vignettes/workshop.Rmd', output_dir = '$work', intermediates_dir = tempdir(), quiet = TRUE)"
  else
    TIDYDL_DEMO=$PWD/$work/reference.tsv .venv/bin/python vignettes/workshop.py "$work/reference"
  fi
}

summary() {
  printf '%-18s %s\n' "$1" "$2"
}

if (($#)); then
  name=$1
  shift
  settings "$name" >/dev/null
  if ! can_run "$name"; then summary "$name" "NOT RUN: this processor does not have it"; exit 0; fi
  run_tests "$name" "$@" || failed=1
  run_shared_cases_in_r "$name" || failed=1
  if [[ $failed == 0 ]]; then summary "$name" "passed"; else summary "$name" "FAILED"; fi
  exit "$failed"
fi

one() {
  local name=$1 started=$SECONDS line="passed"
  shift
  { run_tests "$name" "$@" && run_demo "$name" "$work/reference.tsv"; } >"$work/$name.log" 2>&1 || line="FAILED"
  summary "$name" "$line ($((SECONDS - started)) s)" >"$work/$name.line"
}

# First as it is, which also finds out in which tests a model runs; R's page is made meanwhile.
rm -f "$work"/*.log "$work"/*.line "$work"/*.tsv "$work/tests"
echo "== as-it-is"
make_reference >"$work/reference.log" 2>&1 &
maybe=($(grep -rlE --include='test_*.py' 'torch|transformers|pipeline|embed|tiny' tests/python | sort))
started=$SECONDS
line="passed"
TIDYDL_RAN_MODELS=$PWD/$work/tests PYTHONPATH=$PWD/tests/python run_tests as-it-is -p support.ran_models "${maybe[@]}" \
  >"$work/as-it-is.log" 2>&1 || line="FAILED"
wait
[[ -s $work/tests ]] || line="FAILED: no test in which a model ran was found"
run_demo as-it-is "$work/reference.tsv" >>"$work/as-it-is.log" 2>&1 || line="FAILED"
summary as-it-is "$line ($((SECONDS - started)) s)" | tee "$work/as-it-is.line"

# The others side by side, two at a time.
lane() {
  local name
  for name in "$@"; do
    echo "== $name"
    if can_run "$name"; then
      one "$name" "@$work/tests"
    else
      summary "$name" "NOT RUN: this processor does not have it" >"$work/$name.line"
    fi
  done
}
lane avx2 avx2-compatible avx512 &
lane oldest oldest-compatible &
wait

echo
for name in "${names[@]}"; do
  if ! grep -q passed "$work/$name.line" && ! grep -q "NOT RUN" "$work/$name.line"; then
    failed=1
    tail -40 "$work/$name.log"
  fi
done
echo "Tests in which a model runs: $(wc -l <"$work/tests")"
for name in "${names[@]}"; do cat "$work/$name.line"; done
echo "(the processors took $((SECONDS - began)) seconds)"
exit "$failed"
