answers <- tibble::tibble(
  true = factor(c("b", "a", "a", NA, "b"), levels = c("b", "a")), said = c("b", "a", "b", "a", "c")
)

test_that("a confusion counts every pair, the true classes first and in their order", {
  counts <- confusion(answers, truth = true, estimate = said)
  expect_s3_class(counts, "tbl_df")
  expect_identical(names(counts), c("response", "truth", "n"))
  expect_identical(levels(counts$response), c("b", "a", "c"))
  expect_identical(counts$n, c(1L, 1L, 0L, 0L, 1L, 0L, 1L, 0L, 0L))
})

test_that("columns may be bare or quoted", {
  bare <- confusion(answers, truth = true, estimate = said)
  expect_identical(confusion(answers, truth = "true", estimate = "said"), bare)
  expect_identical(confusion(answers, true, said), bare)
})

test_that("it prints as R's own table and a part of it as a tibble", {
  counts <- confusion(answers, truth = true, estimate = said)
  expect_identical(
    utils::capture.output(print(counts)),
    c("        truth", "response b a c", "       b 1 1 0", "       a 0 1 0", "       c 1 0 0")
  )
  expect_match(utils::capture.output(print(counts[1:2, 1:2]))[[1]], "tibble")
})

test_that("agreement is that of the textbooks", {
  times <- c(20, 5, 10, 15)
  data <- data.frame(true = rep(c("a", "a", "b", "b"), times), said = rep(c("a", "b", "a", "b"), times))
  at_a_glance <- glance(confusion(data, true, said))
  expect_equal(at_a_glance$accuracy, 0.7)
  expect_equal(at_a_glance$kappa, 0.4)
  expect_equal(at_a_glance$balanced_accuracy, (20 / 25 + 15 / 25) / 2)
  expect_identical(at_a_glance$nobs, 50L)
})

test_that("recall and precision by class are those of the textbooks", {
  times <- c(20, 5, 10, 15)
  data <- data.frame(true = rep(c("a", "a", "b", "b"), times), said = rep(c("a", "b", "a", "b"), times))
  by_class <- tidy(confusion(data, true, said))
  expect_identical(by_class$n, c(25L, 25L))
  expect_identical(by_class$predicted, c(30L, 20L))
  expect_equal(by_class$recall, c(20 / 25, 15 / 25))
  expect_equal(by_class$precision, c(20 / 30, 15 / 20))
  expect_equal(by_class$f1, with(by_class, 2 * recall * precision / (recall + precision)))
})

test_that("no rows, one class and a class that never occurs have their tables", {
  none <- confusion(data.frame(true = character(), said = character()), true, said)
  expect_identical(dim(tidy(none)), c(0L, 6L))
  expect_identical(vapply(tidy(none), typeof, ""), vapply(tidy(confusion(answers, true, said)), typeof, ""))
  expect_identical(glance(none)$nobs, 0L)
  one <- confusion(data.frame(true = "a", said = "a"), true, said)
  expect_identical(tidy(one)$f1, 1)
  expect_identical(utils::capture.output(print(one)), c("        truth", "response a", "       a 1"))
  never <- tidy(confusion(data.frame(true = factor("a", c("a", "b")), said = "a"), true, said))
  expect_identical(is.na(never$recall), c(FALSE, TRUE))
})

test_that("of a network it counts the training rows", {
  skip_without_python()
  set.seed(1)
  fit <- nnet(Species ~ ., iris, size = 2, maxit = 50, trace = FALSE)
  wanted <- table(stats::predict(fit, iris, type = "class"), iris$Species)
  expect_identical(confusion(fit)$n, as.integer(t(unclass(wanted))))
})

test_that("a column that is not there is named, the nearest suggested", {
  error <- expect_error(confusion(answers, truth = tru, estimate = said), class = "tidydl_error_column")
  expect_identical(error$hint, "Did you mean 'true'?")
})

test_that("a confusion is a table and a matrix to those who ask, response by truth", {
  counts <- confusion(answers, truth = true, estimate = said)
  wanted <- table(response = factor(answers$said, c("b", "a", "c")), truth = factor(answers$true, c("b", "a", "c")))
  expect_equal(as.table(counts), wanted)
  expect_identical(unclass(as.table(counts)), as.matrix(counts))
  expect_identical(dim(as.matrix(counts[1:2, "n"])), c(2L, 1L))
  withr::local_envvar(TZ = "UTC") # caret asks for it
  skip_if_not_installed("caret")
  expect_equal(caret::confusionMatrix(as.table(counts))$overall[["Accuracy"]], glance(counts)$accuracy)
})

test_that("a level NA is a missing value, which is not counted", {
  d <- data.frame(truth = addNA(factor(c("a", "b", NA))), said = c("a", "a", "b"))
  expect_identical(sum(confusion(d, truth, said)$n), 2L)
})
