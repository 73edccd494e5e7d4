# What the methods of fits refuse, and the generics of R that they answer to.

flowers <- iris[c(1:20, 51:70, 101:120), ]
one <- function(...) nnet(Species ~ Sepal.Width, flowers, size = 1, maxit = 5, trace = FALSE, ...)

fits_of_all_kinds <- function() {
  list(
    one(), one(repeats = 2), multinom(Species ~ Sepal.Width, flowers, maxit = 5, trace = FALSE),
    tune_nnet(Species ~ Sepal.Width, flowers, size = 1, resamples = 2, maxit = 5)
  )
}

test_that("no method swallows an argument that it does not have", {
  skip_without_python()
  for (fit in fits_of_all_kinds()) {
    error <- expect_error(augment(fit, newdta = flowers), class = "tidydl_error_argument")
    expect_identical(error$problem, "`augment()` has no argument 'newdta'.")
    expect_identical(error$allowed, "One of 'data', 'newdata'.")
    expect_identical(error$hint, "Did you mean 'newdata'?")
    expect_error(augment(fit, flowers, type = "class"), "no argument 'type'", class = "tidydl_error_argument")
    expect_error(predict(fit, newdta = flowers), "no argument 'newdta'", class = "tidydl_error_argument")
    expect_error(tidy(fit, conf.lvel = 0.9), "no argument 'conf.lvel'", class = "tidydl_error_argument")
    expect_error(glance(fit, digits = 2), "no argument 'digits'", class = "tidydl_error_argument")
    expect_identical(nrow(augment(fit, newdata = flowers[1:3, ])), 3L)
  }
  expect_error(tidy(confusion(one()), conf.int = TRUE), class = "tidydl_error_argument")
  expect_error(glance(confusion(one()), digits = 2), class = "tidydl_error_argument")
})

test_that("infinite values in new data are refused by name", {
  skip_without_python()
  for (fit in fits_of_all_kinds()) {
    error <- expect_error(predict(fit, data.frame(Sepal.Width = c(1, Inf))), class = "tidydl_error_data")
    expect_identical(error$problem, "`newdata` has infinite values in 'Sepal.Width'.")
    expect_identical(error$hint, "Look for divisions by zero and logarithms of zero.")
  }
  logs <- nnet(Species ~ log(Sepal.Width), flowers, size = 1, maxit = 5, trace = FALSE)
  expect_error(predict(logs, data.frame(Sepal.Width = 0)), "infinite values in 'log(Sepal.Width)'", fixed = TRUE)
  bounded <- nnet(Species ~ pmin(Sepal.Width, 4), flowers, size = 1, maxit = 5, trace = FALSE)
  expect_identical(predict(bounded, data.frame(Sepal.Width = Inf)), predict(bounded, data.frame(Sepal.Width = 4)))
  given <- nnet(flowers[1:2], flowers$Species, size = 1, maxit = 5, trace = FALSE)
  expect_error(predict(given, cbind(1, -Inf)), "infinite values in 'Sepal.Width'", class = "tidydl_error_data")
})

test_that("a column of NA alone is a column of missing numbers", {
  skip_without_python()
  gone <- data.frame(Sepal.Width = NA)
  model <- multinom(Species ~ Sepal.Width, flowers, maxit = 5, trace = FALSE)
  expect_identical(predict(model, gone), factor(NA, levels(flowers$Species)))
  expect_identical(unname(predict(model, gone, "probs")), rep(NA_real_, 3))
  expect_true(is.na(augment(model, gone)$.pred_class))
  expect_true(all(is.na(predict(one(), gone))))
})

test_that("the search answers for its network, and where it cannot says where the network is", {
  skip_without_python()
  found <- fits_of_all_kinds()[[4]]
  expect_identical(stats::coef(found), stats::coef(found$fit))
  expect_identical(summary(found), summary(found$fit))
  expect_identical(confusion(found), confusion(found$fit))
  for (take in list(garson, importance, lekprofile, hessian, function(fit) save_model(fit, tempfile()))) {
    error <- expect_error(take(found), class = "tidydl_error_argument")
    expect_match(error$problem, "is a tidydl_tuning object", fixed = TRUE)
    expect_identical(error$hint, "Take its network: `fit`.")
  }
})

test_that("the weights of several networks are a matrix, and their summary shows each network", {
  skip_without_python()
  fit <- one(repeats = 2)
  expect_identical(stats::coef(fit)[2, ], stats::coef(fit$fits[[2]]))
  said <- utils::capture.output(print(summary(fit)))
  expect_identical(said[[1]], "the mean of 2 networks")
  expect_true(all(utils::capture.output(print(summary(fit$fits[[2]])))[-1] %in% said))
})

test_that("anova() prints its heading without package MASS, and as that package does", {
  skip_without_python()
  skip_if_not_installed("MASS")
  full <- multinom(Species ~ Sepal.Width, flowers, trace = FALSE)
  compared <- stats::anova(multinom(Species ~ 1, flowers, trace = FALSE), full)
  said <- utils::capture.output(print(compared))
  expect_identical(said[[1]], "Likelihood ratio tests of Multinomial Models")
  loadNamespace("MASS")
  expect_identical(said, utils::capture.output(print(structure(compared, class = class(compared)[-1]))))
})

test_that("nobs() counts the rows of each kind of fit", {
  skip_without_python()
  expect_identical(stats::nobs(one()), 60L)
  expect_identical(stats::nobs(multinom(Species ~ Sepal.Width, flowers, maxit = 5, trace = FALSE)), 60L)
  fit <- one()
  likelihood <- sum(log(stats::fitted(fit)[cbind(seq_len(60), as.integer(flowers$Species))]))
  expect_equal(stats::BIC(fit), -2 * likelihood + log(60) * length(fit$wts), tolerance = 1e-10)
})

test_that("a fit of do.call() shows the function that made it and no data, also when it was saved and loaded", {
  model <- do.call(multinom, list(Species ~ Sepal.Width, flowers, maxit = 2, trace = FALSE, engine = "r"))
  network <- do.call(nnet, list(as.matrix(iris[1:3]), iris[[4]], size = 1, maxit = 2, trace = FALSE, engine = "r"))
  file <- withr::local_tempfile(fileext = ".json")
  for (fit in list(model, network)) {
    save_model(fit, file)
    for (each in list(fit, load_model(file))) {
      name <- if (inherits(fit, "multinom")) "multinom" else "nnet"
      expect_match(deparse1(each$call[[1]]), name, fixed = TRUE)
    }
    expect_lt(nchar(deparse1(load_model(file)$call)), 200)
  }
  for (each in list(model, summary(model))) {
    shown <- utils::capture.output(print(each))
    expect_match(paste(shown[2:3], collapse = ""), "multinom(formula = Species ~ Sepal.Width, data = `<data frame>`",
      fixed = TRUE)
    expect_lt(length(shown), 25)
  }
  expect_identical(stats::update(model, maxit = 1)$call$data, flowers) # the data are still in the call
})

test_that("the predicted class is the first of those that are equally probable, and no random number is drawn", {
  d <- data.frame(k = factor(rep(c("a", "b", "c"), 4)), g = rep(c("x", "y"), 6))
  network <- nnet(k ~ g, d, size = 0, skip = TRUE, Wts = numeric(6), maxit = 0, trace = FALSE, engine = "r")
  set.seed(1)
  before <- .Random.seed
  expect_identical(predict(network, d, type = "class"), rep("a", 12))
  expect_identical(predict(network, type = "class"), rep("a", 12))
  model <- multinom(k ~ 1, d, trace = FALSE, maxit = 0, engine = "r")
  expect_identical(predict(model, d), factor(rep("a", 12), c("a", "b", "c")))
  expect_identical(predict(model), predict(model, d))
  expect_identical(.Random.seed, before)
})

test_that("columns of predictions stand for one thing each, and replace none without a word", {
  d <- data.frame(x = 1:12, k = factor(rep(c("class", "other"), 6)), y = (1:12) / 12)
  for (fit in list(
    nnet(k ~ x, d, size = 1, trace = FALSE, maxit = 2, engine = "r"),
    multinom(k ~ x, d, trace = FALSE, maxit = 2, engine = "r")
  )) {
    expect_error(augment(fit, d), "both `.pred_class`", fixed = TRUE, class = "tidydl_error_data")
  }
  fit <- nnet(y ~ x, d, size = 1, linout = TRUE, trace = FALSE, maxit = 2, engine = "r")
  once <- augment(fit, d)
  expect_warning(again <- augment(fit, once), "`.pred`, `.resid` already", fixed = TRUE, class = "tidydl_warning")
  expect_identical(again, once)
})
