test_that("sitrep() is one line a finding and a tibble of the same", {
  output <- capture.output(found <- sitrep(hub = FALSE, device = FALSE))
  expect_s3_class(found, "tbl_df")
  expect_named(found, c("item", "value", "status", "mend"))
  expect_equal(levels(found$status), c("ok", "note", "fault"))
  expect_length(output, nrow(found) + sum(!is.na(found$mend)) + 1)
  expect_match(output[[1]], as.character(getRversion()), fixed = TRUE)
})

test_that("sitrep() names both halves, in one version", {
  capture.output(found <- sitrep(hub = FALSE, device = FALSE))
  version <- as.character(packageVersion("tidydl"))
  halves <- found$value[found$item %in% c("tidydl", "tidydl for R")]
  expect_length(halves, 2)
  expect_true(all(startsWith(halves, version)))
})

test_that("sitrep() says which Python runs, and why", {
  capture.output(found <- sitrep(hub = FALSE, device = FALSE))
  chosen <- found$value[found$item == "Python chosen"]
  expect_match(chosen, "because")
  if (nzchar(Sys.getenv("RETICULATE_PYTHON"))) {
    expect_match(chosen, "RETICULATE_PYTHON names it", fixed = TRUE)
  }
})

test_that("sitrep() finds the device", {
  capture.output(found <- sitrep(hub = FALSE))
  expect_match(found$value[found$item == "device"], "^(cpu|mps|cuda:[0-9]+): .")
})

test_that("R's torch beside ours is a fault with its mend", {
  row <- torch_beside()
  expect_equal(as.character(row$status), "fault")
  expect_match(row$mend, "Restart R", fixed = TRUE)
  output <- capture.output(print_sitrep(row))
  expect_match(output[[1]], "R's package torch is loaded", fixed = TRUE)
  expect_equal(output[[3]], "1 problem to fix.")
})

test_that("a Python that is not there is a fault with its mend, not an error", {
  script <- withr::local_tempfile(fileext = ".R")
  writeLines("library(tidydl)\nfound <- sitrep(hub = FALSE)\ncat(sum(found$status == \"fault\"))", script)
  withr::local_envvar(
    RETICULATE_PYTHON = file.path(tempdir(), "no", "python"), R_TESTS = "",
    R_LIBS = paste(.libPaths(), collapse = .Platform$path.sep)
  )
  rscript <- file.path(R.home("bin"), "Rscript")
  output <- system2(rscript, c("--no-save", "--no-restore", shQuote(script)), stdout = TRUE, stderr = FALSE)
  expect_equal(output[[length(output)]], "1")
  expect_true(any(grepl("RETICULATE_PYTHON", output, fixed = TRUE)))
  expect_true("1 problem to fix." %in% output)
})
