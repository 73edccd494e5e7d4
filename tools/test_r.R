# Runs the R suite on the installed package: a line a file, every failure, and what did not run. An argument is a
# regular expression for the names of the files that are run, without test- and .R. Where CI is true, a test that is
# skipped for a reason that tests/expected_skips.json does not hold is a failure; where TIDYDL_SKIPS names a file, the
# reasons are written there.
filter <- commandArgs(TRUE)
reporter <- testthat::ProgressReporter$new(max_failures = Inf, update_interval = Inf)
results <- testthat::test_dir(
  "tests/testthat",
  package = "tidydl", load_package = "installed", reporter = reporter, stop_on_failure = FALSE,
  filter = if (length(filter)) filter[[1]]
)
everything <- unlist(lapply(results, `[[`, "results"), recursive = FALSE)
if (!length(everything)) {
  writeLines("no test ran")
  quit(status = 1)
}
is_a <- function(class) vapply(everything, inherits, NA, what = paste0("expectation_", class))
reasons <- vapply(everything[is_a("skip")], function(each) sub("^Reason: ", "", conditionMessage(each)), "")
expected <- names(jsonlite::read_json("tests/expected_skips.json")$r)
known <- vapply(reasons, function(reason) any(vapply(expected, grepl, NA, x = reason)), NA)
counts <- table(paste0(ifelse(known, "", "UNEXPECTED: "), reasons))
lines <- if (length(reasons)) sprintf("%s (%d)", names(counts), as.integer(counts))
writeLines(sprintf("not run: %s", lines))
if (nzchar(Sys.getenv("TIDYDL_SKIPS"))) {
  writeLines(as.character(lines), Sys.getenv("TIDYDL_SKIPS"))
}
failed <- any(is_a("failure") | is_a("error")) || (Sys.getenv("CI") == "true" && !all(known))
quit(status = as.integer(failed))
