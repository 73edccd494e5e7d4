# What courses say about which Python is used: nothing is changed or installed that need not be, and one line says so.

one_line <- function(expr) {
  said <- character()
  withCallingHandlers(expr, tidydl_message = function(cnd) {
    said <<- c(said, conditionMessage(cnd))
    invokeRestart("muffleMessage")
  })
  said
}

test_that("what would install says in one line what is there", {
  skip_without_python()
  import("sys")
  said <- one_line(value <- py_install(c("torch", "transformers[torch]==4.2"), pip = TRUE))
  expect_match(said, "^Nothing to install: torch [0-9.+a-z]+, transformers [0-9.]+ of ")
  expect_identical(value, reticulate::py_config()$python)
  for (call in expression(
    install_miniconda(), conda_create("r-reticulate"), virtualenv_create("r-reticulate", python = "3.9"),
    py_require("transformers")
  )) {
    expect_match(one_line(eval(call)), "^Nothing to install: ", label = deparse(call))
  }
  expect_error(py_install(3), "packages", class = "tidydl_error_argument")
})

test_that("what is missing is named with what brings it", {
  skip_without_python()
  import("sys")
  said <- one_line(py_install(c("no-such-package", "torch")))
  expect_length(said, 1)
  expect_match(said, "Missing: no-such-package; `.* -m pip install no-such-package`")
  expect_match(said, "Nothing to install: torch")
})

test_that("an environment that is not there is told, with the Python that is used", {
  skip_without_python()
  import("sys")
  expect_match(one_line(use_condaenv("r-no-such")), "There is no conda environment 'r-no-such' here: tidydl uses ")
  expect_match(one_line(use_virtualenv("r-no-such")), "There is no virtual environment 'r-no-such' here")
  expect_match(one_line(use_python("/no/such/python", required = TRUE)), "There is no Python /no/such/python here")
  expect_length(one_line(use_python(reticulate::py_config()$python)), 0)
})

test_that("a Python that lacks libraries is not chosen, and one that has them is", {
  expect_identical(lacking_libraries("/no/such/python"), requirements()$name)
  skip_without_python()
  named <- Sys.getenv("RETICULATE_PYTHON")
  expect_identical(lacking_libraries(named), character())
  bare <- withr::local_tempfile(fileext = ".sh", lines = c("#!/bin/sh", sprintf("exec %s -S \"$@\"", shQuote(named))))
  Sys.chmod(bare, "755")
  expect_true("torch" %in% lacking_libraries(bare))
  script <- withr::local_tempfile(fileext = ".R", lines = c(
    "library(tidydl)", sprintf("use_python(%s)", deparse(bare)), sprintf("use_python(%s)", deparse(named)),
    "cat(py_config()$python)"
  ))
  withr::local_envvar(RETICULATE_PYTHON = NA)
  withr::local_dir(tempdir()) # where no project is that reticulate would look at
  said <- suppressWarnings(system2(file.path(R.home("bin"), "Rscript"), shQuote(script), stdout = TRUE, stderr = TRUE))
  expect_match(said, "lacks .*torch", all = FALSE)
  expect_identical(said[[length(said)]], named)
})

test_that("Python is described, and modules are looked for without being loaded", {
  skip_without_python()
  expect_true(py_available(initialize = TRUE))
  expect_true(py_module_available("transformers"))
  expect_false(py_module_available("no_such_module.part"))
  expect_identical(py_config()$python, reticulate::py_config()$python)
  expect_true(is.data.frame(suppressMessages(conda_list())))
})
