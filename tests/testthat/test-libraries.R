# Each claim is about a session of its own, because a session starts one Python, which loads torch once.
skip_if_not(Sys.info()[["sysname"]] == "Linux", "Only Linux binds a library to another's symbols")

in_new_session <- function(code) {
  script <- withr::local_tempfile(fileext = ".R")
  writeLines(code, script)
  libraries <- paste(.libPaths(), collapse = .Platform$path.sep)
  # a started reticulate leaves the libraries of its Python in PYTHONPATH
  withr::local_envvar(R_LIBS = libraries, R_TESTS = "", PYTHONPATH = NA)
  rscript <- file.path(R.home("bin"), "Rscript")
  system2(rscript, c("--no-save", "--no-restore", shQuote(script)), stdout = TRUE, stderr = TRUE)
}

# Starts Python in each of some ways, each in a fork of one new session, and tells how many finders of ours it has and
# whether anything heavy was imported for them.
finders_after <- function(ways, python = Sys.getenv("RETICULATE_PYTHON")) {
  ways <- c(ways, recursive = TRUE)
  answer <- in_new_session(c(
    sprintf("Sys.setenv(RETICULATE_PYTHON = %s)", deparse(python)),
    sprintf("for (way in %s) {", paste(deparse(unname(ways)), collapse = "")),
    "  job <- parallel::mcparallel({",
    "    suppressPackageStartupMessages(eval(parse(text = way)))",
    "    reticulate::py_run_string('import sys')",
    "    paste(",
    "      reticulate::py_eval('sum([getattr(f, \"keeps_own_symbols\", False) for f in sys.meta_path])'),",
    "      reticulate::py_eval('any([m.split(\".\")[0] in (\"tidydl\", \"torch\") for m in sys.modules])')",
    "    )",
    "  })",
    "  cat('answer:', parallel::mccollect(job)[[1]], '\\n')",
    "}"
  ))
  answer <- grep("^answer:", answer, value = TRUE)
  stats::setNames(trimws(sub("answer:", "", answer, fixed = TRUE)), names(ways))
}

test_that("every way to start Python keeps torch's own linear algebra, and imports nothing for it", {
  skip_without_python()
  ways <- c(
    "import()" = "library(tidydl); reticulate::import('math')",
    "reticulate attached before" = "library(reticulate); library(tidydl); reticulate::import('math')",
    "Python running before" = "reticulate::py_run_string('x = 1'); library(tidydl)",
    "only a function of ours was named" = "tidydl::nnet; reticulate::import('math')",
    "an import put off" = "library(tidydl); math <- reticulate::import('math', delay_load = TRUE); math$pi",
    "py_config()" = "library(tidydl); reticulate::py_config()",
    "use_python()" = "library(tidydl); reticulate::use_python(Sys.getenv('RETICULATE_PYTHON'), TRUE);
      reticulate::import('math')",
    "knitr's python chunks" = "library(tidydl); knitr::knit(text = '```{python}\nx = 1\n```', quiet = TRUE)",
    "another package's hook" =
      "setHook('reticulate.onPyInit', function() NULL); library(tidydl); reticulate::import('math')"
  )
  expect_identical(finders_after(ways), vapply(ways, function(way) "1 FALSE", ""))
})

test_that("the session without tidydl has no finder of ours, nor has one that has let go of it", {
  skip_without_python()
  ways <- c(
    "without" = "reticulate::import('math')",
    "unloaded" = "tidydl::nnet; unloadNamespace('tidydl'); reticulate::import('math')"
  )
  expect_identical(finders_after(ways), c(without = "0 FALSE", unloaded = "0 FALSE"))
})

test_that("a Python without any library of ours starts as it would without us", {
  skip_without_python()
  folder <- withr::local_tempdir()
  made <- system2(Sys.getenv("RETICULATE_PYTHON"), c("-m", "venv", "--without-pip", shQuote(folder)))
  skip_if_not(made == 0, "This Python makes no virtual environments")
  way <- "library(tidydl); reticulate::import('math')"
  expect_identical(unname(finders_after(way, file.path(folder, "bin", "python"))), "1 FALSE")
})

product <- c(
  "reticulate::py_run_string('",
  "import torch",
  "torch.manual_seed(1)",
  "product = (torch.rand(64, 300) @ torch.rand(300, 64)).numpy().tobytes().hex()",
  "')",
  "cat(reticulate::py$product, '\\n')"
)

test_that("torch imported before the first call of ours computes what it computes outside R", {
  skip_without_python()
  inside <- in_new_session(c(
    "suppressPackageStartupMessages(library(tidydl))",
    product,
    "invisible(tasks())",
    "print(tidydl:::borrowed_algebra())"
  ))
  code <- c(product[2:4], "print(product)")
  outside <- system2(Sys.getenv("RETICULATE_PYTHON"), "-", input = code, stdout = TRUE)
  expect_identical(trimws(inside), c(outside, "NULL"))
})

test_that("torch imported before tidydl is told once, and by sitrep()", {
  skip_without_python()
  answer <- in_new_session(c(
    product,
    "suppressPackageStartupMessages(library(tidydl))",
    "library(tidydl); cat('loaded\\n')",
    "invisible(tasks()); invisible(tasks())",
    "found <- sitrep(hub = FALSE, device = FALSE)",
    "row <- found[found$item == \"torch's linear algebra\", ]",
    "cat('row:', as.character(row$status), row$value, row$mend)"
  ))
  skip_if_not(any(grepl("R's linear algebra", answer)) || any(grepl("sgemm_|dgemm_", in_new_session(
    "cat(system2('nm', c('-D', extSoftVersion()[['BLAS']]), stdout = TRUE))"
  ))), "R has no linear algebra that torch could take")
  expect_equal(sum(grepl("^torch was loaded before tidydl", answer)), 1)
  expect_gt(grep("^torch was loaded before tidydl", answer), which(answer == "loaded"))
  row <- answer[[length(answer)]]
  expect_match(row, "^row: fault torch was loaded before tidydl and computes with R's linear algebra \\(/")
  expect_match(row, "Restart R and call library(tidydl) before anything imports torch.", fixed = TRUE)
})
