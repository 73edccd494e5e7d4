# Prints what lintr finds, by the rules of .lintr, and ends non-zero where it finds anything.
# Status 3: not run. Another version has other rules, and finds something or nothing for reasons of its own.
tested <- "3.0"
version <- if (requireNamespace("lintr", quietly = TRUE)) as.character(utils::packageVersion("lintr")) else "none"
if (!startsWith(version, paste0(tested, "."))) {
  cat(sprintf("lintr %s is wanted, and here is %s\n", tested, version))
  quit(status = 3)
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
