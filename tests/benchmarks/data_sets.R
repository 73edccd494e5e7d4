# Load a million-row parquet file from R, beside what it is measured against: pyarrow's own read of the same file, and
# R's own strsplit(), which makes the same two text columns from texts that are in memory already.
#
#   Rscript tests/benchmarks/data_sets.R [rows] [runs]
#
# The file is that of data_sets.py. Each figure comes from a fresh R session, the calls in turn, because it matters how
# far R's memory has grown: seconds are those of the second call, which has to make its texts anew.

text_columns <- c("text", "word")

calls <- list(
  `load_dataset()` = function(folder) {
    file <- file.path(folder, "data.parquet")
    function() tidydl::load_dataset(file)
  },
  `pyarrow's own read_table()` = function(folder) {
    file <- file.path(folder, "data.parquet")
    parquet <- reticulate::import("pyarrow.parquet", convert = FALSE)
    function() parquet$read_table(file)
  },
  `R's own strsplit()` = function(folder) {
    joined <- joined_texts(folder)
    function() lapply(joined, strsplit, "\n")
  },
  `strsplit(fixed = TRUE)` = function(folder) {
    joined <- joined_texts(folder)
    function() lapply(joined, strsplit, "\n", fixed = TRUE)
  }
)

joined_texts <- function(folder) {
  files <- file.path(folder, text_columns)
  lapply(files, function(file) readChar(file, file.size(file), useBytes = TRUE))
}

measure_here <- function(name, folder) {
  call <- calls[[name]](folder)
  made <- call()
  made <- NULL
  gc(FALSE)
  cat(system.time(made <- call())[["elapsed"]], "\n")
}

write_files <- function(folder, rows) {
  invisible(tidydl::tasks()) # starts Python the way tidydl does
  sys <- reticulate::import("sys", convert = FALSE)
  sys$path$insert(0L, normalizePath(file.path("tests", "benchmarks")))
  file <- file.path(folder, "data.parquet")
  reticulate::import("data_sets")$write_table(file, rows)
  texts <- tidydl::load_dataset(file, columns = text_columns)
  for (column in text_columns) writeLines(texts[[column]], file.path(folder, column), useBytes = TRUE)
}

measure <- function(name, folder) {
  script <- sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE))
  given <- c(shQuote(script), "--measure", shQuote(name), shQuote(folder))
  said <- system2(file.path(R.home("bin"), "Rscript"), c("--no-save", given), stdout = TRUE, stderr = FALSE)
  as.numeric(utils::tail(said, 1))
}

given <- commandArgs(trailingOnly = TRUE)
if ("--measure" %in% given) {
  measure_here(given[[2]], given[[3]])
  quit("no")
}

rows <- if (length(given)) as.integer(given[[1]]) else 1000000L
runs <- if (length(given) > 1) as.integer(given[[2]]) else 7L
folder <- tempfile("data")
dir.create(folder)
write_files(folder, rows)
found <- replicate(runs, vapply(names(calls), measure, double(1), folder = folder))
times <- apply(found, 1, stats::median)
allowed <- 1.5 * (times[[2]] + times[3:4])

row <- function(...) cat("|", paste(c(...), collapse = " | "), "|\n")
row(sprintf("%.0f rows, 6 columns, medians of %d", rows, runs), "seconds")
row("---", "---")
row(sprintf("`%s`", names(times)[[2]]), sprintf("%.3f", times[[2]]))
row(sprintf("`%s` of the two text columns", names(times)[[3]]), sprintf("%.3f", times[[3]]))
row(sprintf("`%s` of them", names(times)[[4]]), sprintf("%.3f", times[[4]]))
row(sprintf("`%s`", names(times)[[1]]), sprintf("%.3f", times[[1]]))
row("/ 1.5 × (`read_table()` + `strsplit()`)", sprintf("%.2f", times[[1]] / allowed[[1]]))
row("/ 1.5 × (`read_table()` + `strsplit(fixed = TRUE)`)", sprintf("%.2f", times[[1]] / allowed[[2]]))
