# R's own nnet as an engine, and sessions that have no Python half.

in_session_without_python <- function(code) {
  script <- withr::local_tempfile(fileext = ".R")
  answers <- withr::local_tempfile(fileext = ".rds")
  writeLines(c(
    "library(tidydl)", "answers <- list()",
    "told <- function(work) tryCatch({ work; NULL }, tidydl_error = function(cnd) c(class(cnd)[[1]], cnd$problem))",
    "messages <- function(work) { said <- character()",
    "  withCallingHandlers(work, tidydl_message = function(cnd) {",
    "    said <<- c(said, conditionMessage(cnd)); rlang::cnd_muffle(cnd) })",
    "  said }",
    code, sprintf("saveRDS(answers, %s)", deparse(answers))
  ), script)
  run_fresh(script, c("RETICULATE_PYTHON=/nowhere/python", "RETICULATE_PYTHON_ENV=", "PATH="))
  readRDS(answers)
}

small <- function() {
  set.seed(2)
  x <- matrix(stats::rnorm(120), 40, 3)
  list(x = x, y = x[, 1] * x[, 2], share = stats::plogis(x[, 3]), indicator = class.ind(sample(3, 40, TRUE)))
}

test_that("engine r fits the same network, prints the same trace and gives the same record", {
  skip_without_python()
  given <- small()
  both_engines <- function(...) {
    fits <- lapply(list("exact", "r"), function(engine) {
      set.seed(3)
      said <- utils::capture.output(fit <- suppressWarnings(nnet(..., engine = engine)))
      fit$tidydl[c("seconds", "iterations", "evaluations", "engine", "curve")] <- NULL
      fit$call <- NULL
      list(fit = fit, said = said)
    })
    expect_identical(fits[[2]], fits[[1]])
  }
  both_engines(given$x, given$y, size = 2, linout = TRUE, skip = TRUE, decay = 0.01, maxit = 30)
  both_engines(given$x, given$share, size = 2, entropy = TRUE, maxit = 30, weights = 1:40)
  both_engines(given$x, given$indicator, size = 1, softmax = TRUE, maxit = 30, mask = rep(c(TRUE, FALSE), 5))
  both_engines(given$x, given$indicator, size = 1, censored = TRUE, decay = 1:10 / 100, maxit = 30)
  both_engines(given$x, given$y, size = 2, maxit = 0)
  both_engines(Species ~ ., iris, size = 2, maxit = 20)
  both_engines(Species ~ ., iris, size = 0, skip = TRUE, rang = 0, trace = FALSE)
})

test_that("engine r says what R tells: the iterations only where maxit was reached", {
  given <- small()
  stopped <- nnet(given$x, given$y, size = 3, linout = TRUE, maxit = 7, trace = FALSE, engine = "r")
  expect_identical(stopped$tidydl$iterations, 7L)
  done <- nnet(given$x, given$share, size = 1, entropy = TRUE, reltol = 1e-3, trace = FALSE, engine = "r")
  expect_identical(done$convergence, 0L)
  expect_identical(done$tidydl$iterations, NA_integer_)
  expect_identical(done$tidydl$evaluations, NA_integer_)
  expect_identical(nrow(done$tidydl$curve), 0L)
  expect_identical(glance(done)$engine, "r")
})

test_that("several networks are fitted by R from the same draws", {
  skip_without_python()
  fits <- lapply(c("exact", "r"), function(engine) {
    set.seed(4)
    nnet(Species ~ ., iris, size = 1, maxit = 10, repeats = 2, trace = FALSE, engine = engine)
  })
  expect_identical(fits[[2]]$fits[[2]]$wts, fits[[1]]$fits[[2]]$wts)
})

test_that("a value that is not finite is refused in the same words by both engines", {
  skip_without_python()
  refused <- lapply(c("exact", "r"), function(engine) {
    expect_error(
      suppressWarnings(nnet(
        matrix(1e300, 4, 1), c(1e300, 2, 3, -1e300), size = 1, linout = TRUE, Wts = c(1, 1e308, 1e308, 1e308),
        trace = FALSE, engine = engine
      )),
      class = "tidydl_error_data"
    )[c("problem", "allowed", "hint")]
  })
  expect_identical(refused[[2]], refused[[1]])
})

test_that("an engine that is not known is refused as in Python", {
  skip_without_python()
  ours <- expect_error(nnet(Species ~ ., iris, size = 1, engine = "R"), class = "tidydl_error_argument")
  plan <- plan_network(as.matrix(iris[1:2]), indicate(iris$Species, "y"), rep(1, 150), size = 1)
  theirs <- expect_error(
    call_python("fit_arrays", c(plan_arguments(plan), list(wts = initial_weights(plan), engine = "R"))),
    class = "tidydl_error_argument"
  )
  expect_identical(ours[c("problem", "allowed", "hint")], theirs[c("problem", "allowed", "hint")])
})

test_that("R's own nnet is refused another device", {
  expect_error(
    nnet(Species ~ ., iris, size = 1, engine = "r", device = "cuda"), "works on the CPU alone, and `device` is 'cuda'",
    class = "tidydl_error_argument"
  )
  expect_s3_class(nnet(Species ~ ., iris, size = 1, maxit = 1, trace = FALSE, engine = "r", device = "auto"), "nnet")
})

test_that("in Python inside R the engine r is refused, because a second R would end the session", {
  skip_without_python()
  given <- small()
  plan <- plan_network(given$x, indicate(given$y, "y"), rep(1, 40), size = 1)
  expect_error(
    call_python("fit_arrays", c(plan_arguments(plan), list(wts = initial_weights(plan), engine = "r"))),
    "runs inside R", class = "tidydl_error_argument"
  )
})

test_that("without a Python half nnet() runs R's own nnet, and says so once", {
  found <- in_session_without_python(c(
    "set.seed(1)",
    "answers$said <- messages(answers$fit <- nnet(Species ~ ., iris, size = 2, maxit = 20, trace = FALSE))",
    "answers$again <- messages(nnet(Species ~ ., iris, size = 1, maxit = 5, trace = FALSE))",
    "answers$asked <- messages(nnet(Species ~ ., iris, size = 1, maxit = 5, trace = FALSE, engine = 'r'))",
    "answers$exact <- told(nnet(Species ~ ., iris, size = 1, engine = 'exact'))",
    "answers$unknown <- told(nnet(Species ~ ., iris, size = 1, engine = 'R'))",
    "answers$repeats <- length(nnet(Species ~ ., iris, size = 1, maxit = 5, repeats = 2)$fits)",
    "answers$trace <- utils::capture.output(nnet(Species ~ ., iris, size = 1, maxit = 10))[1:3]"
  ))
  expect_length(found$said, 1)
  expect_match(found$said, "R's own nnet")
  expect_match(found$said, "/nowhere/python", fixed = TRUE)
  expect_match(found$said, "install_tidydl()", fixed = TRUE)
  expect_length(c(found$again, found$asked), 0)
  set.seed(1)
  expect_identical(found$fit$wts, their_nnet(Species ~ ., iris, size = 2, maxit = 20, trace = FALSE)$wts)
  expect_s3_class(found$fit, c("tidydl_nnet", "nnet.formula", "nnet"), exact = TRUE)
  expect_identical(found$fit$tidydl$engine, "r")
  expect_identical(found$exact[[1]], "tidydl_error_dependency")
  expect_identical(found$unknown, c("tidydl_error_argument", "`engine` 'R' is not known."))
  expect_identical(found$repeats, 2L)
  expect_match(found$trace[[3]], "iter  10 value")
})
