flowers <- iris[c(1:20, 51:70, 101:120), ]

test_that("a search finds what a loop over R's own nnet finds", {
  skip_without_python()
  references <- shared_references("tuning.json")
  for (case in shared_cases("tuning.json")) {
    reference <- references[[case$name]]
    found <- perform(c(list(call = "tune_nnet"), case), NULL)
    expect_identical(found$metric, reference$metric, label = case$name)
    expect_near(found$fits$value, reference$value, case$name)
    expect_near(found$fits[[found$metric]], reference$judged, case$name)
    expect_near(found$summary$mean, reference$mean, case$name)
    expect_near(found$summary$std_error, reference$std_error, case$name)
    expect_equal(found$best, reference[c("size", "decay")], label = case$name)
    expect_near(found$fit$wts, reference$wts, case$name)
  }
})

test_that("each fit is the same fit alone, to the last bit", {
  skip_without_python()
  x <- as.matrix(flowers[1:4])
  rows <- list(a = 1:40, b = c(5:60, 5:9))
  set.seed(1)
  found <- tune_nnet(x, flowers$Species, size = 1:2, decay = c(0.01, 0.1), resamples = rows, repeats = 2, threads = 2)
  expect_identical(levels(found$fits$resample), c("a", "b"))
  set.seed(1)
  for (i in seq_len(nrow(found$fits))) {
    row <- found$fits[i, ]
    start <- runif(row$size * 5 + 3 * (row$size + 1), -0.7, 0.7)
    train <- sort(rows[[row$resample]])
    alone <- nnet(
      x[train, ], nnet::class.ind(flowers$Species)[train, ],
      softmax = TRUE, size = row$size, decay = row$decay, Wts = start, trace = FALSE
    )
    expect_identical(alone$value, row$value)
    expect_identical(alone$tidydl$iterations, row$iterations)
    said <- predict(alone, x[-train, ])
    expect_equal(row$accuracy, mean(max.col(said) == as.integer(flowers$Species)[-train]))
  }
})

test_that("the best is an ordinary network, whose call fits it again", {
  skip_without_python()
  set.seed(2)
  found <- tune_nnet(Species ~ ., flowers, size = c(1, 2), decay = 0.1, resamples = "holdout", maxit = 20)
  fit <- found$fit
  expect_s3_class(fit, c("tidydl_nnet", "nnet.formula", "nnet"), exact = TRUE)
  expect_identical(as.list(fit$call)[c("size", "decay")], found$best)
  expect_identical(fit$call$formula, quote(Species ~ .))
  expect_identical(predict(found, flowers), predict(fit, flowers))
  expect_identical(augment(found, flowers), augment(fit, flowers))
  again <- update(fit, Wts = fit$wts, maxit = 0, trace = FALSE)
  expect_identical(again$value, fit$value)
})

test_that("formulas take weights, a subset and text as in nnet()", {
  skip_without_python()
  flowers$twice <- 2
  set.seed(3)
  plain <- tune_nnet(
    "Species ~ Petal.Width", flowers,
    size = 1, decay = 0.1, resamples = 3, subset = Petal.Width < 2
  )
  set.seed(3)
  weighted <- tune_nnet(
    Species ~ Petal.Width, flowers,
    size = 1, decay = 0.2, resamples = 3, weights = twice, subset = Petal.Width < 2
  )
  expect_equal(weighted$fits$value, 2 * plain$fits$value, tolerance = 1e-6)
  expect_identical(nrow(plain$fit$fitted.values), sum(flowers$Petal.Width < 2))
})

test_that("the verbs sum the search up", {
  skip_without_python()
  set.seed(4)
  found <- tune_nnet(Sepal.Length ~ Petal.Length, flowers, size = 1:2, decay = 0.1, linout = TRUE, resamples = 3)
  expect_identical(names(found$fits), c(
    "size", "decay", "resample", "restart", "chosen", "value", "convergence", "iterations", "rmse", "mae", "rsq",
    "seconds"
  ))
  expect_identical(found$fits$restart, rep(1L, 6))
  expect_identical(tidy(found), found$summary)
  said <- glance(found)
  expect_identical(said[c("n_points", "n_resamples", "n_fits", "n_failed")], tibble::tibble(
    n_points = 2L, n_resamples = 3L, n_fits = 6L, n_failed = 0L
  ))
  expect_identical(said$mean, min(found$summary$mean))
  expect_output(print(found), "2 grid points, 3 folds, 6 fits\nbest by rmse: size ")
})

test_that("a picture has a point for each grid point", {
  skip_without_python()
  skip_if_not_installed("ggplot2")
  set.seed(5)
  found <- tune_nnet(Species ~ Petal.Width, flowers, size = c(3, 1), decay = c(0.1, 0), resamples = 3)
  picture <- ggplot2::autoplot(found)
  expect_s3_class(picture, "ggplot")
  expect_identical(nrow(picture$data), 4L)
  expect_identical(levels(picture$data$decay), c("0", "0.1"))
})

test_that("a saved search is read without Python", {
  skip_without_python()
  set.seed(6)
  found <- tune_nnet(Species ~ Petal.Width, flowers, size = 1, decay = 0.1, resamples = 3)
  file <- withr::local_tempfile(fileext = ".rds")
  script <- withr::local_tempfile(fileext = ".R")
  saveRDS(found, file)
  writeLines(c(
    "library(tidydl)", sprintf("found <- readRDS(%s)", deparse(file)),
    "print(found); print(glance(found)); stopifnot(nrow(predict(found, iris)) == 150)",
    "stopifnot(is.null(tidydl:::the$start))"
  ), script)
  expect_no_error(run_fresh(script, "RETICULATE_PYTHON=/nowhere"))
})

test_that("wrong arguments are named", {
  skip_without_python()
  tune <- function(...) {
    given <- utils::modifyList(list(formula = Species ~ Petal.Width, data = iris, size = 1, resamples = 3), list(...))
    do.call(tune_nnet, given)
  }
  refused <- function(says, ...) expect_error(tune(...), says, class = "tidydl_error_argument", fixed = TRUE)
  refused("`size` is 2.5.", size = c(1, 2.5))
  refused("`size` is 'one'.", size = "one")
  refused("`size` is 0 values.", size = numeric())
  refused("for `MaxNWts`", size = c(1, 500))
  refused("`decay` is -1.", decay = c(0.1, -1))
  refused("`resamples` is 1000, and there are 150 rows.", resamples = 1000)
  refused("`resamples` is 'cv'.", resamples = "cv")
  refused("`resamples` has in 'resample1' positions outside of the 150 rows.", resamples = list(0:3))
  refused("`resamples` has in 'resample1' all rows", resamples = list(1:150))
  refused("`times` is given, and `resamples` is a list.", resamples = list(1:3), times = 2)
  refused("`repeats` is 0.", repeats = 0)
  refused("`metric` 'rmse' is for numbers, and classes are predicted.", metric = "rmse")
  refused("`engine` 'r' is not known.", engine = "r")
  refused("`trace` is 'no'.", trace = "no")
  refused("`tune_nnet()` has no argument 'Wts'.", Wts = 1)
  refused("Did you mean 'size'?", sizes = 1)
  expect_error(tune_nnet(Species ~ Petal.Width, iris), "`size` is NULL.", fixed = TRUE)
})

test_that("the torch engine is told, and ends where the exact engine does", {
  skip_without_python()
  tune <- function(...) {
    set.seed(7)
    tune_nnet(Species ~ Petal.Width, flowers, size = 1, decay = 0.1, resamples = 3, maxit = 10, ...)
  }
  exact <- tune()
  found <- tune(engine = "torch")
  expect_equal(found$fits$value, exact$fits$value, tolerance = 1e-6)
  expect_equal(found$fit$value, exact$fit$value, tolerance = 1e-6)
  expect_identical(unlist(glance(found)[c("engine", "device")], use.names = FALSE), c("torch", "cpu"))
})
