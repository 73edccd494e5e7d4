# Classify the rows of a data frame from R: by the usual idiom, a call of the plain pipeline for each row, and by ours.
#
#   Rscript tests/benchmarks/pipelines_from_r.R [rows]
#
# The idiom runs as people run it, in an R session of its own without tidydl. It also runs beside tidydl, which makes
# torch use its own linear algebra instead of R's: after a first call of tidydl, and in a session of its own that
# imports transformers before any call of tidydl. The model is the sentence encoder with a random head (classifier()
# of pipelines.py); the labels are compared.

idiom_script <- '
arguments <- commandArgs(TRUE)
suppressPackageStartupMessages({library(reticulate); library(dplyr); if (arguments[[4]] == "beside") library(tidydl)})
transformers <- import("transformers")
ppl <- transformers$pipeline("text-classification", model = arguments[[1]], device = "cpu")
data <- readRDS(arguments[[2]])
idiom <- function() data %>% rowwise() %>% mutate(pred = ppl(text) %>% as.data.frame())
ours <- if (arguments[[4]] == "beside") {
  joined <- function() augment(pipeline(model = arguments[[1]], device = "cpu"), data, text = text)
  invisible(joined())
  median(replicate(3, system.time(joined())[["elapsed"]]))
}
found <- idiom()
seconds <- median(replicate(3, system.time(idiom())[["elapsed"]]))
saveRDS(list(seconds = seconds, label = found$pred$label, ours = ours), arguments[[3]])
'

library(tidydl)
suppressPackageStartupMessages(library(dplyr))
rows <- as.integer(c(commandArgs(TRUE), "200")[[1]])
invisible(tasks()) # starts Python the way tidydl does
reticulate::py_run_string(sprintf(
  "import sys; sys.path.insert(0, %s)", deparse(normalizePath(file.path("tests", "benchmarks")))
))
bench <- reticulate::import("pipelines")
pathlib <- reticulate::import("pathlib", convert = FALSE)
folder <- tempfile("model")
invisible(bench$classifier(pathlib$Path(folder), list("sadness", "joy", "love", "anger", "fear", "surprise")))
data <- tibble(text = unlist(bench$equal_texts(rows, 12L)))

script <- tempfile(fileext = ".R")
writeLines(idiom_script, script)
texts <- tempfile(fileext = ".rds")
answers <- tempfile(fileext = ".rds")
saveRDS(data, texts)
in_new_session <- function(how) {
  command <- c("--no-save", script, folder, texts, answers, how)
  stopifnot(system2(file.path(R.home("bin"), "Rscript"), command, stderr = FALSE) == 0)
  readRDS(answers)
}
alone <- in_new_session("alone")
imported_first <- in_new_session("beside")

ppl <- reticulate::import("transformers")$pipeline("text-classification", model = folder, device = "cpu")
idiom <- function() data %>% rowwise() %>% mutate(pred = ppl(text) %>% as.data.frame())
ours <- pipeline(model = folder, device = "cpu")
joined <- function() augment(ours, data, text = text)
found <- joined()
stopifnot(identical(as.character(found$label), alone$label), identical(imported_first$label, alone$label))
beside <- median(replicate(3, system.time(idiom())[["elapsed"]]))
taken <- median(replicate(5, system.time(joined())[["elapsed"]]))

line <- function(what, seconds) {
  faster <- alone$seconds / seconds
  cat(sprintf("  %-46s %7.2f s  %5.0f rows a second  %5.1f x\n", what, seconds, rows / seconds, faster))
}
cat(sprintf("%d rows, medians\n", rows))
line("rowwise() and the plain pipeline, a usual session", alone$seconds)
line("the same after a first call of tidydl", beside)
line("the same, transformers imported before that", imported_first$seconds)
line("augment() of tidydl", taken)
line("the same, transformers imported before", imported_first$ours)

# What the crossing of the texts and of the result takes, both ways.
frame <- ours(data)
reticulate::import_from_path("diagnostics", "tests/testthat")
crossing <- median(replicate(5, system.time(tidydl:::call_python("echo", list(value = frame)))[["elapsed"]]))
cat(sprintf("  crossing of texts and result, both ways: %.4f s, %.1f%% of the run\n", crossing, 100 * crossing / taken))
