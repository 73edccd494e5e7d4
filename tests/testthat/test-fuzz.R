# TIDYDL_FUZZ_TRIES is how many calls are drawn, TIDYDL_FUZZ_SEED from which seed.

test_that("every error of a call with hostile arguments is ours", {
  skip_without_python()
  found <- raw_errors(fuzz_tries(120))
  expect_identical(found$words, NULL, info = paste(sprintf("%s: %s", found$words, found$said), collapse = "\n"))
})

test_that("what is drawn reaches every function that is exported, and the methods of ours that users call", {
  skip_without_python()
  fits <- fuzz_fits()
  drawn <- unique(vapply(fuzz_subjects(fits, tempdir()), `[[`, "", "name"))
  theirs <- c("class.ind", "nnetHess") # package nnet's own
  others <- c("install_tidydl", "examples", "sitrep", "autoplot", "py") # that take nothing that can be hostile
  expect_identical(setdiff(getNamespaceExports("tidydl"), c(drawn, theirs, others)), character())
})

test_that("every exported function and every method that users call is guarded", {
  space <- asNamespace("tidydl")
  guards <- function(name) any(grepl("guard_arguments", deparse(body(get(name, space))), fixed = TRUE))
  generics <- c("augment", "glance", "tidy", "nnet", "autoplot")
  theirs <- c("class.ind", "nnetHess")
  for (name in setdiff(getNamespaceExports("tidydl"), c(generics, theirs, "install_tidydl", "py"))) {
    expect_true(guards(name), label = name)
  }
  verbs <- c("predict", "augment", "tidy", "glance", "confint", "vcov", "anova", "nnet")
  methods <- ls(space, pattern = sprintf("^(%s)\\.(tidydl_|formula|default|character)", paste(verbs, collapse = "|")))
  for (name in methods) {
    expect_true(guards(name), label = name)
  }
})

test_that("an argument that is left out is an error of ours", {
  for (call in expression(split_data(), plotnet(), load_model(), save_model(), widen(), lekprofile(), confusion())) {
    error <- tryCatch(eval(call), error = identity)
    expect_s3_class(error, "tidydl_error_argument")
    expect_match(error$problem, "^`\\w+` is missing\\.$")
    expect_identical(error$call[[1]], call[[1]])
  }
})

test_that("what an object of a user's raises is the cause of an error of ours, and the call is the user's", {
  register_raising()
  hostile <- structure(list(1), class = "fuzz_dim")
  error <- tryCatch(split_data(hostile), error = identity)
  expect_s3_class(error, "tidydl_error")
  fit <- nnet(Species ~ ., iris, size = 1, maxit = 1, trace = FALSE)
  expect_s3_class(tryCatch(predict(fit, hostile), error = identity), "tidydl_error")
  error <- tryCatch(stats::anova(structure(list(), class = c("tidydl_multinom", "multinom", "nnet")), 3),
    error = identity)
  expect_s3_class(error, "tidydl_error_data")
  expect_match(error$problem, "^An argument of `anova\\(\\)` cannot be used: ")
  expect_s3_class(error$parent, "error")
  error <- tryCatch(split_data(no_such_data), error = identity)
  expect_s3_class(error, "tidydl_error_data")
  expect_match(error$hint, "spelling") # of a name that nothing has, tidydl is not at fault
})

test_that("a guarded function is called as if it were not: result, call and caller are its own", {
  expect_false(withVisible(save_model(nnet(Species ~ ., iris, size = 1, maxit = 1, trace = FALSE),
    tempfile()))$visible)
  made <- function() {
    own <- iris
    nnet(Species ~ Petal.Width, data = own, size = 1, maxit = 1, trace = FALSE)$call$data
  }
  expect_identical(made(), quote(own))
})

test_that("what Python raises unguarded says that it is a fault of tidydl, and how to report it", {
  skip_without_python()
  error <- tryCatch(call_python("fail", list(kind = "internal", problem = "odd")), error = identity)
  expect_s3_class(error, "tidydl_error_internal")
  expect_match(error$hint, "bug in tidydl: please report it", fixed = TRUE)
  expect_match(error$python_traceback, "ZeroDivisionError", fixed = TRUE)
})

test_that("an error is ours where what do.call() puts into the call cannot be shown in a traceback", {
  skip_without_python()
  register_raising()
  fit <- multinom(Species ~ Sepal.Length, iris, trace = FALSE)
  odd <- structure(list(), class = "fuzz_length")
  expect_error(do.call(stats::confint, list(object = fit, parm = odd)), class = "tidydl_error_data")
})
