# Run by its own Rscript (test-interrupts.R, test_interrupts.py): Ctrl-C during calls of Python, again and again.
# Each line says what was interrupted, after how many seconds, and whether the next call works.
arguments <- commandArgs(trailingOnly = TRUE)
rounds <- as.integer(arguments[[1]])
if (length(arguments) > 1) .libPaths(c(arguments[[2]], .libPaths()))
suppressPackageStartupMessages(library(tidydl))
call_python <- getFromNamespace("call_python", "tidydl")
tidydl:::start_python()
here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)))
reticulate::import_from_path("diagnostics", here)

after <- function(seconds) {
  command <- sprintf("(sleep %g; kill -INT %d) &", seconds, Sys.getpid())
  system2("sh", c("-c", shQuote(command)), wait = TRUE, stdout = FALSE, stderr = FALSE)
}

works <- list(
  slices = function() call_python("countdown", list(steps = 500, seconds = 0.02, trace = FALSE)),
  asleep = function() call_python("wait", list(seconds = 10)),
  busy = function() call_python("wait", list(seconds = 10, busy = TRUE)),
  # short calls one after the other, so that Ctrl-C falls between the languages too
  between = function() repeat call_python("echo", list(value = 1)),
  object = function() import("time")$sleep(10),
  # Python calls R, which calls Python
  callback = function() py$repeated(function(i) import_builtins()$abs(i))
)
py_run_string("def repeated(f):\n    while True:\n        f(1)")

call_python("echo", list(value = 1))
print(reticulate::py_eval("object()", convert = FALSE)) # what crashed R on Ctrl-C with reticulate before 1.41
for (round in seq_len(rounds)) {
  for (name in names(works)) {
    delay <- 0.2 + 0.05 * (round %% 7)
    after(delay)
    begun <- proc.time()[["elapsed"]]
    outcome <- tryCatch(
      {
        works[[name]]()
        "ended"
      },
      interrupt = function(cnd) "interrupted",
      error = function(cnd) paste("error:", conditionMessage(cnd))
    )
    late <- proc.time()[["elapsed"]] - begun - delay
    again <- tryCatch(identical(call_python("echo", list(value = "next")), "next"),
      error = function(cnd) conditionMessage(cnd), interrupt = function(cnd) "interrupted again"
    )
    cat(sprintf("%s\t%s\t%.2f\t%s\n", name, outcome, late, again))
  }
}
cat("the session lives\n")
