# Tests that cross need a Python with tidydl's libraries; `make test` names the project's own.
skip_without_python <- function() {
  named <- nzchar(Sys.getenv("RETICULATE_PYTHON"))
  testthat::skip_if_not(named || python_running(), "No Python at hand: RETICULATE_PYTHON names none")
}

echo <- function(x) call_python("echo", list(value = x))
