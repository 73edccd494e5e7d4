# A million rows of (double, integer, distinct text of 20 characters, label of 6 levels) between Python and R.
#   RETICULATE_PYTHON=.venv/bin/python Rscript tests/benchmarks/bridge.R
# Python to R is compared, in the same run, with R's own strsplit() building the text column alone; each run has
# texts that R has not seen before, because R keeps every text once. Peak memory is the high water of the resident
# set of a fresh process that makes the crossing, less that of one that stops just before it.
arguments <- commandArgs(trailingOnly = TRUE)
if (length(arguments) && arguments[[1]] != "peak") .libPaths(c(arguments[[1]], .libPaths()))
suppressPackageStartupMessages(library(tidydl))
call_python <- getFromNamespace("call_python", "tidydl")

rows <- 1e6
runs <- 7
seconds <- function(work) {
  gc(FALSE)
  system.time(work)[["elapsed"]]
}

out <- back <- split <- double(runs)
for (run in seq_len(runs + 1) - 1) { # the first warms up
  call_python("keep", list(rows = rows, first = 2 * run * rows))
  frame <- NULL
  took <- seconds(frame <- call_python("kept"))
  returned <- seconds(call_python("describe", list(value = frame)))
  others <- sprintf("%020.0f", (2 * run + 1) * rows + seq_len(rows))
  joined <- paste(others, collapse = "\n")
  rm(frame, others)
  texts <- NULL
  splitting <- seconds(texts <- strsplit(joined, "\n", fixed = TRUE)[[1]])
  rm(texts, joined)
  if (run > 0) {
    out[run] <- took
    back[run] <- returned
    split[run] <- splitting
  }
}

report <- function(what, value) cat(sprintf("%-58s %s\n", what, value))
report("Python to R, median seconds", sprintf("%.3f", median(out)))
report("strsplit() of the text alone, median seconds", sprintf("%.3f", median(split)))
report("Python to R / strsplit(), ratio of medians (at most 1)", sprintf("%.2f", median(out) / median(split)))
report("R to Python, median seconds (at most 1)", sprintf("%.3f", median(back)))
