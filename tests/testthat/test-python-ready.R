# Whether the help pages' examples run, each time asked by a session of its own.
answer_of <- function(code, python, examples = NA) {
  script <- withr::local_tempfile(fileext = ".R")
  writeLines(c("suppressPackageStartupMessages(library(tidydl))", code), script)
  withr::local_envvar(
    R_LIBS = paste(.libPaths(), collapse = .Platform$path.sep), R_TESTS = "", RETICULATE_PYTHON = python,
    RETICULATE_PYTHON_ENV = NA, WORKON_HOME = withr::local_tempdir(), PYTHONPATH = NA, TIDYDL_EXAMPLES = examples
  )
  rscript <- file.path(R.home("bin"), "Rscript")
  system2(rscript, c("--no-save", "--no-restore", shQuote(script)), stdout = TRUE, stderr = FALSE)
}

ready <- "tryCatch(cat(tidydl:::python_ready()), error = function(cnd) cat(class(cnd)[[1]], conditionMessage(cnd)))"

test_that("without Python examples are left out, quietly and without a look for one", {
  looked <- "cat(' ', isTRUE(tidydl:::python_running()))"
  expect_identical(paste(answer_of(c(ready, looked), python = NA), collapse = ""), "FALSE  FALSE")
  expect_identical(answer_of(ready, python = "/no/such/python"), "FALSE")
})

test_that("where examples are required, a Python that is missing is an error", {
  expect_match(
    answer_of(ready, python = NA, examples = "required")[[1]], "^tidydl_error_dependency.*no Python is named"
  )
  expect_match(
    paste(answer_of(ready, python = "/no/such/python", examples = "required"), collapse = " "),
    "^tidydl_error_dependency.*/no/such/python"
  )
})

test_that("with Python examples run, but for those that want a package which is not there", {
  skip_without_python()
  withr::local_envvar(TIDYDL_EXAMPLES = NA)
  expect_true(python_ready())
  expect_false(python_ready("no-such-package"))
  withr::local_envvar(TIDYDL_EXAMPLES = "required")
  lacking <- "Python lacks the package no-such-package"
  expect_error(python_ready("no-such-package"), lacking, class = "tidydl_error_dependency")
})
