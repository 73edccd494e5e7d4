in_data <- function(...) shared_file("data", ...)

test_that("a file is a tibble with its provenance", {
  skip_without_python()
  students <- load_dataset(in_data("students.csv"))
  expect_s3_class(students, "tbl_df")
  expect_identical(dim(students), c(60L, 6L))
  expect_equal(as.data.frame(students), utils::read.csv(in_data("students.csv")), ignore_attr = "tidydl")
  expect_identical(attr(students, "tidydl")$format, "csv")
})

test_that("several splits print as a table and are used as any list of tibbles is", {
  skip_without_python()
  splits <- load_dataset(in_data("splits"))
  expect_identical(names(splits), c("train", "test"))
  expect_identical(splits$test$item, "d")
  expect_identical(splits[["train"]]$n, 1:3)
  expect_identical(as.list(splits), list(train = splits$train, test = splits$test))
  expect_identical(names(splits["test"]), "test")
  expect_identical(lapply(splits, nrow), list(train = 3L, test = 1L))
  expect_s3_class(splits$test, "tbl_df")
  shown <- utils::capture.output(print(splits))
  expect_true(any(grepl("train +3 +item, n", shown)))
  expect_true(any(grepl("test +1 +item, n", shown)))
  expect_true(any(grepl("x$train", shown, fixed = TRUE)))
  expect_match(utils::capture.output(print(splits["test"]))[[1]], "tibble: 1 .* 3")
  expect_identical(do.call(rbind, splits)$item, c("a", "b", "c", "d"))
  testthat::skip_if_not_installed("dplyr")
  expect_error(dplyr::bind_rows(splits))
  expect_identical(dplyr::bind_rows(!!!splits)$item, c("a", "b", "c", "d"))
  expect_identical(dplyr::bind_rows(!!!splits, .id = "split")$split, c("train", "train", "train", "test"))
  expect_identical(dplyr::bind_rows(as.list(splits))$n, 1:4)
})

test_that("splits are picked by name, several by a vector", {
  skip_without_python()
  picked <- load_dataset(in_data("splits"), split = c("test", "train[:1]"))
  expect_identical(vapply(picked, nrow, 0L), c(test = 1L, "train[:1]" = 1L))
  together <- load_dataset(in_data("splits"), split = "train+test")
  expect_identical(together$item, c("a", "b", "c", "d"))
})

test_that("a format takes its files by name of split", {
  skip_without_python()
  files <- list(first = in_data("splits", "test.csv"), second = in_data("splits", "train.csv"))
  expect_identical(names(load_dataset("csv", data_files = lapply(files, normalizePath))), c("first", "second"))
})

test_that("a folder of images has their folders as labels", {
  skip_without_python()
  shades <- load_dataset(in_data("shades"))
  expect_s3_class(shades$image, "tidydl_image")
  expect_identical(as.character(shades$label), c("dark", "light"))
  expect_identical(format(shades$image), rep("<img 4\u00d73 L>", 2))
})

test_that("a path that is not there names what is", {
  skip_without_python()
  folder <- withr::local_tempdir()
  writeLines("a\n1", file.path(folder, "answers.csv"))
  error <- expect_error(load_dataset(file.path(folder, "answer.csv")), class = "tidydl_error_not_found")
  expect_match(error$hint, "answers.csv", fixed = TRUE)
})

test_that("times of day arrive as the time since midnight", {
  file <- withr::local_tempfile(fileext = ".csv", lines = c("t,x", "10:30,1", ",2"))
  expect_identical(as.double(load_dataset(file)$t, units = "secs"), c(37800, NA))
})

test_that("dates are dates and times are times", {
  lines <- c("day,at", "2024-02-29,2024-02-29 10:30:00", ",", "2024-03-01,")
  file <- withr::local_tempfile(fileext = ".csv", lines = lines)
  loaded <- load_dataset(file)
  expect_identical(loaded$day, as.Date(c("2024-02-29", NA, "2024-03-01")))
  expect_s3_class(loaded$at, "POSIXct")
})

test_that("an object of the library datasets goes where a data frame goes", {
  skip_without_python()
  made <- as_dataset(iris)
  expect_identical(features(made), features(iris))
  expect_equal(load_dataset(made), tibble::as_tibble(iris), ignore_attr = "tidydl")
  expect_identical(nrow(load_dataset(made, n = 3)), 3L)
  file <- withr::local_tempfile(fileext = ".parquet")
  write_dataset(made, file)
  expect_equal(load_dataset(file), tibble::as_tibble(iris), ignore_attr = "tidydl")
  expect_identical(nrow(stream_dataset(made, identity, batch_size = 60)), 150L)
  both <- as_dataset(list(train = iris, test = iris[1:3, ]))
  expect_identical(vapply(load_dataset(both), nrow, 0L), c(train = 150L, test = 3L))
  expect_identical(unique(features(both)$split), c("train", "test"))
  kept <- withr::local_tempfile(fileext = ".rds")
  saveRDS(made, kept)
  expect_error(features(readRDS(kept)), "has ended", class = "tidydl_error_bridge")
})

test_that("numbers with decimal commas are told of, with the call that reads them", {
  skip_if_not(python_ready())
  file <- withr::local_tempfile(fileext = ".csv")
  write.csv2(data.frame(id = 1:2, x = c(1.5, 2)), file, row.names = FALSE)
  expect_warning(frame <- load_dataset(file, sep = ";"), "read.csv(path, sep = ';', dec = ',').", fixed = TRUE)
  expect_identical(frame$x, c("1,5", "2"))
  expect_warning(stream_dataset(file, nrow, sep = ";"), "decimal commas, which are read as text: 'x'", fixed = TRUE)
})
