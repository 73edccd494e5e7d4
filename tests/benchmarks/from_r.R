# nnet() of this package and of package nnet, both called from R, in turn: medians in milliseconds and ratios.
#
#   R_LIBS=$(cat .setup/r-library) RETICULATE_PYTHON=.venv/bin/python Rscript tests/benchmarks/from_r.R
#
# With maxit = 0 only a point is evaluated: what ours takes longer then is what a call of Python costs.

suppressMessages(library(tidydl))
people <- example_data("bigfive")
people$CASE <- NULL
inputs <- as.matrix(people[1:7])
marks <- class.ind(people$education)

calls <- list(
  formula = list(
    function(maxit) nnet(education ~ ., people, size = 5, maxit = maxit, trace = FALSE),
    function(maxit) nnet::nnet(education ~ ., people, size = 5, maxit = maxit, trace = FALSE)
  ),
  matrix = list(
    function(maxit) nnet(inputs, marks, softmax = TRUE, size = 5, maxit = maxit, trace = FALSE),
    function(maxit) nnet::nnet(inputs, marks, softmax = TRUE, size = 5, maxit = maxit, trace = FALSE)
  )
)

milliseconds <- function(fit, maxit) {
  set.seed(1)
  began <- Sys.time()
  fit(maxit)
  as.numeric(Sys.time() - began, units = "secs") * 1000
}

invisible(calls$formula[[1]](1)) # Python is started, the engine loaded
cat("| 100 x 7, size 5 | package nnet, ms | this package, ms | nnet / this |\n|---|---|---|---|\n")
for (form in names(calls)) {
  for (maxit in c(0, 100, 1000)) {
    times <- vapply(1:40, function(i) vapply(calls[[form]], milliseconds, 0, maxit), numeric(2))
    medians <- c(stats::median(times[2, ]), stats::median(times[1, ]), stats::median(times[2, ] / times[1, ]))
    cat(do.call(sprintf, c("| %s, maxit = %.0f | %.2f | %.2f | %.2f |\n", form, maxit, as.list(medians))))
  }
}
