# Networks as learners of mlr3 and engines of parsnip, which are not among Debian's packages.

big_five <- function() {
  data <- example_data("bigfive")[-1]
  data$education <- factor(data$education)
  as.data.frame(data)
}

test_that("the chunks of courses run with our learner of mlr3", {
  testthat::skip_if_not(requireNamespace("mlr3", quietly = TRUE), "mlr3 cannot be loaded")
  data <- big_five()
  task <- mlr3::as_task_classif(education ~ ., data = data)
  learner <- mlr3::lrn("classif.tidydl", size = 1, trace = FALSE)
  set.seed(1)
  learner$train(task)
  set.seed(1)
  fit <- nnet(education ~ ., task$data(), size = 1, trace = FALSE)
  expect_identical(learner$model$wts, fit$wts)
  expect_output(print(summary(learner$model)), "a 7-1-5 network with 18 weights")
  pred <- learner$predict(task)
  expect_identical(as.character(pred$response), unname(predict(fit, data, type = "class")))
  expect_identical(dim(pred$confusion), c(5L, 5L))
  learner$predict_type <- "prob"
  expect_equal(unname(learner$predict(task)$prob), unname(predict(fit, data)), tolerance = 1e-12)
})

test_that("our learners of mlr3 do two classes, regressions, weights and resampling", {
  testthat::skip_if_not(requireNamespace("mlr3", quietly = TRUE), "mlr3 cannot be loaded")
  data <- big_five()
  withr::defer(lgr::get_logger("mlr3")$set_threshold("info"))
  lgr::get_logger("mlr3")$set_threshold("warn")
  two <- mlr3::as_task_classif(transform(data, gender = factor(gender)), target = "gender")
  learner <- mlr3::lrn("classif.tidydl", trace = FALSE, predict_type = "prob")
  prob <- learner$train(two)$predict(two)$prob
  expect_equal(rowSums(prob), rep(1, nrow(data)))
  expect_setequal(colnames(prob), two$class_names)
  numbers <- mlr3::as_task_regr(datasets::mtcars, target = "mpg")
  learner <- mlr3::lrn("regr.tidydl", size = 0, skip = TRUE, maxit = 1000, trace = FALSE)
  response <- learner$train(numbers)$predict(numbers)$response
  expect_equal(response, unname(fitted(lm(mpg ~ ., datasets::mtcars))), tolerance = 1e-2)
  run <- mlr3::resample(two, mlr3::lrn("classif.tidydl", size = 1, trace = FALSE), mlr3::rsmp("cv", folds = 2))
  expect_true(run$aggregate() < 1)
})

test_that("parsnip has the engine of mlp() and multinom_reg()", {
  testthat::skip_if_not(requireNamespace("parsnip", quietly = TRUE), "parsnip cannot be loaded")
  data <- big_five()
  network <- parsnip::set_engine(parsnip::mlp("classification", hidden_units = 2, penalty = 0.1), "tidydl")
  set.seed(1)
  fit <- parsnip::fit(network, education ~ ., data = data)
  set.seed(1)
  ours <- nnet(education ~ ., data, size = 2, decay = 0.1, trace = FALSE)
  expect_identical(fit$fit$wts, ours$wts)
  expect_identical(as.character(predict(fit, data)$.pred_class), unname(predict(ours, data, type = "class")))
  prob <- predict(fit, data[1, ], type = "prob")
  expect_identical(names(prob), paste0(".pred_", levels(data$education)))
  expect_equal(sum(prob), 1)
  regression <- parsnip::set_engine(parsnip::mlp("regression", hidden_units = 1), "tidydl", skip = TRUE)
  numbers <- as.data.frame(scale(datasets::mtcars))
  expect_length(predict(parsnip::fit(regression, mpg ~ wt + hp, data = numbers), numbers)$.pred, 32)
  logits <- parsnip::set_engine(parsnip::multinom_reg(), "tidydl")
  chosen <- parsnip::fit(logits, Species ~ ., data = datasets::iris)
  expect_s3_class(chosen$fit, "multinom")
  expect_identical(dim(predict(chosen, datasets::iris[1, ], type = "prob")), c(1L, 3L))
  expect_gt(mean(predict(chosen, datasets::iris)$.pred_class == datasets::iris$Species), 0.9)
})

test_that("the packages are told when they are loaded after tidydl, and before", {
  testthat::skip_if_not(requireNamespace("mlr3", quietly = TRUE), "mlr3 cannot be loaded")
  for (order in list(c("tidydl", "mlr3"), c("mlr3", "tidydl"))) {
    lines <- c(sprintf("suppressPackageStartupMessages(library(%s))", order), "cat(mlr_learners$keys('tidydl'))")
    script <- withr::local_tempfile(fileext = ".R", lines = lines)
    said <- system2(file.path(R.home("bin"), "Rscript"), shQuote(script), stdout = TRUE, stderr = FALSE)
    expect_identical(said, "classif.tidydl regr.tidydl")
  }
})
