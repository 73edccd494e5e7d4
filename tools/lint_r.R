# Prints what lintr finds, by the rules of .lintr, and ends non-zero where it finds anything.
if (!requireNamespace("lintr", quietly = TRUE)) {
  cat("lintr is not installed: NOT RUN\n")
  quit(status = 0)
}
folders <- c("R", "tests/testthat", "tests/benchmarks", "tests/shared", "tools", "vignettes")
files <- list.files(Filter(dir.exists, folders), pattern = "[.](R|Rmd)$", recursive = TRUE, full.names = TRUE)
lints <- do.call(c, lapply(files, lintr::lint))
for (lint in lints) {
  place <- sprintf("%s:%d:%d", lint$filename, lint$line_number, lint$column_number)
  cat(sprintf("%s: %s [%s]\n", place, lint$message, lint$linter))
}
cat(sprintf("%d files, %d lints\n", length(files), length(lints)))
quit(status = as.integer(length(lints) > 0))
