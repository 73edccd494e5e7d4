# A column `.row` of a file is data; what tidydl wrote itself counts from 1 in R and from 0 in Python.

written <- function(data, env = parent.frame()) {
  file <- withr::local_tempfile(fileext = ".parquet", .local_envir = env)
  write_dataset(data, file)
}

without_provenance <- function(data) {
  attr(data, "tidydl") <- NULL
  data
}

bits <- function(x) if (is.double(x)) writeBin(as.double(x), raw()) else x

cells <- list(
  integer = c(1L, 2L, 5L), missing = c(NA, 0L, -3L), all_missing = rep(NA_integer_, 3),
  largest = c(.Machine$integer.max, -.Machine$integer.max, NA), fractions = c(0.1, 1e-320, -2^53),
  not_finite = c(NaN, NA, -Inf), huge = c(2^53, 1e308, 2^62), whole_doubles = c(1, 2, 3), text = c("1", "2", NA),
  flags = c(TRUE, FALSE, NA), labels = factor(c("1", "2", "1")), dates = as.Date("2020-01-01") + 0:2,
  vectors = list(1:2, 3L, NULL), numbers_within = list(c(0.5, NA), 2, NULL)
)

test_that("a column .row comes back from a file bit for bit, whatever it holds", {
  skip_without_python()
  for (name in names(cells)) {
    data <- tibble::tibble(.row = cells[[name]], .row_y = cells[[name]], x = 1:3)
    file <- written(data)
    copy <- withr::local_tempfile(fileext = ".parquet")
    stream_dataset(file, output = copy, batch_size = 2)
    through <- withr::local_tempfile(fileext = ".parquet")
    stream_dataset(file, identity, output = through, batch_size = 3)
    found <- list(
      load_dataset(file), load_dataset(copy), load_dataset(through), stream_dataset(file, identity, batch_size = 3)
    )
    for (each in found) {
      expect_identical(without_provenance(each), data, label = name)
      expect_identical(bits(each$.row), bits(data$.row), label = name)
    }
  }
})

test_that("data frames in cells keep their .row, at any depth", {
  skip_without_python()
  deep <- tibble::tibble(.row = c(7L, NA), n = c(0.5, 1))
  inner <- tibble::tibble(.row = 1:2, held = list(deep, NULL))
  data <- tibble::tibble(k = 1:2, held = list(inner, NULL), list = list(list(.row = 1), list(.row = 2)))
  expect_identical(without_provenance(load_dataset(written(data))), data)
  expect_identical(echo(data), data)
})

test_that("nobody adds to the columns of csv, json and R's own files, whole or batch by batch", {
  skip_without_python()
  csv <- withr::local_tempfile(fileext = ".csv", lines = c(".row,a", "1,x", "2,y", "5,z"))
  json <- withr::local_tempfile(fileext = ".jsonl", lines = sprintf('{".row": %d, "in": {".row": 1}}', c(1, 2, 5)))
  rds <- withr::local_tempfile(fileext = ".rds")
  saveRDS(data.frame(.row = c(1L, 2L, 5L)), rds)
  for (file in c(csv, json, rds)) {
    expect_identical(load_dataset(file, trusted = TRUE)$.row, c(1L, 2L, 5L))
    expect_identical(stream_dataset(file, identity, trusted = TRUE, batch_size = 2)$.row, c(1L, 2L, 5L))
    output <- withr::local_tempfile(fileext = ".parquet")
    stream_dataset(file, output = output, trusted = TRUE)
    expect_identical(load_dataset(output)$.row, c(1L, 2L, 5L))
    stream_dataset(file, function(batch) batch[batch$.row > 1, ], output = output, trusted = TRUE, batch_size = 1)
    expect_identical(load_dataset(output)$.row, c(2L, 5L))
  }
  expect_identical(load_dataset(json)$`in`[[1]], list(.row = 1L))
  expect_identical(features(load_dataset(csv))$example[[1]], "1")
})

test_that("a result that was written joins the data by .row, after R and after Python", {
  skip_without_python()
  ppl <- pipeline("text-classification", model = tiny_model("inference"), device = "cpu")
  data <- tibble::tibble(text = c("good", "bad", "so so"))
  found <- ppl(data)
  expect_identical(load_dataset(written(found))$.row, 1:3)
  expect_identical(load_dataset(shared_file("data", "rows_of_python.parquet"))$.row, c(1L, 4L, 4L))
  expect_identical(load_dataset(shared_file("data", "rows_of_r.parquet"))$.row, c(1L, 4L, 4L))
  file <- written(data)
  results <- withr::local_tempfile(fileext = ".parquet")
  stream_dataset(file, ppl, text = text, output = results, batch_size = 2)
  expect_identical(load_dataset(results)$.row, 1:3)
  expect_identical(stream_dataset(file, ppl, text = text, batch_size = 2)$.row, 1:3)
})

test_that("augment(), widen() and pipelines leave the user's own .row as it is", {
  skip_without_python()
  ppl <- pipeline("text-classification", model = tiny_model("inference"), device = "cpu")
  ranked <- pipeline("text-classification", model = tiny_model("inference"), device = "cpu", top_k = 2)
  inner <- tibble::tibble(start = 1L, .row = 4L)
  for (rows in list(c(10L, 20L, NA), c(0.1, 1e-320, NaN), c("a", "b", NA), c(7L, 7L, 7L))) {
    data <- tibble::tibble(.row = rows, text = c("good", "bad", "so so"), held = list(inner, NULL, inner))
    joined <- augment(ppl, data, text = text)
    expect_identical(bits(joined$.row), bits(rows))
    expect_identical(joined$held, data$held)
    expect_identical(augment(ppl, joined, text = text, prefix = "again_")$.row, rows)
    expect_identical(ppl(data, text = text)$.row, 1:3)
    output <- withr::local_tempfile(fileext = ".parquet")
    stream_dataset(data, ppl, text = text, augment = TRUE, output = output, batch_size = 3)
    expect_identical(load_dataset(output)$.row, rows)
  }
  long <- ranked(c("good", "bad"))
  expect_identical(widen(long)$.row, 1:2)
  long$.row <- c(9L, 9L, 4L, 4L)
  expect_identical(widen(long)$.row, c(9L, 4L))
  expect_identical(load_dataset(written(widen(long)))$.row, c(9L, 4L))
})

test_that("chats that come by a stream keep the numbers they came with", {
  skip_without_python()
  write <- pipeline("text-generation", model = tiny_model("causal"), device = "cpu", max_new_tokens = 4)
  chats <- tibble::tibble(
    .row = c(7L, 7L, 3L), role = c("system", "user", "user"), content = c("be calm", "sun", "sun")
  )
  expect_identical(stream_dataset(chats, write)$.row, c(7L, 3L))
  expect_identical(stream_dataset(written(chats), write)$.row, c(7L, 3L))
})

test_that("similarities of what was embedded, written and read are of the rows that R counts", {
  skip_without_python()
  vectors <- tibble::tibble(.row = c(4L, 9L), text = c("a", "b"), dim_1 = c(1, 0), dim_2 = c(0, 1))
  pairs <- similarity(vectors)
  expect_identical(c(pairs$.row, pairs$.row_y), c(4L, 9L))
  expect_identical(without_provenance(load_dataset(written(pairs))), without_provenance(pairs))
})
