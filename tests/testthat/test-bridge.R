# What goes to Python and comes back is what it was, for every kind and every odd case.

expect_echo <- function(x) expect_identical(echo(x), x)
seen_as <- function(x) call_python("describe", list(value = x))

test_that("a frame of every kind comes back as it was, missing values included", {
  skip_without_python()
  frame <- tibble::tibble(
    double = c(1.5, NA, NaN, -Inf),
    integer = c(1L, NA, -3L, .Machine$integer.max),
    whole = 1:4,
    logical = c(TRUE, NA, FALSE, TRUE),
    flag = c(TRUE, FALSE, TRUE, TRUE),
    character = c("a", NA, "", "ü \"quoted\" 'twice'\n\t\\ 日本 \U1F600"),
    factor = factor(c("b", NA, "a", "b"), levels = c("b", "a", "unused ü")),
    ordered = factor(c("lo", "hi", NA, "lo"), levels = c("lo", "hi"), ordered = TRUE),
    date = as.Date(c("2024-02-29", NA, "1800-01-01", "2100-12-31")),
    moment = as.POSIXct(c("2024-03-31 03:30:00.25", NA, "1900-01-01", "2100-12-31"), tz = "Europe/Zurich"),
    utc = as.POSIXct(c(0, NA, 1e9, 4e9), origin = "1970-01-01", tz = "UTC"),
    span = as.difftime(c(1.5, NA, -3, 0), units = "secs"),
    complex = complex(real = 1:4, imaginary = 0.5),
    list = list(1:3, NULL, "a", list(b = c(TRUE, NA)))
  )
  expect_echo(frame)
  expect_echo(frame[0, ])
  expect_echo(frame[1, ])
  expect_equal(
    seen_as(frame),
    paste0(
      "float64, Int64, int64, boolean, bool, str, category, category, datetime64[s], ",
      "datetime64[ns, Europe/Zurich], datetime64[ns, UTC], timedelta64[ns], complex128, object"
    )
  )
})

test_that("columns that are missing throughout keep their kind", {
  skip_without_python()
  expect_echo(tibble::tibble(
    d = rep(NA_real_, 2), i = rep(NA_integer_, 2), l = NA, c = rep(NA_character_, 2),
    f = factor(c(NA, NA)), t = as.Date(c(NA, NA))
  ))
})

test_that("frames without rows, without columns and without both cross", {
  skip_without_python()
  expect_echo(tibble::tibble(a = double(), b = character(), c = factor(character(), levels = "x"), d = list()))
  expect_identical(dim(echo(tibble::new_tibble(list(), nrow = 3L))), c(3L, 0L))
  expect_identical(dim(echo(data.frame())), c(0L, 0L))
})

test_that("double and odd column names cross", {
  skip_without_python()
  names <- c("a", "a", "", "not syntactic", "naïve", "日本", "`tick`", "\"quote\"", "if", "${}%s{x}")
  frame <- tibble::new_tibble(stats::setNames(as.list(seq_along(names)), names), nrow = 1L)
  expect_identical(names(echo(frame)), names)
  expect_identical(unname(unlist(echo(frame))), seq_along(names))
})

test_that("a data.frame comes back as a tibble, without row names", {
  skip_without_python()
  expect_identical(echo(mtcars), tibble::as_tibble(mtcars))
  expect_identical(echo(iris), tibble::as_tibble(iris))
})

test_that("vectors, scalars, names, NULL and lists come back as they were", {
  skip_without_python()
  for (x in list(
    1, 1L, TRUE, "a", "ü", NaN, c(1, NA), 1:3, c("a", NA), c(a = 1, b = NA), c(a = "x"), raw(0), as.raw(0:3),
    list(), list(1, "a", NULL, list(2L)), list(a = 1, b = list(c = NULL)), stats::setNames(list(), character()),
    as.list(1:20), as.list(letters), factor("a"), Sys.Date(), as.POSIXct(1.5, tz = "UTC", origin = "1970-01-01")
  )) {
    expect_echo(x)
  }
  expect_null(echo(NULL))
  for (x in list(double(), integer(), character(), logical())) expect_echo(x)
})

test_that("a single missing value is missing in Python, not NULL and not true", {
  skip_without_python()
  expect_identical(echo(NA), NA)
  expect_identical(echo(NA_character_), NA)
  expect_identical(seen_as(NA), "NAType")
  expect_identical(seen_as(NULL), "NoneType")
})

test_that("I() makes a vector of a single value", {
  skip_without_python()
  expect_identical(seen_as("a"), "str")
  expect_identical(seen_as(I("a")), "Series str")
  expect_identical(seen_as(3L), "int")
})

test_that("matrices and arrays come back as they were", {
  skip_without_python()
  for (x in list(
    matrix(c(1.5, NA, 3:6), 2), matrix(1:6, 3), matrix(c(TRUE, FALSE), 1), matrix(letters[1:4], 2),
    array(as.double(1:24), c(2, 3, 4)), matrix(double(), 0, 3)
  )) {
    expect_echo(x)
  }
})

test_that("long list columns come back as they were", {
  skip_without_python()
  expect_echo(tibble::tibble(x = c(lapply(1:50, function(i) seq_len(i %% 4) / 2), list(NULL))))
  expect_echo(tibble::tibble(x = c(lapply(1:50, function(i) letters[seq_len(1 + i %% 4)]), list(NULL))))
  expect_echo(tibble::tibble(x = lapply(1:20, function(i) list(name = "a", value = i))))
  expect_echo(tibble::tibble(x = list(matrix(1:4, 2), NULL)))
})

test_that("text in other encodings arrives as the text it is", {
  skip_without_python()
  latin1 <- "caf\xe9"
  Encoding(latin1) <- "latin1"
  expect_identical(echo(c(latin1, "x")), c("café", "x"))
  bytes <- "caf\xc3\xa9"
  Encoding(bytes) <- "bytes"
  expect_identical(echo(c(bytes, "x")), c("café", "x"))
  broken <- "a\xff"
  Encoding(broken) <- "UTF-8"
  expect_warning(arrived <- echo(c(broken, "x")), class = "tidydl_warning")
  expect_identical(arrived, c("a<ff>", "x"))
})

test_that("times of other classes arrive as the same moments", {
  skip_without_python()
  lt <- as.POSIXlt("2024-07-01 12:00:00", tz = "UTC")
  expect_identical(echo(tibble::tibble(x = lt))$x, as.POSIXct(lt))
  minutes <- as.difftime(90, units = "mins")
  expect_equal(as.double(echo(minutes), units = "mins"), 90)
  here <- as.POSIXct("2024-07-01 12:00:00")
  expect_equal(as.double(echo(here)), as.double(here))
  expect_identical(echo(structure(19000L, class = "Date")), structure(19000, class = "Date"))
})

test_that("numbers beyond R's integers are kept", {
  skip_without_python()
  bytes <- writeBin(c(1L, 1L, 0L, NA), raw()) # 2^32 + 1 and a missing one
  id <- structure(readBin(bytes, "double", 2), class = "integer64")
  expect_identical(echo(tibble::tibble(id = id))$id, c(2^32 + 1, NA))
  expect_echo(c(2^53, -2^53))
})

test_that("what has no counterpart is refused by name", {
  skip_without_python()
  expect_error(echo(list(f = mean)), "`f` is a function.*Write it in quotes", class = "tidydl_error_bridge")
  expect_error(echo(globalenv()), "an environment", class = "tidydl_error_bridge")
  error <- tryCatch(features(mean), error = identity)
  expect_identical(error$call, quote(features(mean)))
  expect_error(echo(list(a = 1, 2)), "some names missing or duplicated", class = "tidydl_error_bridge")
  packed <- tibble::tibble(m = matrix(1:4, 2))
  expect_error(echo(packed), "Column `m` is a matrix", class = "tidydl_error_bridge")
})

test_that("provenance travels both ways", {
  skip_without_python()
  frame <- tibble::tibble(x = 1:2)
  attr(frame, "tidydl") <- list(task = "t", truncated = 0L, share = 0.5, offline = FALSE)
  expect_echo(frame)
})

test_that("positions count from 1 in R and from 0 in Python", {
  skip_without_python()
  answer <- call_python("indices", list(which = c(1, 5)))
  expect_identical(answer$seen, list(0L, 4L))
  expect_equal(as.list(answer$frame), list(.row = c(1, 5), mask = c(1, 5), other = c(0, 4)))
  rows <- tibble::tibble(.row = c(1L, 1L, 2L), row = 1:3)
  expect_echo(rows)
})

test_that("a million rows come back as they were", {
  skip_without_python()
  n <- 1e6
  frame <- tibble::tibble(
    double = seq_len(n) / 7, integer = seq_len(n), text = sprintf("%020d", seq_len(n)),
    label = factor(rep_len(letters[1:6], n)), repeated = rep_len(c("yes", NA, "nö"), n)
  )
  expect_echo(frame)
})

test_that("the bytes of a frame are let go column by column", {
  skip_without_python()
  start_python()
  data <- tibble::tibble(x = 1:2, y = c("a", "b"))
  record <- cross(the$start, "echo", encode_arguments(list(value = data)), call = NULL)
  value <- apart(record$value)
  expect_length(ls(value$columns), 2)
  frame <- decode(value)
  expect_identical(frame, data)
  expect_length(ls(value$columns), 0)
  expect_identical(decode(record$value), data)
})

test_that("images survive the crossing, a file, filter and bind_rows", {
  skip_without_python()
  path <- withr::local_tempfile(fileext = ".png")
  grDevices::png(path, width = 12, height = 8)
  graphics::par(mar = rep(0, 4))
  graphics::plot.new()
  grDevices::dev.off()
  bytes <- readBin(path, "raw", file.size(path))
  images <- new_image(list(one_image(bytes), NULL, one_image(path = path)))
  came <- echo(tibble::tibble(image = images))$image
  expect_s3_class(came, "tidydl_image")
  expect_identical(vctrs::vec_data(came)[[1]]$bytes, bytes)
  expect_null(vctrs::vec_data(came)[[3]]$bytes)
  expect_match(format(came)[c(1, 3)], "^<img 12×8 (RGB|RGBA|P|L)>$")
  expect_identical(is.na(came), c(FALSE, TRUE, FALSE))
  expect_identical(echo(came), came)

  saved <- withr::local_tempfile(fileext = ".rds")
  saveRDS(came, saved)
  expect_identical(readRDS(saved), came)
  frame <- tibble::tibble(image = came, keep = c(TRUE, FALSE, TRUE))
  expect_identical(vctrs::vec_rbind(frame, frame)$image, vctrs::vec_c(came, came))
  skip_if_not_installed("dplyr")
  expect_identical(dplyr::filter(frame, keep)$image, came[c(1, 3)])
  expect_identical(dplyr::bind_rows(frame, frame)$image, c(came, came))
})

test_that("an image that cannot be read crosses as damaged", {
  skip_without_python()
  damaged <- echo(new_image(list(one_image(as.raw(1:9)))))
  expect_identical(format(damaged), "<img damaged>")
  expect_identical(vctrs::vec_data(damaged)[[1]]$bytes, as.raw(1:9))
})

test_that("images print in a tibble", {
  image <- new_image(list(one_image(as.raw(1), width = 8L, height = 8L, mode = "L"), NULL))
  printed <- paste(format(tibble::tibble(image = image)), collapse = "\n")
  expect_match(printed, "<img 8×8 L>", fixed = TRUE)
  expect_match(printed, "<img>", fixed = TRUE)
  expect_identical(nrow(tibble::tibble(image = new_image())), 0L)
})

test_that("a Python error arrives as the R condition of its kind, in its three parts", {
  skip_without_python()
  withr::local_options(cli.unicode = TRUE)
  problem <- "`x` is {not} 100% \"right\" <here> ü."
  error <- tryCatch(
    call_python("fail", list(kind = "column", problem = problem, allowed = "A {b}.", hint = "Do %d.")),
    error = identity
  )
  expect_s3_class(error, c("tidydl_error_column", "tidydl_error", "rlang_error"), exact = FALSE)
  expect_identical(error$problem, problem)
  expect_identical(error$allowed, "A {b}.")
  expect_identical(error$hint, "Do %d.")
  expect_identical(cli::ansi_strip(conditionMessage(error)), paste0(problem, "\nℹ A {b}.\n→ Do %d."))
  expect_match(error$python_traceback, "ColumnError")
  for (kind in c("argument", "formula", "data", "not_found", "damaged", "device", "dependency", "hub", "bridge")) {
    expect_error(call_python("fail", list(kind = kind, problem = "p")), class = paste0("tidydl_error_", kind))
  }
})

test_that("an unforeseen Python error is internal and shows no traceback", {
  skip_without_python()
  error <- tryCatch(call_python("fail", list(kind = "internal", problem = "oh")), error = identity)
  expect_s3_class(error, "tidydl_error_internal")
  expect_identical(error$problem, "ZeroDivisionError: oh")
  expect_match(error$hint, "bug in tidydl: please report it")
  expect_match(error$python_traceback, "diagnostics.py")
})

test_that("Python's warnings are R's warnings, each time", {
  skip_without_python()
  for (i in 1:2) {
    expect_warning(value <- call_python("warn", list(text = "mind {this} 100%", value = 3)),
      "mind {this} 100%",
      fixed = TRUE, class = "tidydl_warning"
    )
    expect_identical(value, 3)
  }
})

test_that("trace is written by R, and what Python prints is not in R's output", {
  skip_without_python()
  expect_output(value <- call_python("countdown", list(steps = 3)), "step 1\nstep 2\nstep 3")
  expect_identical(value, 3L)
  expect_silent(call_python("countdown", list(steps = 3, trace = FALSE)))
})

test_that("a warning that stops the work leaves the session usable", {
  skip_without_python()
  withr::local_options(warn = 2)
  expect_error(call_python("warn", list(text = "mind")), "mind")
  expect_echo(1)
})

test_that("the interrupt of Python is R's interrupt", {
  skip_without_python()
  outcome <- tryCatch(call_python("fail", list(kind = "interrupt", problem = "")), interrupt = function(cnd) "stop")
  expect_identical(outcome, "stop")
  expect_echo(1)
})

test_that("Ctrl-C stops the Python work within a second and leaves the session usable, again and again", {
  skip_without_python()
  skip_on_os("windows")
  rounds <- Sys.getenv("TIDYDL_INTERRUPT_ROUNDS", "10")
  libraries <- paste(.libPaths(), collapse = .Platform$path.sep)
  withr::local_envvar(R_LIBS = libraries, R_TESTS = "")
  lines <- suppressWarnings(system2(
    file.path(R.home("bin"), "Rscript"), c("--no-save", "--no-restore", test_path("interrupts.R"), rounds),
    stdout = TRUE, stderr = TRUE
  ))
  expect_null(attr(lines, "status"))
  expect_true("the session lives" %in% lines)
  rows <- strsplit(grep("\t", lines, value = TRUE), "\t")
  expect_length(rows, 6 * as.integer(rounds))
  for (row in rows) {
    expect_identical(row[c(2, 4)], c("interrupted", "TRUE"), label = paste(row, collapse = " "))
    expect_lt(as.numeric(row[[3]]), 1)
  }
})

test_that("both halves are of one version, and the Python half is the one inside the package", {
  skip_without_python()
  echo(1)
  python <- reticulate::import("tidydl")
  expect_identical(python$`__version__`, as.character(utils::packageVersion("tidydl")))
  expect_identical(
    normalizePath(dirname(python$`__file__`)), normalizePath(system.file("python/tidydl", package = "tidydl"))
  )
})
