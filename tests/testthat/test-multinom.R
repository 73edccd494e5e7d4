# Against package nnet itself, live. Fitted values, weights and traces are compared to the last bit.

people <- function(n = 70) {
  set.seed(5)
  frame <- data.frame(
    hours = round(stats::rnorm(n), 2), sleep = stats::rnorm(n), few = sample(0:1, n, TRUE),
    mood = factor(sample(c("low", "fair", "high"), n, TRUE), c("low", "fair", "high")),
    kind = factor(sample(c("x", "y", "z"), n, TRUE)), w = stats::runif(n, 0.5, 2),
    none = stats::rpois(n, 2) + 1, some = stats::rpois(n, 3), much = stats::rpois(n, 1)
  )
  frame$two <- factor(ifelse(frame$hours + stats::rnorm(n) > 0, "yes", "no"))
  frame$hours[4] <- NA
  frame
}

# Fits both ways; gives both fits and what each printed.
two_ways <- function(...) {
  arguments <- as.list(substitute(list(...)))[-1]
  fit_with <- function(fitter) eval(as.call(c(fitter, arguments)), parent.frame(2))
  ours_said <- utils::capture.output(ours <- fit_with(quote(multinom)))
  theirs_said <- utils::capture.output(theirs <- fit_with(quote(nnet::multinom)))
  theirs$call[[1]] <- quote(multinom)
  list(ours = ours, theirs = theirs, ours_said = ours_said, theirs_said = theirs_said)
}

components <- function(fit) unclass(fit)[setdiff(names(fit), c("tidydl", "Hessian"))]

expect_same_model <- function(fits) {
  ours <- fits$ours
  theirs <- fits$theirs
  expect_identical(fits$ours_said, fits$theirs_said)
  expect_identical(components(ours), components(theirs))
  expect_equal(ours$Hessian, theirs$Hessian, tolerance = 1e-10)
  expect_identical(utils::capture.output(print(ours)), utils::capture.output(print(theirs)))
  expect_identical(
    utils::capture.output(print(summary(ours, correlation = TRUE))),
    utils::capture.output(print(summary(theirs, correlation = TRUE)))
  )
  expect_equal(stats::vcov(ours), stats::vcov(theirs), tolerance = 1e-10)
  expect_equal(stats::confint(ours, level = 0.9), stats::confint(theirs, level = 0.9), tolerance = 1e-10)
  expect_identical(stats::coef(ours), stats::coef(theirs))
  expect_identical(stats::logLik(ours), stats::logLik(theirs))
  expect_identical(stats::AIC(ours), stats::AIC(theirs))
  expect_identical(stats::BIC(ours), stats::BIC(theirs))
  expect_identical(stats::extractAIC(ours), stats::extractAIC(theirs))
  for (type in c("class", "probs")) {
    expect_identical(stats::predict(ours, type = type), stats::predict(theirs, type = type))
  }
}

test_that("components, trace, what is printed and what is inferred are those of package nnet", {
  skip_without_python()
  data <- people()
  expect_same_model(two_ways(kind ~ hours + mood, data))
  expect_same_model(two_ways(two ~ hours + sleep, data, weights = w, Hess = TRUE, model = TRUE))
  expect_same_model(two_ways(cbind(none, some, much) ~ hours, data, weights = w, trace = FALSE))
  expect_same_model(two_ways(cbind(none, some) ~ sleep, data, Hess = TRUE))
  expect_same_model(two_ways(kind ~ hours * mood, data, decay = 0.1, maxit = 15, subset = sleep > -1))
  expect_same_model(two_ways(kind ~ hours, data, na.action = stats::na.exclude, reltol = 1e-4))
  expect_same_model(two_ways(few ~ sleep, data))
  expect_same_model(two_ways(hours > 0 ~ sleep, data))
  expect_same_model(two_ways(kind ~ 1, data))
  expect_same_model(two_ways(two ~ 0 + sleep, data))
  data$twice <- 2 * data$sleep
  expect_same_model(two_ways(kind ~ sleep + twice, data))
})

test_that("models have the weights, covariances and words of the references", {
  skip_without_python()
  references <- shared_references("multinom.json")
  for (case in shared_cases("multinom.json")) {
    reference <- references[[case$name]]
    case$call <- "multinom"
    fit <- perform(case, NULL)
    expect_near(fit$wts, reference$wts, case$name)
    expect_near(c(fit$value, fit$edf, fit$AIC), reference[c("value", "edf", "AIC")], case$name)
    said <- utils::capture.output(print(fit))
    said <- said[seq(match("Coefficients:", said), length(said))]
    expect_identical(said, vector_of(reference$print), label = case$name)
    probs <- as.matrix(stats::predict(fit, value_of(case$arguments$data, NULL), "probs"))
    expect_near(t(utils::head(probs, 12)), unlist(reference$probs, recursive = FALSE), case$name)
    if (!is.null(reference$vcov)) {
      expect_equal(as.vector(stats::vcov(fit)), unlist(reference$vcov), tolerance = 1e-6, label = case$name)
    }
  }
})

test_that("rows put together give R's model, where R's summ works", {
  skip_without_python()
  data <- people()
  expect_same_model(two_ways(kind ~ few + mood, data, summ = 2, Hess = TRUE))
  expect_same_model(two_ways(cbind(none, some, much) ~ few, data, summ = 3, Hess = TRUE))
  expect_same_model(two_ways(kind ~ few, data, summ = 3, Hess = TRUE))
})

test_that("rows put together give the model of all rows, weights and two classes included", {
  skip_without_python()
  data <- people()
  fit <- function(formula, summ) {
    multinom(formula, data, weights = w, summ = summ, trace = FALSE, reltol = 1e-14, abstol = 0)
  }
  for (formula in list(kind ~ few + mood, two ~ few, cbind(none, some) ~ few)) {
    for (summ in 1:3) {
      less <- fit(formula, summ)
      expect_equal(less$wts, fit(formula, 0)$wts, tolerance = 1e-4)
      expect_equal(stats::vcov(less), stats::vcov(fit(formula, 0)), tolerance = 1e-4)
      expect_lte(nrow(less$fitted.values), 70)
    }
  }
})

test_that("offsets count in the fit as in package nnet, and in predictions", {
  skip_without_python()
  data <- people()
  data$offsets <- matrix(stats::rnorm(210), 70)
  data$alone <- stats::rnorm(70)
  fits <- two_ways(kind ~ sleep + offset(offsets), data)
  expect_identical(components(fits$ours), components(fits$theirs))
  expect_identical(fits$ours_said, fits$theirs_said)
  expect_equal(stats::vcov(fits$ours), stats::vcov(fits$theirs), tolerance = 1e-10)
  expect_equal(stats::predict(fits$ours, data, "probs"), fits$ours$fitted.values)
  two <- two_ways(two ~ sleep + offset(alone), data)
  expect_identical(components(two$ours), components(two$theirs))
  expect_equal(stats::predict(two$ours, data, "probs"), two$ours$fitted.values[, 1])
  expect_identical(stats::predict(two$ours, data), stats::predict(two$ours))
  both <- multinom(two ~ sleep + offset(cbind(0 * alone, alone)), data, trace = FALSE)
  expect_identical(both$wts, two$ours$wts)
  expect_error(multinom(kind ~ sleep + offset(alone), data), "offset of 1 col", class = "tidydl_error_formula")
})

test_that("censored responses are fitted as in package nnet, and inform only of what was observed", {
  skip_without_python()
  data <- people()
  possible <- nnet::class.ind(data$kind)
  possible[1:20, ] <- 1
  fits <- two_ways(possible ~ sleep, data, censored = TRUE)
  expect_identical(components(fits$ours), components(fits$theirs))
  seen <- multinom(kind ~ sleep, data[-(1:20), ], trace = FALSE)
  expect_equal(fits$ours$wts, seen$wts, tolerance = 1e-3)
  expect_equal(stats::vcov(fits$ours), stats::vcov(seen), tolerance = 1e-3)
})

test_that("contrasts that are asked for count in the standard errors", {
  skip_without_python()
  data <- people()
  fits <- two_ways(kind ~ mood, data, contrasts = list(mood = "contr.sum"), Hess = TRUE)
  expect_same_model(fits)
  plain <- multinom(kind ~ mood, data, contrasts = list(mood = "contr.sum"), trace = FALSE)
  expect_equal(stats::vcov(plain), stats::vcov(fits$theirs), tolerance = 1e-10)
})

test_that("predictions for new data are those of package nnet, missing rows and a single row included", {
  skip_without_python()
  data <- people()
  for (formula in list(kind ~ hours + mood, two ~ hours, cbind(none, some) ~ hours)) {
    ours <- multinom(formula, data, trace = FALSE)
    theirs <- nnet::multinom(formula, data, trace = FALSE)
    for (type in c("class", "probs")) {
      expect_identical(stats::predict(ours, data, type), stats::predict(theirs, data, type))
      expect_identical(stats::predict(ours, data[9, ], type), stats::predict(theirs, data[9, ], type))
      expect_length(stats::predict(ours, data[0, ], type), 0)
    }
  }
  expect_error(stats::predict(ours, data["sleep"]), class = "tidydl_error_column")
  expect_error(stats::predict(ours, data, "raw"), class = "tidydl_error_argument")
})

test_that("anova(), drop1(), add1(), update() and step() work as on fits of package nnet", {
  skip_without_python()
  data <- stats::na.omit(people())
  assign("everybody", data, globalenv()) # where package nnet's own drop1() looks
  withr::defer(rm("everybody", envir = globalenv()))
  fits <- two_ways(kind ~ hours + mood, everybody, trace = FALSE)
  null <- two_ways(kind ~ 1, everybody, trace = FALSE)
  ours <- stats::anova(null$ours, fits$ours)
  expect_identical(structure(ours, class = class(ours)[-1L]), stats::anova(null$theirs, fits$theirs))
  expect_identical(stats::update(fits$ours, . ~ hours)$wts, nnet::multinom(kind ~ hours, data, trace = FALSE)$wts)
  expect_s3_class(stats::update(fits$ours, . ~ hours), "tidydl_multinom")
  fits$theirs$call[[1]] <- quote(nnet::multinom)
  null$theirs$call[[1]] <- quote(nnet::multinom)
  walk <- function(fit) {
    said <- utils::capture.output(found <- stats::step(fit))
    c(said, class(found)[[1]], found$wts)
  }
  expect_identical(setdiff(walk(fits$ours), "tidydl_multinom"), setdiff(walk(fits$theirs), "multinom"))
  trace <- FALSE # package nnet's own methods look here for it
  utils::capture.output(expected <- list(stats::drop1(fits$theirs), stats::add1(null$theirs, ~ hours + mood)))
  rm(trace)
  local_fit <- multinom(kind ~ hours + mood, data, trace = FALSE)
  utils::capture.output({
    expect_identical(stats::drop1(fits$ours), expected[[1]])
    expect_identical(stats::add1(null$ours, ~ hours + mood), expected[[2]])
    expect_identical(stats::drop1(local_fit), expected[[1]])
  })
})

test_that("step() works whatever is attached, and nothing stands over package nnet's own methods", {
  skip_without_python()
  walk <- "  if (class(s)[[1]] == 'tidydl_multinom') cat(deparse(formula(s)), '\\n')"
  methods <- "cat(environmentName(environment(getS3method('print', 'multinom'))), '\\n')"
  begin <- c(
    nnet_first = "library(nnet); library(tidydl); fitter <- quote(multinom)",
    nnet_last = "library(tidydl); library(nnet); fitter <- quote(tidydl::multinom)",
    nnet_never = "library(tidydl); fitter <- quote(multinom)", none = "fitter <- quote(tidydl::multinom)"
  )
  for (way in begin) {
    script <- withr::local_tempfile(fileext = ".R")
    answers <- withr::local_tempfile()
    writeLines(c(
      way, "fit <- eval(as.call(list(fitter, Species ~ Petal.Length + Sepal.Width, iris, trace = FALSE, maxit = 20)))",
      "said <- capture.output(s <- step(fit, trace = 0))", sprintf("sink('%s')", answers), walk, methods
    ), script)
    run_fresh(script, sprintf("RETICULATE_PYTHON=%s", Sys.getenv("RETICULATE_PYTHON")))
    found <- trimws(readLines(answers))
    expect_match(found[[1]], "Species ~ Petal.Length")
    expect_identical(found[[2]], "nnet")
  }
})

test_that("a saved model needs neither Python nor its data in the next session", {
  skip_without_python()
  mine <- people()
  fit <- multinom(kind ~ hours + mood, mine, trace = FALSE)
  expected <- list(summary = utils::capture.output(print(summary(fit))), tidy = tidy(fit), glance = glance(fit))
  file <- withr::local_tempfile(fileext = ".rds")
  answers <- withr::local_tempfile(fileext = ".rds")
  script <- withr::local_tempfile(fileext = ".R")
  saveRDS(fit, file)
  writeLines(deparse(bquote({
    fit <- readRDS(.(file))
    library(tidydl)
    asked <- list(
      summary = utils::capture.output(print(summary(fit))), tidy = tidy(fit), glance = glance(fit),
      reticulate = isNamespaceLoaded("reticulate")
    )
    saveRDS(asked, .(answers))
  })), script)
  run_fresh(script, "RETICULATE_PYTHON=/nowhere/python")
  expect_identical(readRDS(answers), c(expected, list(reticulate = FALSE)))
})

test_that("tidy(), glance() and augment() give tibbles of the documented columns", {
  skip_without_python()
  data <- people()
  fit <- multinom(kind ~ hours, data, trace = FALSE)
  terms <- tidy(fit)
  expect_identical(names(terms), c("y.level", "term", "estimate", "std.error", "statistic", "p.value"))
  expect_identical(terms$y.level, c("y", "y", "z", "z"))
  expect_identical(terms$term, rep(c("(Intercept)", "hours"), 2))
  expect_equal(terms$std.error, as.vector(t(summary(fit)$standard.errors)))
  odds <- tidy(fit, conf.int = TRUE, conf.level = 0.9, exponentiate = TRUE)
  expect_equal(log(odds$estimate), terms$estimate)
  expect_equal(log(odds$conf.low), as.vector(stats::confint(fit, level = 0.9)[, 1, ]))
  expect_identical(names(glance(fit))[1:5], c("edf", "deviance", "AIC", "nobs", "logLik"))
  expect_identical(glance(fit)$nobs, 69L)
  expect_identical(utils::tail(names(augment(fit, data)), 4), c(".pred_class", ".pred_x", ".pred_y", ".pred_z"))
  expect_identical(which(is.na(augment(fit, data)$.pred_class)), 4L)
  expect_identical(names(augment(fit))[1:2], c("kind", ".pred_class"))
  two <- multinom(two ~ hours, data, trace = FALSE)
  expect_identical(tidy(two)$y.level, c("yes", "yes"))
  expect_identical(utils::tail(names(augment(two, data)), 3), c(".pred_class", ".pred_no", ".pred_yes"))
  counts <- multinom(cbind(none, some) ~ sleep, data, trace = FALSE)
  expect_identical(names(augment(counts))[1:3], c("none", "some", ".pred_class"))
})

test_that("a formula may be text, and draws no random numbers", {
  skip_without_python()
  data <- people()
  set.seed(2)
  fit <- multinom("kind ~ sleep", data, trace = FALSE)
  after <- stats::runif(1)
  set.seed(2)
  expect_identical(stats::runif(1), after)
  expect_identical(fit$wts, multinom(kind ~ sleep, data, trace = FALSE)$wts)
})

test_that("levels without a row are left out with a warning", {
  skip_without_python()
  data <- people()
  levels(data$kind) <- c("x", "y", "z", "unseen")
  expect_warning(fit <- multinom(kind ~ sleep, data, trace = FALSE), "unseen", class = "tidydl_warning")
  expect_identical(fit$lev, c("x", "y", "z"))
})

test_that("wrong arguments are named", {
  data <- people()
  expect_error(multinom(kind ~ sleep, data, size = 2), "no argument 'size'", class = "tidydl_error_argument")
  expect_error(multinom(kind ~ sleep, data, summ = 4), "`summ` is 4", class = "tidydl_error_argument")
  expect_error(multinom(kind ~ sleep, data, summ = 3, censored = TRUE), "`summ` 3", class = "tidydl_error_argument")
  expect_error(multinom(kind ~ nowhere, data), "'nowhere'", class = "tidydl_error_column")
  expect_error(multinom("kind", data), "no response", class = "tidydl_error_formula")
  expect_error(multinom(3, data), "`formula` is 3", class = "tidydl_error_argument")
  expect_error(multinom(kind ~ 0, data), "neither an intercept", class = "tidydl_error_argument")
  expect_error(multinom(cbind(-none, some) ~ 1, data), "negative counts", class = "tidydl_error_data")
  expect_error(multinom(cbind(0 * none, 0 * some) ~ 1, data), "nothing was counted", class = "tidydl_error_data")
  expect_error(multinom(kind ~ sleep, data, weights = -w), "`weights`", class = "tidydl_error_argument")
  expect_error(multinom(kind ~ sleep, data, MaxNWts = 3), "`MaxNWts`", class = "tidydl_error_argument")
  expect_error(multinom(kind ~ sleep, data[data$kind == "x", ]), "only one level", class = "tidydl_error_data") |>
    suppressWarnings()
})

test_that("a model is drawn, and confused, as a network", {
  skip_without_python()
  skip_if_not_installed("ggplot2")
  fit <- multinom(kind ~ sleep + mood, people(), trace = FALSE)
  expect_s3_class(plotnet(fit), "ggplot")
  expect_identical(sum(confusion(fit)$n), 70L)
})

test_that("fits of other responses or rows are not compared, and the reason is no fault of tidydl", {
  skip_without_python()
  data <- transform(stats::na.omit(people()), other = rev(kind), gaps = replace(hours, 3, NA))
  fit <- function(formula, rows = TRUE, ...) multinom(formula, data[rows, ], trace = FALSE, ...)
  small <- fit(kind ~ hours)
  gapped <- multinom(kind ~ hours + gaps, data, trace = FALSE)
  comparisons <- expression(
    stats::anova(small, fit(other ~ hours + mood)), stats::anova(small, gapped),
    stats::anova(fit(kind ~ hours, -(1:10)), fit(kind ~ hours + mood, -(30:39))),
    stats::anova(small), stats::anova(small, stats::lm(hours ~ sleep, data)),
    stats::drop1(gapped), stats::step(gapped, trace = 0)
  )
  for (each in comparisons) {
    error <- tryCatch(utils::capture.output(eval(each)), error = identity)
    expect_s3_class(error, "tidydl_error")
    expect_no_match(paste(error$hint, ""), "fault of tidydl", label = deparse1(each))
  }
  expect_match(error$hint, "na.omit()", fixed = TRUE)
  expect_s3_class(stats::anova(fit(kind ~ hours + mood, summ = 1), fit(kind ~ mood + hours, summ = 1)), "tidydl_anova")
  theirs <- nnet::multinom(kind ~ hours + mood, data, trace = FALSE)
  expect_identical(nrow(stats::anova(small, theirs, test = "none")), 2L)
})
