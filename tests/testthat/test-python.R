# Each claim is about a session of its own, because a session starts one Python and keeps it.
in_new_session <- function(code, python = Sys.getenv("RETICULATE_PYTHON")) {
  script <- withr::local_tempfile(fileext = ".R")
  setup <- c("suppressPackageStartupMessages(library(tidydl))", call_python_lines)
  report <- paste(
    "told <- function(work) tryCatch(work, error = function(cnd)",
    "cat(class(cnd)[[1]], conditionMessage(cnd), sep = '\\n'))"
  )
  writeLines(c(setup, report, code), script)
  libraries <- paste(.libPaths(), collapse = .Platform$path.sep)
  # a started reticulate leaves the libraries of its Python in PYTHONPATH
  withr::local_envvar(R_LIBS = libraries, R_TESTS = "", RETICULATE_PYTHON = python, PYTHONPATH = NA)
  system2(file.path(R.home("bin"), "Rscript"), c("--no-save", "--no-restore", shQuote(script)), stdout = TRUE)
}

test_that("a Python that is not there is a dependency to mend", {
  answer <- in_new_session("told(call_python('echo', list(value = 1)))", python = "/no/such/python")
  expect_identical(answer[[1]], "tidydl_error_dependency")
  expect_match(paste(answer, collapse = " "), "/no/such/python", fixed = TRUE)
  expect_match(paste(answer, collapse = " "), "tidydl::install_tidydl()", fixed = TRUE)
})

test_that("a Python that lacks the libraries is a dependency to mend", {
  skip_without_python()
  folder <- withr::local_tempdir()
  made <- system2(Sys.getenv("RETICULATE_PYTHON"), c("-m", "venv", "--without-pip", shQuote(folder)))
  skip_if_not(made == 0, "This Python makes no virtual environments")
  python <- file.path(folder, if (.Platform$OS.type == "windows") "Scripts/python.exe" else "bin/python")
  answer <- in_new_session("told(call_python('echo', list(value = 1)))", python = python)
  expect_identical(answer[[1]], "tidydl_error_dependency")
  expect_match(answer[[2]], "lacks a library: No module named")
  expect_match(paste(answer, collapse = " "), "tidydl::install_tidydl()", fixed = TRUE)
})

test_that("two halves of different versions do not work together", {
  skip_without_python()
  answer <- in_new_session(c(
    "reticulate::py_run_string(\"import sys, types; m = types.ModuleType('tidydl')\")",
    "reticulate::py_run_string(\"m.__version__, m.__file__ = '0.0.1', 'x'; sys.modules['tidydl'] = m\")",
    "told(call_python('echo', list(value = 1)))"
  ))
  expect_identical(answer[[1]], "tidydl_error_bridge")
  expect_match(answer[[2]], "in R and 0.0.1 in Python (x)", fixed = TRUE)
})

test_that("a Python that is already running is used, and only its autoflush is changed, at the first call", {
  skip_without_python()
  answer <- in_new_session(c(
    "reticulate::py_run_string('x = 41')",
    "cat(is.null(getOption('reticulate.autoflush')), '\\n')",
    "cat(call_python('echo', list(value = 1)), '\\n')",
    "cat(getOption('reticulate.autoflush'), reticulate::py_eval('x + 1'), '\\n')"
  ))
  expect_identical(trimws(answer), c("TRUE", "1", "FALSE 42"))
})

test_that("what Python prints does not reach R's output", {
  skip_without_python()
  answer <- in_new_session("x <- call_python('echo', list(value = 1)); try(silent = TRUE,
    call_python('warn', list(text = 'mind', printed = 'chatter')))")
  expect_false(any(grepl("chatter", answer)))
})

test_that("what lies in the working directory is imported by the user only", {
  skip_without_python()
  folder <- withr::local_tempdir()
  of_python <- c("random", "tempfile", "zipfile", "json", "typing_extensions", "hashlib", "statistics", "selectors")
  of_reticulate <- c("rpytools", "traceback")
  others <- c("lazy_loader", "pandas", "pyarrow", "transformers", "tidydl", "tensorflow", "mine")
  for (name in c(others, of_python, of_reticulate)) {
    ran <- file.path(normalizePath(folder), paste0(name, ".ran"))
    writeLines(sprintf("open('%s', 'w').close()", ran), file.path(folder, paste0(name, ".py")))
  }
  writeLines(c("a,b", "1,2"), file.path(folder, "data.csv"))
  withr::local_dir(folder)
  answer <- in_new_session(c(
    "found <- load_dataset('data.csv')",
    "told(pipeline('text-classification', model = '.'))",
    "cat('ran:', list.files(pattern = '[.]ran$'), '\\n')",
    "mine <- reticulate::import('mine')",
    "cat('ran:', list.files(pattern = '[.]ran$'), nrow(found), '\\n')"
  ))
  expect_identical(trimws(grep("^ran:", answer, value = TRUE)), c("ran:", "ran: mine.ran 1"))
})
