# Each claim is about a session of its own, because this one has long loaded everything.
in_new_session <- function(code) {
  script <- withr::local_tempfile(fileext = ".R")
  writeLines(code, script)
  withr::local_envvar(R_LIBS = paste(.libPaths(), collapse = .Platform$path.sep), R_TESTS = "")
  system2(file.path(R.home("bin"), "Rscript"), c("--no-save", "--no-restore", shQuote(script)), stdout = TRUE)
}

test_that("library(tidydl) loads neither reticulate nor starts Python", {
  answer <- in_new_session(c(
    "began <- proc.time()[[\"elapsed\"]]",
    "library(tidydl)",
    "cat(isNamespaceLoaded(\"reticulate\"), \"libpython\" %in% names(getLoadedDLLs()), \"\\n\")",
    "cat(sprintf(\"library(tidydl): %.2f s\\n\", proc.time()[[\"elapsed\"]] - began))"
  ))
  expect_equal(trimws(answer[[1]]), "FALSE FALSE")
  cat("\n", answer[[2]], "\n", sep = "")
})

test_that("library(tidydl) does not load packages that only plots or pages need", {
  answer <- in_new_session(c("library(tidydl)", "cat(loadedNamespaces())"))
  loaded <- strsplit(answer, " ")[[1]]
  expect_true("tidydl" %in% loaded)
  expect_equal(intersect(loaded, c("ggplot2", "dplyr", "knitr", "rmarkdown", "caret")), character())
})

test_that("the check notices a session that has loaded reticulate", {
  answer <- in_new_session(c(
    "library(tidydl)",
    "invisible(loadNamespace(\"reticulate\"))",
    "cat(isNamespaceLoaded(\"reticulate\"))"
  ))
  expect_equal(answer, "TRUE")
})
