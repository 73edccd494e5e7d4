# Packages that know R's nnet take our fits as its own. Each is compared with what it makes of R's own fit.

people <- function() {
  set.seed(7)
  n <- 90
  frame <- data.frame(
    hours = round(stats::rnorm(n, 5), 2), sleep = round(stats::rnorm(n, 7), 2), age = round(stats::runif(n, 18, 60)),
    group = factor(sample(c("a", "b", "c"), n, TRUE)), w = stats::runif(n, 0.5, 2)
  )
  frame$passed <- factor(ifelse(frame$hours + stats::rnorm(n) > 5, "yes", "no"))
  frame$grade <- stats::plogis(frame$hours - 5 + stats::rnorm(n))
  frame$hours[c(3, 9)] <- NA
  frame
}

# The same call by us and by package nnet after the same seed.
ours_and_theirs <- function(...) {
  arguments <- as.list(substitute(list(...)))[-1]
  frame <- parent.frame()
  fit_with <- function(fitter) {
    set.seed(5)
    suppressWarnings(eval(as.call(c(fitter, arguments, trace = FALSE)), frame))
  }
  fits <- list(ours = fit_with(quote(nnet)), theirs = fit_with(quote(their_nnet)))
  expect_identical(vapply(fits, inherits, logical(1), "tidydl_nnet"), c(ours = TRUE, theirs = FALSE))
  fits
}

three_fits <- function(data) {
  list(
    ours_and_theirs(group ~ sleep + age, data, size = 2, maxit = 20),
    ours_and_theirs(passed ~ hours + sleep + group, data, size = 2, maxit = 20, decay = 0.01),
    ours_and_theirs(grade ~ sleep * group, data, size = 3, maxit = 20)
  )
}

expect_same <- function(fits, ask) expect_identical(ask(fits$ours), ask(fits$theirs))

# What plotnet() draws, line by line.
drawn_by_neural_net_tools <- function(fit) {
  file <- withr::local_tempfile(fileext = ".ps")
  grDevices::postscript(file)
  NeuralNetTools::plotnet(fit)
  grDevices::dev.off()
  grep("^%%", readLines(file), value = TRUE, invert = TRUE)
}

test_that("weights are package nnet's in every form of the call", {
  skip_without_python()
  data <- people()
  same <- function(fits) expect_identical(fits$ours$wts, fits$theirs$wts)
  same(ours_and_theirs(passed ~ ., data, size = 2, maxit = 10))
  same(ours_and_theirs(passed ~ hours + sleep, data, size = 2, maxit = 10, subset = age > 30))
  same(ours_and_theirs(passed ~ hours + sleep, data, size = 2, maxit = 10, subset = -(1:20), weights = w))
  same(ours_and_theirs(grade ~ hours, data, size = 2, maxit = 10, na.action = stats::na.exclude))
  same(ours_and_theirs(grade ~ group, data, size = 2, maxit = 10, contrasts = list(group = "contr.helmert")))
  same(ours_and_theirs(grade ~ group, data, size = 2, maxit = 10, contrasts = list(group = stats::contr.sum(3))))
  same(ours_and_theirs(grade ~ poly(sleep, 2) + splines::ns(age, 3), data, size = 2, maxit = 10, linout = TRUE))
  same(ours_and_theirs(log(grade) ~ I(sleep^2) + 0 + group, data, size = 2, maxit = 10, linout = TRUE))
  same(ours_and_theirs(data[c("sleep", "age")], data$grade, size = 2, maxit = 10, weights = data$w))
  same(ours_and_theirs(as.matrix(data[c("sleep", "age")]), class.ind(data$group), size = 2, softmax = TRUE, maxit = 9))
  same(ours_and_theirs(data$sleep, data$grade, size = 2, maxit = 10))
  same(ours_and_theirs(grade ~ sleep, data, size = 2, rang = 0.1, abstol = 1e-2, reltol = 1e-4, decay = 1e-3))
})

test_that("update() fits our network again as package nnet's is", {
  skip_without_python()
  data <- people()
  fits <- ours_and_theirs(passed ~ hours, data, size = 1, maxit = 10)
  again <- lapply(fits, function(fit) {
    set.seed(6)
    update(fit, . ~ . + sleep, size = 2, subset = age > 25)
  })
  expect_s3_class(again$ours, "tidydl_nnet")
  expect_identical(again$ours$wts, again$theirs$wts)
})

test_that("package nnet's own methods answer for our fits", {
  skip_without_python()
  data <- people()
  for (fits in three_fits(data)) {
    method <- function(generic) utils::getS3method(generic, "nnet", envir = asNamespace("nnet"))
    expect_same(fits, function(fit) method("predict")(fit, data))
    expect_same(fits, function(fit) method("predict")(fit, data[c(3, 5), ], type = "raw"))
    expect_same(fits, function(fit) utils::capture.output(method("print")(fit)))
    expect_same(fits, function(fit) utils::capture.output(print(method("summary")(fit))))
    expect_same(fits, function(fit) method("coef")(fit))
    expect_same(fits, function(fit) stats::model.frame(fit))
    if (!is.null(fits$ours$lev)) expect_same(fits, function(fit) method("predict")(fit, data, type = "class"))
  }
})

test_that("caret weighs, resamples and predicts with our fits as with package nnet's", {
  skip_without_python()
  skip_if_not_installed("caret")
  withr::local_timezone("UTC") # lubridate, which caret loads, asks the system, which may grumble
  data <- people()
  for (fits in three_fits(data)) expect_same(fits, caret::varImp)
  fits <- ours_and_theirs(group ~ sleep + age, data, size = 2, maxit = 20)
  said <- function(fit) factor(stats::predict(fit, data, type = "class"), levels(data$group))
  expect_same(fits, function(fit) caret::confusionMatrix(said(fit), data$group)$overall)

  train_with <- function(fitter) {
    model <- list(
      type = "Classification", library = NULL, loop = NULL,
      parameters = data.frame(parameter = c("size", "decay"), class = "numeric", label = c("Units", "Decay")),
      grid = function(x, y, len = NULL, search = "grid") expand.grid(size = 1:2, decay = c(0, 0.1)),
      fit = function(x, y, wts, param, lev, last, classProbs, ...) {
        frame <- data.frame(x, .outcome = y)
        fitter(.outcome ~ ., frame, size = param$size, decay = param$decay, maxit = 10, trace = FALSE)
      },
      predict = function(modelFit, newdata, submodels = NULL) {
        stats::predict(modelFit, data.frame(newdata), type = "class")
      },
      prob = function(modelFit, newdata, submodels = NULL) stats::predict(modelFit, data.frame(newdata))
    )
    set.seed(8)
    control <- caret::trainControl(method = "cv", number = 3, classProbs = TRUE)
    suppressWarnings(caret::train(data[c("sleep", "age")], data$group, method = model, trControl = control))
  }
  trained <- list(ours = train_with(nnet), theirs = train_with(their_nnet))
  expect_s3_class(trained$ours$finalModel, "tidydl_nnet")
  expect_same(trained, function(fit) fit$results)
  expect_same(trained, function(fit) stats::predict(fit, data, type = "prob"))
  expect_same(trained, function(fit) caret::extractPrediction(list(fit), testX = data[1:9, c("sleep", "age")]))
  expect_same(trained, function(fit) caret::extractProb(list(fit), testX = data[1:9, c("sleep", "age")]))
})

test_that("NeuralNetTools draws and weighs our fits as package nnet's", {
  skip_without_python()
  skip_if_not_installed("NeuralNetTools")
  fits <- ours_and_theirs(Y1 ~ X1 + X2 + X3, NeuralNetTools::neuraldat, size = 3, maxit = 20)
  expect_same(fits, function(fit) NeuralNetTools::neuralweights(fit))
  expect_same(fits, function(fit) NeuralNetTools::olden(fit, bar_plot = FALSE))
  expect_same(fits, function(fit) NeuralNetTools::garson(fit, bar_plot = FALSE))
  expect_same(fits, function(fit) NeuralNetTools::lekprofile(fit, steps = 5, val_out = TRUE))
  expect_same(fits, drawn_by_neural_net_tools)
  fits <- ours_and_theirs(Species ~ ., iris, size = 2, maxit = 20, skip = TRUE)
  expect_same(fits, function(fit) NeuralNetTools::neuralweights(fit))
  expect_same(fits, drawn_by_neural_net_tools)
})

test_that("broom tidies our multinomial models as package nnet's", {
  skip_if_not_installed("broom")
  ours <- multinom(Species ~ Petal.Width, iris, maxit = 20, trace = FALSE, engine = "r")
  theirs <- nnet::multinom(Species ~ Petal.Width, iris, maxit = 20, trace = FALSE)
  broom <- function(generic) utils::getS3method(generic, "multinom", envir = asNamespace("broom"))
  expect_equal(broom("tidy")(ours, conf.int = TRUE), broom("tidy")(theirs, conf.int = TRUE))
  expect_equal(broom("glance")(ours), broom("glance")(theirs))
  expect_identical(stats::predict(ours, iris), utils::getS3method("predict", "multinom")(theirs, iris))
})

test_that("none of our methods is registered for a class of package nnet", {
  registered <- parseNamespaceFile("tidydl", dirname(system.file(package = "tidydl")))$S3methods
  expect_gt(nrow(registered), 10)
  expect_identical(intersect(registered[, 2], c("nnet", "nnet.formula", "multinom", "summary.nnet")), character())
})

test_that("methods of package nnet and of broom stay theirs in whatever order the packages are loaded", {
  script <- withr::local_tempfile(fileext = ".R")
  answers <- withr::local_tempfile(fileext = ".rds")
  broom <- if (requireNamespace("broom", quietly = TRUE)) "broom"
  for (packages in list(c("nnet", "tidydl", broom), c("tidydl", "nnet", broom), c(broom, "tidydl", "nnet"))) {
    asked <- bquote({
      for (package in .(packages)) suppressMessages(library(package, character.only = TRUE))
      home <- function(generic, class) environmentName(environment(getS3method(generic, class)))
      own <- c("print", "summary", "predict", "coef")
      multinom <- c("print", "summary", "predict", "vcov", "logLik", "confint", "anova")
      theirs <- nnet::nnet(Species ~ ., iris, size = 1, maxit = 1, trace = FALSE)
      ours <- tidydl::nnet(Species ~ ., iris, size = 1, maxit = 1, trace = FALSE, engine = "r")
      saveRDS(list(
        nnet = unique(c(vapply(own, home, "", "nnet"), vapply(multinom, home, "", "multinom"))),
        broom = if ("broom" %in% .(packages)) unique(vapply(c("tidy", "glance"), home, "", "multinom")),
        theirs = class(theirs), ours = class(ours)
      ), .(answers))
    })
    writeLines(deparse(asked), script)
    run_fresh(script, "RETICULATE_PYTHON=/nowhere/python")
    found <- readRDS(answers)
    expect_identical(found$nnet, "nnet")
    expect_identical(found$broom, broom)
    expect_identical(found$theirs, c("nnet.formula", "nnet"))
    expect_identical(found$ours, c("tidydl_nnet", "nnet.formula", "nnet"))
  }
})
