# Runs the R suite on the installed package: a line a file, every failure, and the sum. An argument is a regular
# expression for the names of the files that are run, without test- and .R.
reporter <- testthat::ProgressReporter$new(max_failures = Inf, update_interval = Inf)
testthat::test_dir(
  "tests/testthat", if (length(commandArgs(TRUE))) commandArgs(TRUE)[[1]],
  package = "tidydl", load_package = "installed", reporter = reporter, stop_on_failure = TRUE
)
