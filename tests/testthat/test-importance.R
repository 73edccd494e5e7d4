people <- function(n = 60) {
  withr::with_seed(5, {
    frame <- data.frame(a = stats::runif(n), b = stats::runif(n), c = stats::runif(n))
  })
  frame$kind <- cut(frame$b, c(-1, 0.3, 0.6, 2), c("low", "middling", "high"))
  frame$y <- frame$a * 2 + frame$b * frame$c
  frame$which <- ifelse(frame$a + frame$c > 1, "p", ifelse(frame$b > 0.5, "q", "r"))
  frame
}

fitted_network <- function(formula, data, size = 2, ...) {
  withr::with_seed(1, nnet(formula, data, size = size, trace = FALSE, maxit = 40, decay = 0.01, ...))
}

test_that("values are those of NeuralNetTools and of R's own shuffles", {
  skip_without_python()
  references <- shared_references("importance.json")
  for (case in shared_cases("importance.json")) {
    reference <- references[[case$name]]
    found <- perform(case, NULL)
    columns <- setdiff(names(reference), c("name", "value", "term"))
    expect_gt(length(columns), 0)
    for (name in columns) {
      expect_near(found[[name]], reference[[name]], paste(case$name, name))
    }
    if (!is.null(reference$term)) {
      expect_identical(found$term, vector_of(reference$term), label = case$name)
    }
    if (!is.null(reference$value)) {
      case$arguments$group_show <- TRUE
      expect_near(perform(case, NULL)$value, reference$value, case$name)
    }
  }
})

test_that("Garson, Olden and Lek are NeuralNetTools' own, where that is installed", {
  skip_without_python()
  skip_if_not_installed("NeuralNetTools")
  theirs <- asNamespace("NeuralNetTools")
  for (seed in 1:5) {
    set.seed(seed)
    inputs <- sample(3:8, 1)
    data <- as.data.frame(matrix(stats::rnorm(50 * inputs), 50))
    names(data) <- paste0("X", seq_len(inputs))
    data$Y <- rowSums(data) + stats::rnorm(50)
    options <- list(size = sample(6, 1), linout = TRUE, trace = FALSE, maxit = 30)
    fit <- do.call(nnet::nnet, c(list(Y ~ ., data = data), options)) # NeuralNetTools looks for the data in the call
    shares <- theirs$garson(fit, bar_plot = FALSE)
    expect_equal(garson(fit)$importance, shares[garson(fit)$term, 1], tolerance = 1e-12)
    sums <- theirs$olden(fit, bar_plot = FALSE)
    expect_equal(olden(fit)$importance, sums[olden(fit)$term, 1], tolerance = 1e-12)
    profile <- theirs$lekprofile(fit, steps = 7, val_out = TRUE)[[1]]
    profile <- profile[order(match(profile$exp_name, names(data)), profile$Groups), ]
    ours <- lekprofile(fit, steps = 7)
    expect_equal(ours$fitted, profile$Response, tolerance = 1e-12)
    expect_equal(ours$x, profile$Explanatory, tolerance = 1e-12)
  }
})

test_that("direct weights add to Olden's sums and make Garson's shares", {
  skip_without_python()
  fit <- withr::with_seed(2, nnet::nnet(y ~ a + b + c, people(), size = 2, skip = TRUE, linout = TRUE, trace = FALSE))
  weights <- stats::coef(fit)
  sums <- vapply(1:3, function(i) {
    sum(weights[paste0("i", i, "->h", 1:2)] * weights[paste0("h", 1:2, "->o")]) + weights[[paste0("i", i, "->o")]]
  }, 0)
  expect_equal(olden(fit)$importance, sums)
  direct <- nnet::nnet(y ~ a + b, people(), size = 0, skip = TRUE, linout = TRUE, trace = FALSE)
  expect_equal(garson(direct)$importance, unname(abs(direct$wts[-1]) / sum(abs(direct$wts[-1]))))
})

test_that("each of many outputs has its own sums", {
  skip_without_python()
  data <- people()
  outputs <- vapply(1:11, function(k) data$a * k - data$b, data$a)
  colnames(outputs) <- paste0("Y", 1:11)
  fit <- withr::with_seed(1, nnet(data[c("a", "b")], outputs, size = 2, linout = TRUE, trace = FALSE, maxit = 20))
  found <- olden(fit)
  hidden <- matrix(fit$wts[1:6], 3)[-1, ]
  for (k in c(1, 10, 11)) {
    out <- fit$wts[6 + 3 * (k - 1) + 2:3]
    expect_equal(found$importance[found$output == paste0("Y", k)], as.vector(hidden %*% out))
  }
  expect_identical(levels(found$output), paste0("Y", 1:11))
  expect_identical(found$term[1:2], c("a", "b"))
})

test_that("a multinomial model's intercept is a bias", {
  skip_without_python()
  fit <- nnet::multinom(which ~ a + b, people(), trace = FALSE)
  found <- olden(fit)
  expect_identical(found$term, rep(c("a", "b"), 3))
  expect_equal(found$importance, unname(c(0, 0, t(stats::coef(fit)[, -1]))))
  shuffled <- importance(fit, "permutation", people(), metric = "accuracy", repeats = 2, seed = 1)
  expect_identical(shuffled$term, c("a", "b"))
  profiles <- lekprofile(fit, people(), steps = 2, group_vals = 0.5)
  expect_identical(levels(profiles$output), c("p", "q", "r"))
  expect_equal(sum(profiles$fitted), 4)
})

test_that("networks of package nnet, of both languages' numbers and the mean of several are judged", {
  skip_without_python()
  data <- people()
  theirs <- withr::with_seed(1, nnet::nnet(which ~ a + b, transform(data, which = factor(which)),
    size = 2, trace = FALSE, maxit = 40, decay = 0.01
  ))
  ours <- fitted_network(which ~ a + b, data)
  expect_identical(
    importance(theirs, "permutation", data, repeats = 2, seed = 1)$importance,
    importance(ours, "permutation", data, repeats = 2, seed = 1)$importance
  )
  matrix_fit <- fitted_network(as.matrix(data[c("a", "b", "c")]), data$y, linout = TRUE)
  found <- importance(matrix_fit, "permutation", as.matrix(data[c("a", "b", "c")]), repeats = 2, seed = 1)
  expect_identical(found$term, c("a", "b", "c"))
  again <- importance(matrix_fit, "permutation", data, y = data$y, repeats = 2, seed = 1)
  expect_equal(again$importance, found$importance)
  expect_error(importance(matrix_fit, "permutation", data[-1, ]), "59 rows", class = "tidydl_error_argument")
  several <- fitted_network(which ~ a + b, data, repeats = 2)
  expect_identical(nrow(importance(several, "permutation", data, repeats = 2, seed = 1)), 2L)
  expect_error(garson(several), "no weights of its own", class = "tidydl_error_argument")
})

test_that("without data, those that the call names are taken", {
  skip_without_python()
  data <- people()
  fit <- nnet(y ~ a + log(b), data, size = 1, linout = TRUE, trace = FALSE, subset = a > 0.2)
  expect_identical(lekprofile(fit, steps = 3), lekprofile(fit, data[data$a > 0.2, ], steps = 3))
  inputs <- as.matrix(data[c("a", "b")])
  fit <- withr::with_seed(1, nnet(inputs, data$y, size = 1, linout = TRUE, trace = FALSE))
  expect_identical(levels(lekprofile(fit, steps = 2)$variable), c("a", "b"))
  a <- data$a
  answer <- data$y
  fit <- nnet(answer ~ a, size = 1, linout = TRUE, trace = FALSE)
  expect_equal(range(lekprofile(fit, steps = 2)$x), range(a))
  gone <- fit
  gone$call$data <- quote(nowhere)
  expect_error(lekprofile(gone), "`data` is NULL", class = "tidydl_error_argument")
})

test_that("a seed leaves the session's random numbers alone, and without one they go on", {
  skip_without_python()
  data <- people()
  fit <- fitted_network(which ~ a + b, data)
  set.seed(9)
  untouched <- stats::runif(3)
  set.seed(9)
  seeded <- importance(fit, "permutation", data, repeats = 2, seed = 4)
  expect_identical(stats::runif(3), untouched)
  set.seed(4)
  expect_identical(importance(fit, "permutation", data, repeats = 2), seeded)
})

test_that("a profile predicts for one variable running and the others held", {
  skip_without_python()
  data <- people()
  fit <- fitted_network(which ~ log(a) * kind + c, data)
  found <- lekprofile(fit, data, xsel = "a", steps = 3, group_vals = 0.25)
  commonest <- names(which.max(table(data$kind)))
  grid <- data.frame(
    a = seq(min(data$a), max(data$a), length.out = 3), kind = factor(commonest, levels(data$kind)),
    c = unname(stats::quantile(data$c, 0.25))
  )
  expect_identical(found$x[1:3], grid$a)
  expect_equal(found$fitted, as.vector(stats::predict(fit, grid)))
  expect_true(all(is.na(found$level)))
})

test_that("a categorical variable runs through its levels, of whatever kind it is", {
  skip_without_python()
  data <- transform(people(), count = floor(c * 3) + 4, is_late = b > 0.5)
  fit <- fitted_network(y ~ kind + factor(count) + is_late + which, data, linout = TRUE)
  found <- lekprofile(fit, data, group_vals = 0.5)
  levels <- split(found$level, found$variable)
  expect_identical(levels$kind, c("low", "middling", "high"))
  expect_identical(levels$count, c("4", "5", "6"))
  expect_identical(levels$is_late, c("FALSE", "TRUE"))
  expect_identical(levels$which, c("p", "q", "r"))
  expect_false(anyNA(found$fitted))
})

test_that("columns that a formula took out again are neither shuffled nor run", {
  skip_without_python()
  data <- transform(people(), id = seq_len(60))
  fit <- withr::with_seed(1, nnet(y ~ . - id - kind - which, data, size = 1, linout = TRUE, trace = FALSE))
  expect_identical(levels(lekprofile(fit, steps = 2)$variable), c("a", "b", "c"))
  expect_identical(importance(fit, "permutation", repeats = 2, seed = 1)$term, c("a", "b", "c"))
})

test_that("what was taken of a result is a tibble still", {
  skip_without_python()
  found <- olden(fitted_network(y ~ a + b, people(), linout = TRUE))
  expect_s3_class(found, c("tidydl_importance", "tbl_df"), exact = FALSE)
  expect_match(utils::capture.output(print(found))[[1]], "tibble")
  expect_identical(attr(found, "tidydl")$method, "olden")
})
