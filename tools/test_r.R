# Runs the R suite on the installed package: a line a file, every failure, and the sum.
reporter <- testthat::ProgressReporter$new(max_failures = Inf, update_interval = Inf)
testthat::test_dir(
  "tests/testthat",
  package = "tidydl", load_package = "installed", reporter = reporter, stop_on_failure = TRUE
)
