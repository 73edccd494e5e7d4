# Tests that cross need a Python with tidydl's libraries; `make test` names the project's own.
skip_without_python <- function() {
  named <- nzchar(Sys.getenv("RETICULATE_PYTHON"))
  testthat::skip_if_not(named || python_running(), "No Python at hand: RETICULATE_PYTHON names none")
}

# R's own call_python(), with the functions of diagnostics.py among those that it may call: for tests, and as the lines
# of a script for sessions of their own.
diagnostics_folder <- normalizePath(testthat::test_path(), "/")
call_python <- function(name, args = list(), ..., call = rlang::caller_env()) {
  start_python(call)
  reticulate::import_from_path("diagnostics", diagnostics_folder)
  tidydl:::call_python(name, args, ..., call = call)
}
call_python_lines <- c(
  sprintf("diagnostics_folder <- %s", deparse1(diagnostics_folder)), "start_python <- tidydl:::start_python",
  paste("call_python <-", paste(deparse(call_python), collapse = "\n"))
)

echo <- function(x) call_python("echo", list(value = x))
