test_that("an error says what was wrong, what is allowed and what to do", {
  withr::local_options(cli.unicode = TRUE)
  error <- tryCatch(abort_tidydl("argument", "`x` is {x} 5%.", "A {y}.", "Try %s."), error = identity)
  expect_s3_class(error, "tidydl_error_argument")
  expect_s3_class(error, "tidydl_error")
  expect_identical(cli::ansi_strip(conditionMessage(error)), "`x` is {x} 5%.\nℹ A {y}.\n→ Try %s.")
  expect_identical(error$kind, "argument")
  expect_identical(error$problem, "`x` is {x} 5%.")
})

test_that("an error names the function the user called", {
  user_function <- function(x) check_count("x", x)
  error <- tryCatch(user_function(-1), error = identity)
  expect_identical(error$call[[1]], quote(user_function))
})

test_that("an unknown name lists the known ones and suggests the nearest", {
  known <- c("text-classification", "image-classification", "fill-mask")
  error <- tryCatch(unknown_name("task", "text-clasification", known), error = identity)
  expect_s3_class(error, "tidydl_error_not_found")
  expect_identical(error$problem, "`task` 'text-clasification' is not known.")
  expect_identical(error$allowed, "One of 'text-classification', 'image-classification', 'fill-mask'.")
  expect_identical(error$hint, "Did you mean 'text-classification'?")
  far <- tryCatch(unknown_name("task", "zzz", known, hint = "See tasks()."), error = identity)
  expect_identical(far$hint, "See tasks().")
})

test_that("the suggestions are Python's", {
  skip_without_python()
  difflib <- reticulate::import("difflib")
  known <- c("digits", "emotion", "anes96", "diary", "bigfive", "cpu", "cuda", "text-classification", "Entropy")
  typos <- c("digit", "DIGITS", "emotions", "anes", "dairy", "big5", "gpu", "cud", "text-clas", "entropie", "q", "")
  for (typo in typos) {
    close <- difflib$get_close_matches(tolower(typo), tolower(known), n = 1L, cutoff = 0.6)
    wanted <- if (length(close)) known[[match(close[[1]], tolower(known))]]
    expect_identical(nearest_name(typo, known), wanted, label = typo)
  }
})

test_that("names are shown as Python shows them", {
  skip_without_python()
  builtins <- reticulate::import_builtins()
  for (text in c("x", "it's", "a\"b", "a'b\"c", "back\\slash", "new\nline", "ü")) {
    expect_identical(quote_text(text), builtins$repr(text))
  }
})

test_that("counts typed as 3 are counts, and 3.5 is refused by name", {
  expect_identical(check_count("size", 3), 3L)
  expect_identical(check_count("size", 0L), 0L)
  expect_identical(check_count("MaxNWts", 1e10), 1e10)
  error <- tryCatch(check_count("size", 3.5), error = identity)
  expect_identical(error$problem, "`size` is 3.5.")
  expect_identical(error$allowed, "A whole number, 0 or more.")
  expect_error(check_count("size", 0, minimum = 1), class = "tidydl_error_argument")
})

test_that("both languages refuse the same values in the same words", {
  skip_without_python()
  values <- list(
    3.5, -1, "a", "it's", TRUE, FALSE, NULL, NA,
    NaN, Inf, -Inf, c(1, 2), character(), list(1), list(1, 2), 1e20, 0.1, 2L
  )
  refused <- function(check, ...) {
    error <- tryCatch(
      {
        check(...)
        NULL
      },
      tidydl_error = identity
    )
    if (is.null(error)) "accepted" else cli::ansi_strip(conditionMessage(error))
  }
  python <- function(name) function(...) call_python("check", list(name = name, values = list(...)))
  for (value in values) {
    shown <- deparse1(value)
    expect_identical(
      refused(check_count, "x", value, 1), refused(python("check_count"), "x", value, 1L),
      label = paste("count", shown)
    )
    expect_identical(
      refused(check_number, "x", value, 0, 0.5), refused(python("check_number"), "x", value, 0, 0.5),
      label = paste("number", shown)
    )
    expect_identical(refused(check_flag, "x", value), refused(python("check_flag"), "x", value),
      label = paste("flag", shown)
    )
    choices <- list("linear", "logistic")
    expect_identical(
      refused(check_choice, "x", value, unlist(choices)), refused(python("check_choice"), "x", value, choices),
      label = paste("choice", shown)
    )
  }
})

test_that("a choice may be left at its default, and a mistyped one gets a suggestion", {
  expect_identical(check_choice("type", c("raw", "class"), c("raw", "class")), "raw")
  expect_identical(check_choice("type", "class", c("raw", "class")), "class")
  error <- tryCatch(check_choice("type", "clas", c("raw", "class")), error = identity)
  expect_s3_class(error, "tidydl_error_argument")
  expect_identical(error$hint, "Did you mean 'class'?")
})

test_that("errors show no access token, wherever it stands in a call", {
  secret <- "hf_secretsecretsecret"
  shown <- function(code) {
    cnd <- tryCatch(eval(parse(text = sprintf(code, secret))), error = identity)
    expect_s3_class(cnd, "tidydl_error")
    text <- c(
      capture.output(print(cnd)), capture.output(print(cnd$trace)), deparse(conditionCall(cnd)),
      vapply(cnd$trace$call, function(call) paste(deparse(call), collapse = ""), "")
    )
    expect_false(any(grepl(secret, text, fixed = TRUE)))
    text
  }
  mine <- function(key, rows) load_dataset("no/such/folder", token = key)
  expect_true(any(grepl("<token>", shown("load_dataset('no/such/folder', token = '%s')"), fixed = TRUE)))
  shown("mine('%s')")
  shown("do.call(load_dataset, list('no/such/folder', token = '%s'))")
  shown("identity(iris[, nrow(load_dataset('no/such/folder', token = c('%s', 'b')))])")
  plain <- tryCatch(load_dataset("no/such/folder"), error = identity)
  expect_identical(conditionCall(plain), quote(load_dataset("no/such/folder")))
})

test_that("messages hold nothing that a terminal obeys, and no passwords of addresses", {
  evil <- "e\u001b[31m\u009b2J\u202evil"
  expect_identical(printable(c(evil, "caf\u00e9\t")), c("e\\x1b[31m\\x9b2J\\u202evil", "caf\u00e9\t"))
  expect_identical(printable("see https://user:secret@host/a@b"), "see https://\u2026@host/a@b")
  expect_identical(printable("the 'https://host/a.csv?token=secret' is"), "the 'https://host/a.csv?\u2026' is")
  expect_null(printable(NULL))
})
