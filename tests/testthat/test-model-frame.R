# What nnet() and multinom() make of subset, weights, na.action and data, and where they refuse.

births <- function() {
  data <- data.frame(
    kind = factor(rep(c("w", "b", "o"), each = 12)), l = sin(1:36), age = rep(c(19, 25, 31), 12), w = rep(1:3, 12)
  )
  data$gone <- replace(data$l, 3:4, NA)
  data
}

fitters <- list(
  nnet = function(...) eval.parent(substitute(nnet(..., size = 1, maxit = 3, trace = FALSE))),
  multinom = function(...) eval.parent(substitute(multinom(..., maxit = 3, trace = FALSE)))
)

test_that("a subset that selects nothing is to blame, not missing values", {
  skip_without_python()
  data <- births()
  for (fit in fitters) {
    expect_error(fit(kind ~ l, data, subset = age > 100), "`subset` leaves no rows.", class = "tidydl_error_data")
    data$void <- NA_real_
    expect_error(fit(kind ~ void, data, subset = age > 20), "missing values (24 before)", fixed = TRUE)
  }
})

test_that("a subset in quotes is refused with the way to write it, and row names are taken", {
  skip_without_python()
  data <- births()
  condition <- "age > 20"
  for (fit in fitters) {
    error <- expect_error(fit(kind ~ l, data, subset = "age > 20"), class = "tidydl_error_argument")
    expect_identical(error$problem, "`subset` is 'age > 20'.")
    expect_identical(error$hint, "Write it without quotes: subset = age > 20.")
    expect_error(fit(kind ~ l, data, subset = condition), class = "tidydl_error_argument")
    expect_identical(nrow(fit(kind ~ l, data, subset = c("1", "13", "25"))$fitted.values), 3L)
  }
})

test_that("random numbers in a subset are drawn once", {
  skip_without_python()
  data <- births()
  set.seed(1)
  fit <- nnet(kind ~ l, data, subset = sample(36, 30), size = 1, maxit = 3, trace = FALSE)
  set.seed(1)
  expect_identical(
    fit$wts, their_nnet(kind ~ l, data, subset = sample(36, 30), size = 1, maxit = 3, trace = FALSE)$wts
  )
})

test_that("na.action in the words of Python is R's function of that name", {
  skip_without_python()
  data <- births()
  for (fit in fitters) {
    expect_s3_class(fit(kind ~ gone, data, na.action = "exclude")$na.action, "exclude")
    expect_s3_class(fit(kind ~ gone, data, na.action = "omit")$na.action, "omit")
    expect_s3_class(fit(kind ~ gone, data, na.action = "na.exclude")$na.action, "exclude")
    expect_error(fit(kind ~ gone, data, na.action = "omi"), "Did you mean 'omit'?", class = "tidydl_error_argument")
  }
})

test_that("missing values that may not be left out are said to be missing, and where", {
  skip_without_python()
  data <- births()
  forbid <- stats::na.fail
  problem <- "`data` has missing values in 'gone' (2 of 36 rows)."
  for (fit in fitters) {
    expect_error(fit(kind ~ gone, data, na.action = na.fail), problem, fixed = TRUE, class = "tidydl_error_data")
    expect_error(fit(kind ~ gone, data, na.action = stats::na.fail), problem, fixed = TRUE)
    expect_error(fit(kind ~ gone, data, na.action = forbid), problem, fixed = TRUE)
    expect_error(fit(kind ~ gone, data, na.action = "fail"), problem, fixed = TRUE)
    expect_error(fit(kind ~ gone, data, na.action = na.pass), "missing values in 'gone'", class = "tidydl_error_data")
    expect_identical(nrow(fit(kind ~ l, data, na.action = na.fail)$fitted.values), 36L)
  }
})

test_that("case weights may be named as text", {
  skip_without_python()
  data <- births()
  for (fit in fitters) {
    set.seed(1)
    bare <- fit(kind ~ l, data, weights = w)
    set.seed(1)
    quoted <- fit(kind ~ l, data, weights = "w")
    expect_identical(quoted$wts, bare$wts)
    error <- expect_error(fit(kind ~ l, data, weights = "aeg"), class = "tidydl_error_column")
    expect_identical(error$problem, "`weights` names the column 'aeg', which `data` does not have.")
    expect_identical(error$hint, "Did you mean 'age'?")
  }
})

test_that("what stands where data belong is named by its class", {
  data <- births()
  expect_error(nnet(kind ~ l, stats::lm(l ~ age, data), size = 1), "`data` is an lm object.", fixed = TRUE)
  expect_error(nnet(kind ~ l, stats::formula(l ~ age), size = 1), "`data` is a formula object.", fixed = TRUE)
  expect_error(nnet(kind ~ l, as.matrix(data["l"]), size = 1), "as.data.frame(...)", fixed = TRUE)
  expect_error(nnet(kind ~ l, as.integer(log("within")), size = 1), "non-numeric argument")
})

test_that("update() of a loaded model asks for the data that it does not keep", {
  skip_without_python()
  folder <- scratch_folder()
  for (fit in fitters) {
    gone <- births()
    save_model(fit(kind ~ l + age, gone, weights = "w", na.action = "omit"), file.path(folder, "fit.json"))
    rm(gone)
    loaded <- load_model(file.path(folder, "fit.json"))
    expect_error(stats::update(loaded, . ~ . - l), "`data` names 'gone', which is not found", fixed = TRUE)
    expect_error(stats::update(loaded, . ~ . - l), "loaded model keeps no data", class = "tidydl_error_argument")
    loaded$call$data <- quote(data) # as a file from Python has it
    expect_error(stats::update(loaded, . ~ . - l), "loaded model keeps no data", class = "tidydl_error_argument")
    expect_identical(setdiff(stats::update(loaded, . ~ . - l, data = births())$coefnames, "(Intercept)"), "age")
  }
})

test_that("arguments that exclude each other are refused before anything is warned of", {
  data <- births()
  data$kind <- factor(data$kind, c("w", "b", "o", "never"))
  told <- character()
  for (more in list(list(repeats = 0), list(repeats = 2, Wts = rep(0, 8)))) {
    fit <- function() do.call(nnet, c(list(kind ~ l, data, size = 1), more))
    expect_error(
      withCallingHandlers(fit(), warning = function(cnd) told <<- conditionMessage(cnd)),
      class = "tidydl_error_argument"
    )
  }
  expect_length(told, 0)
})

test_that("a name that nothing has is told as R tells it, and of the argument in which it stands", {
  data <- births()
  for (fit in fitters) {
    error <- expect_error(fit(kind ~ l, no_such_data, engine = "r"), "object 'no_such_data' not found",
      class = "tidydl_error_data")
    expect_match(error$hint, "spelling")
    for (argument in c("weights", "subset", "na.action")) {
      call <- as.call(c(list(fit, kind ~ l, quote(data), engine = "r"), stats::setNames(list(quote(nope)), argument)))
      expect_error(eval(call), sprintf("`%s` cannot be evaluated: object 'nope' not found", argument),
        class = "tidydl_error_argument")
    }
    fitted <- fit(kind ~ l, data, engine = "r")
    expect_error(update(fitted, data = nope), "Give `data`", class = "tidydl_error_argument")
  }
})

test_that("values of the session are read when R predicts, and those that changed or are not saved are told of", {
  data <- births()
  k <- 2
  for (fit in fitters) {
    fitted <- fit(kind ~ I(l * k) + I(l * pi), data, engine = "r")
    before <- expect_no_warning(predict(fitted, data[1:5, ]))
    file <- withr::local_tempfile(fileext = ".json")
    expect_warning(save_model(fitted, file), "reads 'k' of your session", class = "tidydl_warning")
    expect_error(predict(load_model(file), data), "lacks the column 'k'", class = "tidydl_error_column")
    expect_identical(predict(load_model(file), transform(data[1:5, ], k = 2)), before)
    k <- 9
    expect_warning(predict(fitted, data), "'k' of your session", class = "tidydl_warning")
    k <- 2
  }
  of_rows <- data$l
  fitted <- fitters$nnet(kind ~ of_rows, data, engine = "r")
  expect_error(predict(fitted, data[1:5, ]), "lacks the column 'of_rows'", class = "tidydl_error_column")
})
