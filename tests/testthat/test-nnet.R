# Against package nnet itself, live: the same call after the same seed.

without_call <- function(fit) unclass(fit)[setdiff(names(fit), c("call", "tidydl"))]

# Fits both ways; gives both fits and what each printed.
both <- function(..., seed = 1) {
  arguments <- substitute(list(...))[-1]
  fit_with <- function(fitter) eval(as.call(c(fitter, as.list(arguments))), parent.frame(2))
  set.seed(seed)
  ours_said <- utils::capture.output(ours <- fit_with(quote(nnet)))
  set.seed(seed)
  theirs_said <- utils::capture.output(theirs <- fit_with(quote(their_nnet)))
  list(ours = ours, theirs = theirs, ours_said = ours_said, theirs_said = theirs_said)
}

survey <- function() {
  set.seed(4)
  n <- 80
  frame <- data.frame(
    hours = round(stats::rnorm(n, 5), 2), sleep = round(stats::rnorm(n, 7), 2),
    mood = factor(sample(c("low", "fair", "high"), n, TRUE), c("low", "fair", "high")),
    flag = stats::runif(n) > 0.5, w = stats::runif(n, 0.5, 2)
  )
  frame$passed <- factor(ifelse(frame$hours + stats::rnorm(n) > 5, "yes", "no"))
  frame$grade <- 4 + frame$hours / 5 + stats::rnorm(n)
  frame$hours[c(3, 9)] <- NA
  frame
}

expect_same_fit <- function(fits) {
  expect_identical(fits$ours$wts, fits$theirs$wts)
  expect_identical(without_call(fits$ours), without_call(fits$theirs))
  expect_identical(fits$ours_said, fits$theirs_said)
  expect_identical(utils::capture.output(print(fits$ours)), utils::capture.output(print(fits$theirs)))
  expect_identical(utils::capture.output(summary(fits$ours)), utils::capture.output(summary(fits$theirs)))
  expect_identical(stats::coef(fits$ours), stats::coef(fits$theirs))
}

test_that("weights, every component, the trace and what is printed are those of package nnet", {
  skip_without_python()
  data <- survey()
  expect_same_fit(both(passed ~ hours + sleep, data, size = 2))
  expect_same_fit(both(mood ~ ., data, size = 3, decay = 0.01, maxit = 40, seed = 2))
  expect_same_fit(both(grade ~ hours * mood + log(sleep), data, size = 2, linout = TRUE, maxit = 30, seed = 3))
  expect_same_fit(both(cbind(hours, grade) ~ sleep, data, size = 1, linout = TRUE, skip = TRUE, maxit = 20))
  expect_same_fit(both(passed ~ sleep, data, size = 0, skip = TRUE, rang = 0, trace = FALSE))
  expect_same_fit(both(Species ~ ., iris, size = 2, maxit = 0))
})

test_that("subset, weights, na.action, contrasts and entropy mean what they mean in package nnet", {
  skip_without_python()
  data <- survey()
  expect_same_fit(both(passed ~ hours + sleep, data, weights = w, subset = sleep > 6.5, size = 2, maxit = 20))
  expect_same_fit(both(passed ~ mood, data, size = 1, maxit = 20, contrasts = list(mood = "contr.sum")))
  expect_same_fit(both(passed ~ hours, data, size = 1, maxit = 20, na.action = stats::na.exclude))
  expect_error(nnet(passed ~ hours, data, size = 1, na.action = stats::na.fail), class = "tidydl_error_data")
  shares <- stats::plogis(survey()$sleep - 7)
  expect_same_fit(both(survey()[c("sleep", "w")], shares, size = 1, entropy = TRUE, maxit = 20))
  mask <- c(TRUE, TRUE, FALSE, TRUE)
  expect_same_fit(both(grade ~ sleep, data, size = 1, linout = TRUE, Wts = c(1, -1, 0.5, 2), mask = mask, maxit = 20))
  expect_same_fit(both(mood ~ sleep, data, size = 2, decay = rep(c(0.1, 0.2), length.out = 13), maxit = 20))
})

test_that("inputs and response may be given as numbers", {
  skip_without_python()
  expect_same_fit(both(iris[1:4], class.ind(iris$Species), size = 2, softmax = TRUE, maxit = 20))
  expect_same_fit(both(as.matrix(iris[1:3]), iris$Petal.Width, size = 2, linout = TRUE, maxit = 20))
  expect_s3_class(nnet(iris[1:2], iris$Species, size = 1, maxit = 1, trace = FALSE), "nnet")
  two <- class.ind(iris$Species == "setosa")
  expect_same_fit(both(iris[1:4], two, size = 1, softmax = TRUE, maxit = 20))
  expect_same_fit(both(iris[1:4], two, size = 1, censored = TRUE, maxit = 20))
})

test_that("a fit draws from R's random numbers just what package nnet draws", {
  skip_without_python()
  set.seed(8)
  nnet(Species ~ ., iris, size = 2, maxit = 1, trace = FALSE)
  after_ours <- stats::runif(1)
  set.seed(8)
  their_nnet(Species ~ ., iris, size = 2, maxit = 1, trace = FALSE)
  expect_identical(after_ours, stats::runif(1))
})

test_that("package nnet predicts with our fits as with its own, for new data too", {
  skip_without_python()
  data <- survey()
  fits <- both(mood ~ hours + sleep + flag, data, size = 2, maxit = 30, trace = FALSE)
  for (type in c("raw", "class")) {
    expect_identical(stats::predict(fits$ours, data, type = type), stats::predict(fits$theirs, data, type = type))
    expect_identical(stats::predict(fits$ours, type = type), stats::predict(fits$theirs, type = type))
  }
  expect_identical(stats::fitted(fits$ours), stats::fitted(fits$theirs))
  expect_identical(stats::residuals(fits$ours), stats::residuals(fits$theirs))
})

test_that("a character response is a class", {
  skip_without_python()
  data <- survey()
  set.seed(1)
  as_factor <- nnet(passed ~ sleep, data, size = 1, maxit = 10, trace = FALSE)
  data$passed <- as.character(data$passed)
  set.seed(1)
  as_text <- nnet(passed ~ sleep, data, size = 1, maxit = 10, trace = FALSE)
  expect_identical(as_text$wts, as_factor$wts)
  expect_identical(as_text$lev, c("no", "yes"))
})

test_that("levels without a row are left out with a warning", {
  skip_without_python()
  data <- droplevels(iris[iris$Species != "virginica", ])
  levels(data$Species) <- c(levels(data$Species), "unseen")
  expect_warning(
    fit <- nnet(Species ~ Sepal.Length, data, size = 1, maxit = 2, trace = FALSE), "unseen",
    class = "tidydl_warning"
  )
  expect_identical(fit$lev, c("setosa", "versicolor"))
})

test_that("an argument that nnet() does not have is refused, the nearest suggested", {
  skip_without_python()
  error <- expect_error(nnet(Species ~ ., iris, size = 1, decai = 0.1), class = "tidydl_error_argument")
  expect_identical(error$problem, "`nnet()` has no argument 'decai'.")
  expect_identical(error$hint, "Did you mean 'decay'?")
})

test_that("a fit without a data frame takes its variables from where the formula was written", {
  skip_without_python()
  x <- iris$Petal.Length
  y <- iris$Petal.Width
  set.seed(1)
  ours <- nnet(y ~ x, size = 1, linout = TRUE, maxit = 5, trace = FALSE)
  set.seed(1)
  expect_identical(ours$wts, their_nnet(y ~ x, size = 1, linout = TRUE, maxit = 5, trace = FALSE)$wts)
})

test_that("tidy, glance and augment give tibbles of the documented columns", {
  skip_without_python()
  data <- survey()
  set.seed(1)
  fit <- nnet(mood ~ hours + sleep, data, size = 2, maxit = 20, trace = FALSE)
  weights <- tidy(fit)
  expect_identical(names(weights), c("term", "from", "to", "layer", "estimate"))
  expect_identical(weights$term, names(stats::coef(fit)))
  expect_identical(weights$estimate, fit$wts)
  expect_identical(glance(fit)$nobs, 78L)
  expect_identical(glance(fit)$logLik, -fit$value)
  joined <- augment(fit, data)
  expect_identical(nrow(joined), nrow(data))
  expect_identical(which(is.na(joined$.pred_class)), c(3L, 9L))
  expect_equal(rowSums(joined[paste0(".pred_", fit$lev)])[-c(3, 9)], rep(1, 78), ignore_attr = TRUE)
  expect_identical(augment(fit, newdata = data), joined)
  expect_identical(names(augment(fit))[1:2], c("mood", ".pred_class"))
  expect_identical(nrow(augment(fit, data[0, ])), 0L)
})

test_that("several outputs get a column each", {
  skip_without_python()
  fit <- nnet(cbind(sleep, grade) ~ hours, survey(), size = 1, linout = TRUE, maxit = 3, trace = FALSE)
  joined <- augment(fit, survey())
  expect_identical(utils::tail(names(joined), 4), c(".pred_sleep", ".pred_grade", ".resid_sleep", ".resid_grade"))
  expect_equal(joined$.resid_grade, joined$grade - joined$.pred_grade)
})

test_that("a saved network needs no Python in the next session", {
  skip_without_python()
  set.seed(1)
  fit <- nnet(Species ~ ., iris, size = 2, maxit = 30, trace = FALSE)
  file <- withr::local_tempfile(fileext = ".rds")
  answers <- withr::local_tempfile(fileext = ".rds")
  script <- withr::local_tempfile(fileext = ".R")
  saveRDS(fit, file)
  read_and_ask <- bquote({
    fit <- readRDS(.(file))
    library(tidydl)
    asked <- list(
      print = utils::capture.output(print(fit)), summary = utils::capture.output(summary(fit)),
      raw = predict(fit, iris[c(1, 60, 120), ]), class = predict(fit, iris, type = "class"), tidy = tidy(fit),
      glance = glance(fit), augment = augment(fit, iris[c(1, 60, 120), ]), confusion = confusion(fit),
      reticulate = isNamespaceLoaded("reticulate")
    )
    saveRDS(asked, .(answers))
  })
  writeLines(deparse(read_and_ask), script)
  run_fresh(script, c("RETICULATE_PYTHON=/nowhere/python"))
  found <- readRDS(answers)
  expect_false(found$reticulate)
  expect_identical(found$raw, stats::predict(fit, iris[c(1, 60, 120), ]))
  expect_identical(found$class, stats::predict(fit, iris, type = "class"))
  expect_identical(found$print, utils::capture.output(print(fit)))
  expect_identical(found$summary, utils::capture.output(summary(fit)))
  expect_identical(found$tidy, tidy(fit))
  expect_identical(found$glance, glance(fit))
  expect_identical(found$augment, augment(fit, iris[c(1, 60, 120), ]))
  expect_identical(found$confusion, confusion(fit))
})

test_that("caret weighs the inputs of our fit as of R's", {
  skip_without_python()
  withr::local_timezone("UTC") # lubridate, which caret loads, asks the system, which may grumble
  skip_if_not_installed("caret")
  fits <- both(Species ~ ., iris, size = 1, maxit = 5, trace = FALSE)
  expect_identical(caret::varImp(fits$ours), caret::varImp(fits$theirs))
})

test_that("a formula may be text, and update() fits again", {
  set.seed(1)
  text <- nnet("Species ~ .", iris, size = 1, trace = FALSE)
  set.seed(1)
  expect_identical(text$wts, nnet(Species ~ ., iris, size = 1, trace = FALSE)$wts)
  set.seed(1)
  expect_identical(nnet(formula = "Species ~ .", data = iris, size = 1, trace = FALSE)$wts, text$wts)
  expect_identical(update(text, size = 2)$n, c(4, 2, 3))
  expect_error(nnet("Species ~", iris, size = 1), class = "tidydl_error_formula")
})

test_that("a column that is there twice is refused where it is used", {
  twice <- cbind(mtcars, mtcars["cyl"])
  expect_error(nnet(mpg ~ ., twice, size = 1), "several columns named 'cyl'", class = "tidydl_error_column")
  expect_s3_class(nnet(mpg ~ wt, twice, size = 1, linout = TRUE, trace = FALSE), "nnet")
})

test_that("an identifier is no class", {
  people <- data.frame(id = as.character(1:11000), x = 1)
  expect_error(nnet(id ~ x, people, size = 1), "identifier", class = "tidydl_error_data")
})

test_that("the levels of a fit from elsewhere name terms, and no name is read as code", {
  marker <- withr::local_tempfile()
  votes <- data.frame(y = c(1, 2, 3, 2, 1, 3), x = rep(c("a", "b", "c"), 2), n = c(0, 1, 1, 0, 2, 1))
  fit <- nnet(y ~ x + factor(n), votes, size = 1, trace = FALSE, maxit = 2, engine = "r")
  expect_error(predict(fit, transform(votes, n = 7)), "levels that the network has not seen: 7")
  names(fit$xlevels)[[2]] <- sprintf("factor(n, labels = file.create('%s'))", marker)
  suppressWarnings(try(predict(fit, votes), silent = TRUE))
  expect_false(file.exists(marker))
})

test_that("arguments that are left out are what package nnet takes for them", {
  shared <- c(
    "linout", "entropy", "softmax", "censored", "skip", "rang", "decay", "maxit", "Hess", "trace", "MaxNWts", "abstol",
    "reltol"
  )
  ours <- lapply(formals(getS3method("nnet", "default", envir = asNamespace("tidydl")))[shared], eval)
  expect_identical(ours, lapply(formals(utils::getFromNamespace("nnet.default", "nnet"))[shared], eval))
})
