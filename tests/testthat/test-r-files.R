# Files of R's own may come from strangers: before R 4.4.0 a promise in one runs code when somebody looks at it.

# The bytes of an .rds file that holds a promise to evaluate a call, as no honest program writes them.
promise_of <- function(expression) {
  bytes <- serialize(expression, NULL, version = 2)
  promise <- as.raw(c(0, 0, 4, 5)) # of the type, with an environment
  global <- as.raw(c(0, 0, 0, 0xfd))
  unbound <- as.raw(c(0, 0, 0, 0xfc)) # its value: not evaluated yet
  c(bytes[1:14], promise, global, unbound, bytes[-(1:14)])
}

hostile_file <- function(canary, envir = parent.frame()) {
  file <- withr::local_tempfile(fileext = ".rds", .local_envir = envir)
  writeBin(promise_of(substitute(base::file.create(path), list(path = canary))), file)
  file
}

test_that("a promise in an .rds file is never looked at", {
  skip_without_python()
  canary <- withr::local_tempfile()
  file <- hostile_file(canary)
  for (load in list(load_dataset, function(path) stream_dataset(path, nrow))) {
    expect_error(load(file), class = if (getRversion() < "4.4.0") "tidydl_error_argument" else "tidydl_error")
    expect_false(file.exists(canary))
  }
  skip_if(getRversion() >= "4.4.0", "this R refuses promises itself")
  held <- readRDS(file)
  force(held)
  expect_true(file.exists(canary)) # so the file is what it is meant to be
})

test_that("before R 4.4.0 files of R's own are read where they are trusted, and refused by name where not", {
  skip_without_python()
  skip_if(getRversion() >= "4.4.0")
  for (ending in c(".rds", ".rda", ".RData")) {
    file <- withr::local_tempfile(fileext = ending)
    if (ending == ".rds") saveRDS(cars, file) else save(cars, file = file)
    said <- expect_error(load_dataset(file), "can run code", class = "tidydl_error_argument")
    expect_match(said$hint, "trusted = TRUE", fixed = TRUE)
    expect_error(stream_dataset(file, nrow), class = "tidydl_error_argument")
    expect_identical(load_dataset(file, trusted = TRUE), tibble::as_tibble(cars))
    expect_identical(stream_dataset(file, function(batch) batch, trusted = TRUE)$dist, cars$dist)
  }
  expect_error(load_dataset(file, trusted = NA), class = "tidydl_error_argument")
})

test_that("of a file that is not trusted only plain data is taken", {
  plain <- function(x) tidydl:::plain_frames(x, "x.rds", NULL)
  dates <- as.POSIXct(c("2024-01-01", NA), tz = "UTC")
  honest <- tibble::tibble(
    n = 1:2, x = c(a = 1.5, b = NA), s = c("a", "b"), f = factor(c("u", "v")), d = as.Date(dates), t = dates,
    lt = as.POSIXlt(dates), gap = as.difftime(1:2, units = "mins"), l = list(1:3, NULL), nested = list(cars, NULL),
    labelled = structure(c(1, 2), label = "mood", labels = c(low = 1), class = "labelled")
  )
  attr(honest, "terms") <- quote(writeLines("evaluated"))
  attr(honest$n, "note") <- function() 1
  expected <- honest
  attr(expected, "terms") <- attr(expected$n, "note") <- NULL
  expected$nested <- list(tibble::as_tibble(cars), NULL)
  expect_identical(plain(honest), expected)
  expect_identical(plain(list(a = honest))$a, expected)
  expect_identical(plain(list(a = 1)), list(a = 1)) # which is refused as it is
})

test_that("what is no plain data is refused by its column, and none of its methods is called", {
  called <- FALSE
  spy <- function(x, ...) called <<- TRUE
  for (generic in c("format", "length", "[[", "as.list", "as.data.frame", "print", "names", "dim")) {
    registerS3method(generic, "hostile_class", spy, envir = asNamespace("base"))
  }
  refused <- function(column) {
    frame <- structure(list(a = 1L, b = column), class = "data.frame", row.names = 1L)
    expect_error(tidydl:::plain_frames(frame, "x.rds", NULL), "column '(b|1|b\\$1)'", class = "tidydl_error_data")
  }
  refused(quote(writeLines("evaluated")))
  refused(list(function() 1))
  refused(list(globalenv()))
  refused(list(list(quote(x))))
  refused(structure(1, class = "hostile_class"))
  refused(structure(list(1), class = "hostile_class"))
  refused(structure(list(structure(list(1), class = "hostile_class")), class = "data.frame", row.names = 1L))
  refused(methods::new("numeric"))
  refused(1:2)
  expect_false(called)
})

test_that("images in files of R's own lie in the folder of the file", {
  folder <- withr::local_tempdir()
  file <- file.path(folder, "x.rds")
  framed <- function(path) tibble::tibble(image = tidydl:::new_image(list(tidydl:::one_image(path = path))))
  inside <- framed(file.path(folder, "a.png"))
  expect_identical(tidydl:::plain_frames(inside, file, NULL), inside)
  for (path in c("/etc/hostname", file.path(folder, "..", "a.png"), "~/a.png", "a.png")) {
    said <- expect_error(tidydl:::plain_frames(framed(path), file, NULL), class = "tidydl_error_data")
    expect_match(said$problem, "outside the folder", fixed = TRUE)
  }
})

test_that("values that do not fit their class are refused from files and on their way to Python", {
  skip_without_python()
  factor_of <- function(x, ...) { # which R itself does not make
    text <- rawToChar(serialize(structure(x, ..., class = "fact0r"), NULL, ascii = TRUE))
    unserialize(charToRaw(gsub("fact0r", "factor", text, fixed = TRUE)))
  }
  images <- function(...) structure(list(...), class = c("tidydl_image", "tidydl_media", "vctrs_vctr", "list"))
  deep <- list(1)
  for (i in 1:3000) deep <- list(deep)
  wrong <- list(
    images(5), images("a.png"), images(list(byt = as.raw(1:3))), images(list(bytes = "x")), images(list(path = 1)),
    images(list(path = c("a", "b"))), images(list(path = NA_character_)), images(list(path = character())),
    structure(1, class = c("tidydl_image", "tidydl_media")), factor_of("a", levels = "a"), factor_of(9L, levels = "a"),
    factor_of(1L, levels = c("a", "a")), structure("a", class = "Date"), structure(1, class = "difftime"),
    structure(1, class = c("POSIXct", "POSIXt"), tzone = 5), structure(list(1), class = c("POSIXlt", "POSIXt")), deep
  )
  for (each in wrong) {
    frame <- structure(list(x = each), class = "data.frame", row.names = 1L)
    expect_error(plain_frames(frame, "x.rds", NULL), "column 'x'", class = "tidydl_error_data")
    expect_error(write_dataset(frame, tempfile(fileext = ".parquet")), "Column `x`", class = "tidydl_error")
  }
  uneven <- structure(list(x = 1:3, y = c("a", "b", "c")), class = "data.frame", row.names = c(NA, -1000000000L))
  expect_error(write_dataset(uneven, tempfile(fileext = ".parquet")), "3 values", class = "tidydl_error")
  expect_error(features(uneven), "3 values", class = "tidydl_error")
  partly <- images(list(pathway = "/etc/hosts", bytes = NULL), NULL, list(bytes = as.raw(1)))
  expect_identical(encode(partly)$path$missing, bytes_of(1:3))
  expect_identical(format(partly)[c(1, 3)], rep("<img of unknown size>", 2))
})

test_that("a misspelt argument is named before a file of R is read, or refused", {
  skip_without_python()
  file <- withr::local_tempfile(fileext = ".rds")
  saveRDS(data.frame(x = 1), file)
  for (read in list(load_dataset, function(...) stream_dataset(..., callback = nrow))) {
    expect_error(read(file, trustd = TRUE), "no argument 'trustd'.*\n.*\n.*'trusted'", class = "tidydl_error_argument")
  }
})
