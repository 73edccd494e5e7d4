# Everything a newcomer types. Each target does its own set-up, which is quick where nothing has changed.
#   make demo PYTHON=python3.12    starts from another Python
#   make test WITHOUT_R=1          the Python half only

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-processors test-oldest test-locales check dist format docs bench clean
export PYTHON WITHOUT_R

help:
	@echo "make demo    the workshop from beginning to end, in R and in Python, side by side"
	@echo "make test    both test suites"
	@echo "make test-processors  what torch computes, as six kinds of processors would (a quarter of an hour)"
	@echo "make test-oldest      the Python suite with the oldest versions of what it needs"
	@echo "make test-locales  some of both suites under German, Turkish, latin1 and C locales"
	@echo "make check   formatting, types, lints, doctests, manual pages, R CMD check"
	@echo "make dist    the wheel, the sdist and the R source package, in dist/"
	@echo "make setup   only the set-up all of these begin with"
	@echo "make format  rewrites the Python files as ruff formats them"
	@echo "make docs    writes NAMESPACE and man/ from the comments in R/"
	@echo "make bench   the measurements in tests/benchmarks"
	@echo "make clean   removes what was built; .venv stays"

setup:
	@tools/setup_r.sh
	@tools/setup_python.sh

demo: setup
	@tools/demo.sh

test: setup
	@tools/test.sh

test-processors: setup
	@tools/test_processors.sh

test-oldest:
	@tools/test_oldest.sh

test-locales: setup
	@tools/test_locales.sh

check: setup
	@tools/check.sh

dist: setup
	@tools/dist.sh

bench: setup
	@tools/bench.sh

# The R package is not installed first: without NAMESPACE it could not be.
docs:
	@tools/write_r_docs.sh

format:
	@tools/setup_python.sh
	@.venv/bin/ruff format .
	@.venv/bin/ruff check --fix .

clean:
	rm -rf build dist demo .setup ./*.Rcheck ./*.tar.gz .pytest_cache .mypy_cache .ruff_cache .numba_cache
	rm -f Rplots.pdf
	find python tests tools -name __pycache__ -type d -prune -exec rm -rf {} +
