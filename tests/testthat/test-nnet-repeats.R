flowers <- iris[c(1:20, 51:70, 101:120), ]

test_that("repeats are fits alone from the same random numbers, one after the other, to the last bit", {
  skip_without_python()
  set.seed(1)
  alone <- lapply(1:3, function(i) nnet(Species ~ ., flowers, size = 2, decay = 0.01, trace = FALSE))
  after <- runif(1)
  set.seed(1)
  all <- nnet(Species ~ ., flowers, size = 2, decay = 0.01, trace = FALSE, repeats = 3)
  expect_identical(runif(1), after)
  for (i in 1:3) {
    for (part in c("wts", "value", "convergence", "fitted.values", "residuals", "coefnames", "n", "conn", "lev")) {
      expect_identical(all$fits[[i]][[part]], alone[[i]][[part]], label = part)
    }
  }
  expect_identical(class(all$fits[[1]]), class(alone[[1]]))
})

test_that("predictions are the mean of the outputs, and sum to 1", {
  skip_without_python()
  set.seed(2)
  fit <- nnet(Species ~ ., flowers, size = 2, maxit = 15, repeats = 4)
  new <- iris[c(30, 80, 130), ]
  single <- lapply(fit$fits, predict, new)
  expect_equal(predict(fit, new), (single[[1]] + single[[2]] + single[[3]] + single[[4]]) / 4, tolerance = 1e-15)
  expect_equal(unname(rowSums(predict(fit))), rep(1, nrow(flowers)), tolerance = 1e-12)
  expect_identical(predict(fit, new, type = "class"), colnames(single[[1]])[max.col(predict(fit, new))])
  expect_equal(fit$residuals, nnet::class.ind(flowers$Species) - fit$fitted.values, ignore_attr = TRUE)
  new$Sepal.Width[[2]] <- NA
  expect_identical(is.na(predict(fit, new, type = "class")), c(FALSE, TRUE, FALSE))
})

test_that("what the verbs say of averaged networks is tidy", {
  skip_without_python()
  set.seed(3)
  fit <- nnet(Species ~ ., flowers, size = 1, maxit = 20, repeats = 2)
  expect_identical(names(tidy(fit)), c(".fit", names(tidy(fit$fits[[1]]))))
  expect_identical(tidy(fit)$.fit, rep(1:2, each = length(fit$fits[[1]]$wts)))
  said <- glance(fit)
  expect_identical(said$n_fits, 2L)
  expect_equal(said$value, mean(c(fit$fits[[1]]$value, fit$fits[[2]]$value)))
  expect_lte(said$lowest, said$highest)
  expect_identical(names(augment(fit, flowers))[6:9], c(".pred_class", paste0(".pred_", levels(flowers$Species))))
  right <- mean(predict(fit, type = "class") == flowers$Species)
  expect_equal(glance(confusion(fit))$accuracy, right)
  expect_output(print(fit), "the mean of 2 networks, each\na 4-1-3 network")
})

test_that("a number and two classes are averaged in one column", {
  skip_without_python()
  set.seed(4)
  number <- nnet(Sepal.Length ~ Petal.Length + Petal.Width, flowers, size = 2, linout = TRUE, repeats = 2)
  expect_identical(dim(predict(number)), c(60L, 1L))
  expect_equal(augment(number, flowers)$.resid, flowers$Sepal.Length - predict(number)[, 1], ignore_attr = TRUE)
  expect_error(predict(number, type = "class"), class = "tidydl_error_argument")
  pair <- nnet(factor(Species == "virginica") ~ Petal.Length, flowers, size = 1, repeats = 2)
  expect_identical(predict(pair, type = "class"), as.character(predict(pair)[, 1] > 0.5))
})

test_that("inputs and response as matrices are fitted several times too", {
  skip_without_python()
  set.seed(5)
  fit <- nnet(as.matrix(flowers[1:4]), nnet::class.ind(flowers$Species), size = 1, softmax = TRUE, repeats = 2)
  expect_equal(
    predict(fit, as.matrix(iris[1:3, 1:4])),
    (predict(fit$fits[[1]], iris[1:3, 1:4]) + predict(fit$fits[[2]], iris[1:3, 1:4])) / 2,
    ignore_attr = TRUE
  )
})

test_that("a saved mean of networks predicts in a session without Python", {
  skip_without_python()
  set.seed(6)
  fit <- nnet(Species ~ ., flowers, size = 1, maxit = 10, repeats = 2)
  file <- withr::local_tempfile(fileext = ".rds")
  script <- withr::local_tempfile(fileext = ".R")
  saveRDS(list(fit = fit, raw = predict(fit, iris)), file)
  writeLines(c(
    "library(tidydl)", sprintf("saved <- readRDS(%s)", deparse(file)),
    "stopifnot(identical(predict(saved$fit, iris), saved$raw), nrow(tidy(saved$fit)) > 2)",
    "print(glance(saved$fit)); print(saved$fit); invisible(augment(saved$fit, iris))",
    "stopifnot(is.null(tidydl:::the$start))"
  ), script)
  expect_no_error(run_fresh(script, "RETICULATE_PYTHON=/nowhere"))
})

test_that("initial weights cannot be given for several networks", {
  skip_without_python()
  expect_error(nnet(Species ~ ., iris, size = 1, Wts = rep(0, 11), repeats = 2), "`Wts` is given, and `repeats`")
  expect_error(nnet(Species ~ ., iris, size = 1, repeats = 0), "`repeats` is 0.")
})

test_that("predictions of several networks keep a place for rows that na.exclude leaves out", {
  d <- data.frame(x = c(1:10, NA, NA), y = (1:12) / 12)
  fit <- nnet(y ~ x, d, size = 1, linout = TRUE, na.action = na.exclude, repeats = 2, trace = FALSE, engine = "r")
  expect_identical(c(NROW(predict(fit)), NROW(fitted(fit)), NROW(residuals(fit))), c(12L, 12L, 12L))
  expect_identical(unname(which(is.na(predict(fit)))), 11:12)
})
