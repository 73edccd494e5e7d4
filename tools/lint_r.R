# Prints what lintr finds, by the rules of .lintr, and ends non-zero where it finds anything.
if (!requireNamespace("lintr", quietly = TRUE)) {
  cat("lintr is not installed: NOT RUN\n")
  quit(status = 0)
}
folders <- Filter(dir.exists, c("R", "tests/testthat", "tests/benchmarks", "tests/shared", "tools", "vignettes"))
files <- list.files(folders, pattern = "[.](R|Rmd)$", recursive = TRUE, full.names = TRUE)
lints <- do.call(c, lapply(files, lintr::lint))
for (lint in lints) {
  cat(sprintf("%s:%d:%d: %s [%s]\n", lint$filename, lint$line_number, lint$column_number, lint$message, lint$linter))
}
cat(sprintf("%d files, %d lints\n", length(files), length(lints)))
quit(status = as.integer(length(lints) > 0))
