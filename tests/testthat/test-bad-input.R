# What a fit refuses and warns of, in R alone; errors.json and warnings.json hold what both languages say.

warnings_of <- function(code) {
  told <- character()
  withCallingHandlers(code, tidydl_warning = function(cnd) {
    told <<- c(told, conditionMessage(cnd))
    tryInvokeRestart("muffleWarning")
  })
  told
}

test_that("warnings are the same in both languages", {
  skip_without_python()
  for (case in shared_cases("warnings.json")) {
    expect_identical(warnings_of(perform(case, NULL)), as.character(unlist(case$warnings)), label = case$name)
  }
})

test_that("warnings change nothing of the fit", {
  skip_without_python()
  data <- data.frame(x = c(2001, 2003, 2007, 2010), c = 1, y = c(1, 2, 3, 1))
  set.seed(1)
  expect_length(warnings_of(fit <- nnet(y ~ x + c, data, size = 2, trace = FALSE)), 3)
  set.seed(1)
  expect_identical(fit$wts, their_nnet(y ~ x + c, data, size = 2, trace = FALSE)$wts)
})

test_that("rows without a case weight are left out by a formula as package nnet does", {
  skip_without_python()
  data <- data.frame(x = c(0.5, 1.5, -1, 0.2), y = c(0.1, 0.2, 0.3, 0.4), w = c(1, NA, 2, 1))
  set.seed(1)
  fit <- nnet(y ~ x, data, weights = w, size = 1, trace = FALSE)
  set.seed(1)
  expect_identical(fit$wts, their_nnet(y ~ x, data, weights = w, size = 1, trace = FALSE)$wts)
  expect_identical(nrow(fit$fitted.values), 3L)
})

test_that("arguments may be cut short as everywhere in R, and mistyped ones are refused", {
  skip_without_python()
  data <- data.frame(x = c(0.5, 1.5, -1), y = c(0.1, 0.2, 0.3))
  expect_identical(nnet(y ~ x, data, siz = 2, trace = FALSE)$n, c(1, 2, 1))
  expect_error(nnet(y ~ x, data, size = 2, foo = 3), class = "tidydl_error_argument", "no argument 'foo'")
  expect_error(nnet(y ~ x, data, size = 2, Decay = 3), class = "tidydl_error_argument", "Did you mean 'decay'")
})

test_that("columns that no network can read are refused", {
  skip_without_python()
  data <- data.frame(x = c(0.5, 1.5, -1), y = c(0.1, 0.2, 0.3))
  data$d <- as.Date("2020-01-01") + 1:3
  data$z <- complex(real = 1:3, imaginary = 1)
  data$t <- as.POSIXct("2020-01-01") + 1:3
  data$l <- list(1, 2, 3)
  for (name in c("d", "z", "t", "l")) {
    expect_error(nnet(stats::reformulate(name, "y"), data, size = 1), class = "tidydl_error_column")
    expect_error(nnet(stats::reformulate("x", name), data, size = 1), class = "tidydl_error_column")
    expect_error(nnet(data[c("x", name)], data$y, size = 1), class = "tidydl_error_argument")
    expect_error(nnet(data["x"], data[[name]], size = 1), class = "tidydl_error_column")
  }
})

test_that("a missing size is said to be missing", {
  data <- data.frame(x = c(0.5, 1.5, -1), y = c(0.1, 0.2, 0.3))
  expect_error(nnet(y ~ x, data, size = NA), class = "tidydl_error_argument", "`size` is NA", fixed = TRUE)
  expect_error(nnet(y ~ x, data, size = NaN), class = "tidydl_error_argument", "`size` is NA", fixed = TRUE)
  expect_error(nnet(y ~ x, data, size = 2i), class = "tidydl_error_argument", "`size` is", fixed = TRUE)
})

test_that("new data of a fit to named columns are taken by name", {
  skip_without_python()
  inputs <- data.frame(a = c(0.5, 1.5, -1), b = c(1, 0, 2))
  set.seed(1)
  fit <- nnet(inputs, c(0.1, 0.2, 0.3), size = 1, trace = FALSE)
  expect_identical(fit$tidydl$inputs, c("a", "b"))
  expect_identical(predict(fit, cbind(inputs[2:1], c = 1)), predict(fit, inputs))
  expect_identical(predict(fit, as.matrix(inputs)[, 2:1]), predict(fit, inputs))
  expect_identical(c(predict(fit, unname(as.matrix(inputs)))), c(predict(fit, inputs)))
  expect_error(predict(fit, inputs["a"]), class = "tidydl_error_column", "lacks the column 'b'")
  expect_identical(tidy(fit)$from[2:3], c("a", "b"))
})

test_that("a type of prediction may be cut short, and another is refused", {
  skip_without_python()
  fit <- nnet(Species ~ ., iris, size = 1, maxit = 5, trace = FALSE)
  expect_identical(predict(fit, iris, type = "cl"), predict(fit, iris, type = "class"))
  expect_error(predict(fit, iris, type = "prob"), class = "tidydl_error_argument", "'prob' is not known")
})
