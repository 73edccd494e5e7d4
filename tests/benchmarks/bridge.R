# A million rows of (double, integer, distinct text of 20 characters, label of 6 levels) between Python and R.
#   RETICULATE_PYTHON=.venv/bin/python Rscript tests/benchmarks/bridge.R
# Python to R is compared, run by run, with R's own strsplit() building the text column alone. Each run has texts
# that R has not seen before, because R keeps every text once. Peak memory is how far the resident set of a fresh
# process rises over what it was before the crossing (Linux only). Times are processor seconds, which neighbours on
# the machine disturb less, and elapsed ones.
suppressPackageStartupMessages(library(tidydl))
call_python <- getFromNamespace("call_python", "tidydl")
tidydl:::start_python()
reticulate::import_from_path("diagnostics", "tests/testthat")
rows <- 1e6

status <- function(field) {
  line <- grep(paste0("^", field, ":"), readLines("/proc/self/status"), value = TRUE)
  as.numeric(gsub("[^0-9]", "", line)) / 1024
}

# The rise in MiB while some work is done.
rise <- function(work) {
  gc(FALSE)
  writeLines("5", "/proc/self/clear_refs") # forgets the high water of before
  before <- status("VmRSS")
  force(work)
  status("VmHWM") - before
}

measure_memory <- function() {
  call_python("keep", list(rows = rows))
  call_python("echo", list(value = call_python("table", list(rows = 10)))) # loads what the first crossing loads
  frame <- NULL
  out <- rise(frame <- call_python("kept"))
  back <- rise(call_python("describe", list(value = frame)))
  cat(out, back, as.numeric(utils::object.size(frame)) / 2^20, call_python("size"), "\n")
}

if ("memory" %in% commandArgs(trailingOnly = TRUE)) {
  measure_memory()
  quit("no")
}

seconds <- function(work) {
  gc(FALSE)
  took <- system.time(work)
  c(sum(took[1:2]), took[["elapsed"]])
}

one_run <- function(run) {
  call_python("keep", list(rows = rows, first = 2 * run * rows))
  frame <- NULL
  out <- seconds(frame <- call_python("kept"))
  back <- seconds(call_python("describe", list(value = frame)))
  frame <- NULL
  joined <- paste(sprintf("%020.0f", (2 * run + 1) * rows + seq_len(rows)), collapse = "\n")
  texts <- NULL
  split <- seconds(texts <- strsplit(joined, "\n", fixed = TRUE)[[1]])
  texts <- NULL
  joined <- gsub("^0|\n0", "\n1", joined) # texts that are new again
  plain <- seconds(texts <- strsplit(joined, "\n")[[1]])
  c(out, split, back, plain)
}

for (warming in 0:2) one_run(warming)
times <- apply(vapply(3:13, one_run, double(8)), 1, stats::median)

row <- function(what, ...) cat("|", paste(c(what, ...), collapse = " | "), "|\n")
row("1e6 rows, medians of 11 runs", "processor", "elapsed")
row("---", "---", "---")
row("Python to R, s", sprintf("%.3f", times[1:2]))
row("strsplit() of the text alone, s", sprintf("%.3f", times[7:8]))
row("strsplit(fixed = TRUE) of the text alone, s", sprintf("%.3f", times[3:4]))
row("Python to R / strsplit()", sprintf("%.2f", times[1:2] / times[7:8]))
row("Python to R / strsplit(fixed = TRUE)", sprintf("%.2f", times[1:2] / times[3:4]))
row("R to Python, s (at most 1)", sprintf("%.3f", times[5:6]))

if (file.exists("/proc/self/clear_refs")) {
  file <- sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE))
  answer <- system2(file.path(R.home("bin"), "Rscript"), c(shQuote(file), "memory"), stdout = TRUE)
  mib <- as.numeric(strsplit(trimws(utils::tail(answer, 1)), " ")[[1]])
  cat("\n")
  frames <- sprintf(c("/ frame in R (%.0f)", "/ frame in pandas (%.0f)"), mib[3:4])
  row("peak memory, MiB", "rise", frames)
  row("---", "---", "---", "---")
  row("Python to R (at most 4)", sprintf("%.0f", mib[[1]]), sprintf("%.1f", mib[[1]] / mib[3:4]))
  row("R to Python", sprintf("%.0f", mib[[2]]), sprintf("%.1f", mib[[2]] / mib[3:4]))
}
