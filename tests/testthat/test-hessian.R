test_that("Hess gives what nnet::nnetHess() gives, where package nnet puts it", {
  skip_without_python()
  # evaluated outside tidydl, where nnet::nnet() finds its own methods
  expect_same <- function(...) {
    given <- c(as.list(substitute(list(...)))[-1], trace = FALSE, Hess = TRUE, decay = 0.01, maxit = 20)
    fits <- lapply(list(quote(tidydl::nnet), quote(nnet::nnet)), function(fitter) {
      set.seed(1)
      unclass(eval(as.call(c(fitter, given)), globalenv()))
    })
    expect_null(fits[[2]]$tidydl)
    kept <- lapply(fits, function(fit) fit[setdiff(names(fit), c("call", "tidydl"))])
    expect_identical(kept[[1]], kept[[2]])
  }
  expect_same(Species ~ ., iris, size = 2)
  expect_same(Species ~ ., iris, size = 1, skip = TRUE, weights = Sepal.Width)
  expect_same(iris[1:3], iris$Petal.Width, size = 1, linout = TRUE)
})

test_that("hessian() needs the data only where the fit has not kept it", {
  skip_without_python()
  set.seed(1)
  fit <- nnet(Species ~ ., iris, size = 1, maxit = 10, trace = FALSE, Hess = TRUE)
  plain <- nnet(Species ~ ., iris, size = 1, Wts = fit$wts, maxit = 0, trace = FALSE)
  expect_identical(hessian(plain, iris), hessian(fit))
  expect_identical(dimnames(hessian(fit))[[1]], names(stats::coef(fit)))
  expect_identical(unname(hessian(fit)), nnetHess(fit, as.matrix(iris[1:4]), class.ind(iris$Species)))
  expect_error(hessian(plain), "keeps no data", class = "tidydl_error_argument")
  expect_error(hessian(3), "`net` is 3", class = "tidydl_error_argument")
  expect_error(hessian(plain, droplevels(iris[1:100, ])), "1 outputs", class = "tidydl_error_argument")
  model <- multinom(Species ~ Sepal.Width, iris, trace = FALSE, Hess = TRUE)
  expect_identical(hessian(model), model$Hessian)
  given <- nnet(iris[1:2], iris$Petal.Width, size = 1, linout = TRUE, trace = FALSE, Hess = TRUE)
  expect_identical(hessian(given, iris[1:2], iris$Petal.Width), hessian(given))
})

test_that("tidy() has standard errors only where the fit has a Hessian", {
  skip_without_python()
  set.seed(1)
  fit <- nnet(Petal.Width ~ Sepal.Width, iris, size = 0, skip = TRUE, linout = TRUE, Hess = TRUE, reltol = 1e-14,
    abstol = 0, trace = FALSE)
  expected <- unname(sqrt(diag(stats::vcov(stats::lm(Petal.Width ~ Sepal.Width, iris)))))
  expect_equal(tidy(fit)$std.error, expected, tolerance = 1e-5)
  expect_false("std.error" %in% names(tidy(nnet(Species ~ Sepal.Width, iris, size = 1, trace = FALSE))))
  held <- nnet(
    Petal.Width ~ Sepal.Width, iris, size = 0, skip = TRUE, linout = TRUE, Hess = TRUE, mask = c(TRUE, FALSE),
    Wts = c(0, 1), trace = FALSE
  )
  expect_identical(is.na(tidy(held)$std.error), c(FALSE, TRUE))
  saddle <- nnet(Species ~ Sepal.Width, iris, size = 2, Wts = rep(0, 13), maxit = 0, Hess = TRUE, trace = FALSE)
  expect_true(all(is.na(tidy(saddle)$std.error)))
})

test_that("a network has a log-likelihood only where its value is one", {
  skip_without_python()
  fit <- nnet(Species ~ Sepal.Width, iris, size = 1, trace = FALSE)
  expect_identical(stats::AIC(fit), glance(fit)$AIC)
  expect_identical(attr(stats::logLik(fit), "nobs"), 150L)
  penalised <- nnet(Species ~ Sepal.Width, iris, size = 1, decay = 0.1, trace = FALSE)
  expect_error(stats::logLik(penalised), "not a log-likelihood", class = "tidydl_error_argument")
})

test_that("vcov() and confint() tell of the free weights, on the scale of tidy()", {
  skip_without_python()
  set.seed(1)
  fit <- nnet(Petal.Width ~ Sepal.Width, iris, size = 0, skip = TRUE, linout = TRUE, Hess = TRUE, reltol = 1e-14,
    abstol = 0, trace = FALSE)
  line <- stats::lm(Petal.Width ~ Sepal.Width, iris)
  expect_equal(unname(stats::vcov(fit)), unname(stats::vcov(line)), tolerance = 1e-5)
  expect_identical(unname(sqrt(diag(stats::vcov(fit)))), tidy(fit)$std.error)
  expect_equal(stats::confint(fit, level = 0.9), stats::confint.default(fit, level = 0.9))
  held <- nnet(
    Petal.Width ~ Sepal.Width, iris, size = 0, skip = TRUE, linout = TRUE, Hess = TRUE, mask = c(TRUE, FALSE),
    Wts = c(0, 1), trace = FALSE
  )
  expect_identical(dimnames(stats::vcov(held)), list("b->o", "b->o"))
  expect_identical(rownames(stats::confint(held)), "b->o")
  expect_identical(stats::confint(held, "b->o"), stats::confint(held))
  plain <- nnet(Species ~ Sepal.Width, iris, size = 1, maxit = 5, trace = FALSE)
  expect_error(stats::vcov(plain), "Hess = TRUE", class = "tidydl_error_argument")
  expect_error(stats::confint(plain), "Hess = TRUE", class = "tidydl_error_argument")
})
