in_data <- function(...) shared_file("data", ...)

test_that("columns, n and sample say what of the data", {
  skip_without_python()
  file <- in_data("students.csv")
  whole <- load_dataset(file)
  expect_identical(names(load_dataset(file, columns = c("grade", "mood"))), c("grade", "mood"))
  expect_equal(load_dataset(file, n = 4), whole[1:4, ], ignore_attr = "tidydl")
  set.seed(7)
  rows <- sample(60, 5)
  expect_equal(load_dataset(file, sample = 5, seed = 7), whole[rows, ], ignore_attr = "tidydl")
})

test_that("a sample without a seed follows set.seed()", {
  skip_without_python()
  file <- in_data("students.csv")
  set.seed(3)
  first <- load_dataset(file, sample = 5)
  other <- load_dataset(file, sample = 5)
  set.seed(3)
  expect_identical(load_dataset(file, sample = 5), first)
  expect_false(identical(other, first))
})

test_that("a sample with a seed is the same whatever RNGkind() says, and moves no generator", {
  skip_without_python()
  file <- in_data("students.csv")
  first <- load_dataset(file, sample = 5, seed = 7)
  withr::defer(RNGkind("default", "default", "default"))
  RNGkind("Wichmann-Hill", "Box-Muller", "Rejection")
  set.seed(1)
  before <- .Random.seed
  expect_identical(load_dataset(file, sample = 5, seed = 7), first)
  expect_identical(.Random.seed, before)
  unseeded <- load_dataset(file, sample = 5)
  expect_false(identical(.Random.seed, before))
  set.seed(1)
  expect_identical(load_dataset(file, sample = 5), unseeded)
})

test_that("what is absent or mistyped is named, with what there is", {
  skip_without_python()
  file <- in_data("students.csv")
  expect_error(load_dataset(file, columns = "grades"), "'grade'", class = "tidydl_error_column")
  expect_error(load_dataset(in_data("splits"), split = "tets"), "'test'", class = "tidydl_error_not_found")
  expect_error(load_dataset(file, colums = "grade"), "Did you mean 'columns'", class = "tidydl_error_argument")
  expect_error(load_dataset(file, NULL, NULL, NULL, NULL, 5), "without a name", class = "tidydl_error_argument")
  expect_error(load_dataset(file, as = "pandas"), "'dataset'", class = "tidydl_error_argument")
  expect_error(load_dataset(file, streaming = TRUE), "stream_dataset", class = "tidydl_error_argument")
  expect_error(load_dataset(file, n = 2, sample = 2), class = "tidydl_error_argument")
  expect_error(load_dataset(file, trust_remote_code = TRUE), class = "tidydl_error_argument")
  expect_identical(nrow(load_dataset(file, trust_remote_code = FALSE, delimiter = ",")), 60L)
})

test_that("files that do not fit together and files of nothing are refused by name", {
  skip_without_python()
  folder <- withr::local_tempdir()
  dir.create(file.path(folder, "mixed"))
  writeLines(c("x", "1"), file.path(folder, "mixed", "a.csv"))
  writeLines(c("x", "one"), file.path(folder, "mixed", "b.csv"))
  expect_error(load_dataset(file.path(folder, "mixed")), "column 'x' is integers", class = "tidydl_error_data")
  file.create(file.path(folder, "empty.csv"))
  expect_error(load_dataset(file.path(folder, "empty.csv")), "empty.csv' is an empty file", class = "tidydl_error")
})

test_that("a data frame keeps what R alone knows, and its rows and columns are picked", {
  skip_without_python()
  data <- tibble::tibble(x = structure(1:4, class = "mine"), y = letters[1:4], z = I(list(1, "a", NULL, 4)))
  expect_identical(load_dataset(data), data)
  expect_identical(load_dataset(data, columns = c("z", "x"), n = 2), data[1:2, c("z", "x")])
  set.seed(2)
  expect_identical(load_dataset(data, sample = 3, seed = 2), data[sample(4, 3), ])
  expect_error(load_dataset(data, split = "train"), "data frame", class = "tidydl_error_argument")
  expect_error(load_dataset(data, columns = "w"), "'x'", class = "tidydl_error_column")
})

test_that("files of R's own are read: a data frame, or several as splits", {
  skip_without_python()
  one <- withr::local_tempfile(fileext = ".rds")
  several <- withr::local_tempfile(fileext = ".RData")
  saveRDS(iris, one)
  early <- tibble::tibble(x = 1:3)
  late <- tibble::tibble(x = 4L)
  save(early, late, file = several)
  expect_identical(load_dataset(one, trusted = TRUE), tibble::as_tibble(iris))
  expect_identical(names(load_dataset(one, trusted = TRUE, columns = "Species", n = 2)), "Species")
  splits <- load_dataset(several, trusted = TRUE)
  expect_s3_class(splits, "tidydl_splits")
  expect_identical(names(splits), c("early", "late"))
  expect_identical(splits$late, late)
  expect_identical(load_dataset(several, trusted = TRUE, split = "early", n = 2), early[1:2, ])
  together <- load_dataset(several, trusted = TRUE, split = "all")
  expect_identical(together$split, factor(c("early", "early", "early", "late")))
  expect_error(
    load_dataset(several, trusted = TRUE, split = "middle"), "'early', 'late'",
    class = "tidydl_error_not_found"
  )
  expect_identical(load_dataset(several, trusted = TRUE, as = "dataset", n = 2)$early$num_rows, 2L)
  saveRDS(lm(dist ~ speed, cars), one)
  expect_error(load_dataset(one, trusted = TRUE), "an lm object", class = "tidydl_error_data")
  writeLines("no file of R", one)
  expect_error(suppressWarnings(load_dataset(one, trusted = TRUE)), class = "tidydl_error_damaged")
})

test_that("splits of R's own files are cut and joined as those of other data", {
  skip_without_python()
  saved <- withr::local_tempfile(fileext = ".rda")
  train <- load_dataset(in_data("splits"), split = "train")
  test <- load_dataset(in_data("splits"), split = "test")
  save(train, test, file = saved)
  values <- function(x) lapply(x, function(part) if (is.list(part)) lapply(part, identity) else part)
  same <- function(split, ...) {
    expect_identical(
      values(load_dataset(saved, trusted = TRUE, split = split, ...)),
      values(load_dataset(in_data("splits"), split = split, ...)),
      label = paste(split, collapse = " and ")
    )
  }
  for (split in c("train[:2]", "train[-1:]", "test[:50%]", "test+train", "train[:1]+test", "all", "all[2:4]")) {
    same(split)
  }
  same(c("all", "train"))
  same(c("test", "train[:2]"), n = 1)
  same("all", columns = c("split", "n"), sample = 3, seed = 2)
  for (split in list("tran", "train[", "all[2", 3, c("train", "nobody"))) {
    said <- tryCatch(load_dataset(saved, trusted = TRUE, split = split), error = function(cnd) cnd)
    other <- tryCatch(load_dataset(in_data("splits"), split = split), error = function(cnd) cnd)
    expect_identical(said[c("kind", "problem", "allowed", "hint")], other[c("kind", "problem", "allowed", "hint")])
  }
  by_name <- list(train = train, test = test)
  asked <- c("all", "test[1:]")
  expect_identical(load_dataset(by_name, split = asked), load_dataset(saved, trusted = TRUE, split = asked))
  expect_identical(load_dataset(by_name, split = "train[1:]", n = 1)$n, 2L)
  expect_error(load_dataset(by_name, split = "tran"), "'tran'.*not known", class = "tidydl_error_not_found")
  twice <- list(a = train, a = test)
  expect_error(load_dataset(twice), "two splits with the same name as text: a, a", class = "tidydl_error_argument")
  saveRDS(train, lone <- withr::local_tempfile(fileext = ".rds"))
  expect_identical(load_dataset(lone, trusted = TRUE, split = "train[1:]")$n, 2:3)
  test$n <- "one"
  save(train, test, file = saved)
  expect_error(load_dataset(saved, trusted = TRUE, split = "all"), "different schemas", class = "tidydl_error_data")
  test$split <- "mine"
  save(train, test, file = saved)
  expect_error(load_dataset(saved, trusted = TRUE, split = "all"), "a column 'split'", class = "tidydl_error_column")
})

test_that("a dataset of the Python library has its features at hand", {
  skip_without_python()
  file <- withr::local_tempfile(fileext = ".parquet")
  write_dataset(example_data("emotion", split = "test[:4]"), file)
  dat <- load_dataset(file, as = "dataset")
  expect_s3_class(dat, "datasets.arrow_dataset.Dataset")
  expect_identical(dat$features$label$names, levels(example_data("emotion")$label))
  expect_identical(dat$num_rows, 4L)
  expect_identical(as_dataset(example_data("digits", split = "test[:2]"))$features$label$names, as.character(0:9))
  expect_identical(load_dataset(in_data("splits"), as = "dataset")$train$num_rows, 3L)
  expect_identical(load_dataset(iris, as = "dataset", n = 3)$num_rows, 3L)
  expect_error(load_dataset(file, as = "dataset", columns = "no"), "'label'", class = "tidydl_error_column")
  expect_error(as_dataset(1:3), class = "tidydl_error_argument")
})

test_that("Arrow tables are handed to package arrow, and without it that is said", {
  skip_without_python()
  file <- in_data("students.csv")
  if (!requireNamespace("arrow", quietly = TRUE)) {
    expect_error(load_dataset(file, as = "arrow"), "arrow", class = "tidydl_error_dependency")
  }
  bytes <- call_python("load_arrow", list(path = file, n = 3))
  expect_type(bytes, "raw")
  testthat::skip_if_not_installed("arrow")
  expect_identical(dim(load_dataset(file, as = "arrow")), c(60L, 6L))
})

test_that("features describes columns, of splits each", {
  skip_without_python()
  data <- tibble::tibble(x = c(1.5, NA), who = factor(c("b", "a"), c("b", "a")), t = c(NA, "so"))
  found <- features(data)
  expect_identical(found$column, c("x", "who", "t"))
  expect_identical(found$kind, c("double", "label", "string"))
  expect_identical(found$levels, list(NULL, c("b", "a"), NULL))
  expect_identical(found$missing, c(1L, 0L, 1L))
  expect_identical(found$example, c("1.5", "b", "so"))
  expect_identical(features(data[0, ])$levels, found$levels)
  expect_identical(features(list(train = data, test = data))$split, rep(c("train", "test"), each = 3))
  expect_identical(features(load_dataset(in_data("splits")))$split[[1]], "train")
  expect_error(features(1:3), class = "tidydl_error_argument")
})

test_that("the cache is a frame of what is stored", {
  skip_without_python()
  found <- cache()
  expect_identical(names(found), c("kind", "id", "revision", "refs", "size_mb", "last_used"))
  expect_s3_class(found$kind, "factor")
  expect_s3_class(found$last_used, "POSIXct")
  expect_error(cache(remove = "nobody/nothing"), class = "tidydl_error_not_found")
  expect_error(cache(remove = 5), class = "tidydl_error_argument")
})

test_that("paths that other packages make are paths, and columns of one column are vectors", {
  skip_without_python()
  file <- in_data("students.csv")
  expected <- load_dataset(file)
  of_fs <- structure(file, class = c("fs_path", "character"))
  expect_identical(load_dataset(of_fs), expected)
  expect_identical(load_dataset(c(train = file)), expected)
  of_dir_ls <- stats::setNames(of_fs, file)
  expect_identical(load_dataset("csv", data_files = of_dir_ls), load_dataset("csv", data_files = file))
  expect_identical(names(load_dataset("csv", data_files = c(a = file, b = file))), c("a", "b"))
  output <- structure(withr::local_tempfile(fileext = ".parquet"), class = c("glue", "character"))
  scaled <- tibble::tibble(x = 1:3, z = scale(1:3))
  write_dataset(scaled, output)
  expect_identical(load_dataset(output)$z, c(-1, 0, 1))
  expect_identical(features(scaled)$kind, c("integer", "double"))
  expect_error(write_dataset(tibble::tibble(r = as.raw(1:2)), output), "Column `r` is raw", class = "tidydl_error")
  expect_error(write_dataset(tibble::tibble(m = diag(2)), output), "several columns", class = "tidydl_error")
})
