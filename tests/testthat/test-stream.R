numbers_file <- function(rows = 25, env = parent.frame()) {
  groups <- rep(letters[1:5], rows / 5)
  lines <- c("text,n,g", sprintf("I am happy on day %d,%d,%s", seq_len(rows), seq_len(rows), groups))
  withr::local_tempfile(fileext = ".csv", lines = lines, .local_envir = env)
}

test_that("a function sees batch after batch, and the rows are counted", {
  skip_without_python()
  seen <- list()
  rows <- withVisible(stream_dataset(numbers_file(), function(batch) seen <<- c(seen, list(batch)), batch_size = 10))
  expect_identical(rows, list(value = 25L, visible = FALSE))
  expect_identical(vapply(seen, nrow, 0L), c(10L, 10L, 5L))
  expect_s3_class(seen[[1]], "tbl_df")
  expect_identical(unlist(lapply(seen, `[[`, "n")), 1:25)
})

test_that("data frames are bound, and others are not kept", {
  skip_without_python()
  few <- stream_dataset(numbers_file(), function(batch) if (batch$n[[1]] > 5) batch[batch$g == "a", ], batch_size = 5)
  expect_identical(few$n, c(6L, 11L, 16L, 21L))
  expect_identical(names(few), c("text", "n", "g"))
})

test_that("columns, n and split say which data, and a mistyped argument is refused", {
  skip_without_python()
  expect_identical(names(stream_dataset(numbers_file(), identity, columns = c("g", "n"), n = 7)), c("g", "n"))
  expect_identical(nrow(stream_dataset(numbers_file(), identity, n = 7, batch_size = 3)), 7L)
  expect_error(stream_dataset(numbers_file(), identity, colums = "g"), "stream_dataset.*Did you mean 'columns'")
  expect_error(stream_dataset(numbers_file(), identity, "train"), class = "tidydl_error_argument")
  splits <- shared_file("data", "splits")
  expect_error(stream_dataset(splits, identity), "split.*train", class = "tidydl_error_argument")
  expect_identical(stream_dataset(splits, identity, split = "test")$item, "d")
})

test_that("of a file of R's own too a stream is of one split, cut as it says", {
  skip_without_python()
  saved <- withr::local_tempfile(fileext = ".rda")
  train <- tibble::tibble(n = 1:3)
  test <- tibble::tibble(n = 4:5)
  save(train, test, file = saved)
  expect_identical(stream_dataset(saved, identity, trusted = TRUE, split = "train[1:]+test")$n, 2:5)
  by_name <- list(train = train, test = test)
  expect_identical(stream_dataset(by_name, identity, split = "train[1:]+test")$n, 2:5)
  refused <- function(path, ...) {
    tryCatch(stream_dataset(path, identity, ...), error = function(cnd) cnd)[c("kind", "problem", "allowed", "hint")]
  }
  splits <- shared_file("data", "splits")
  expect_identical(refused(saved, trusted = TRUE), refused(splits))
  expect_identical(refused(by_name), refused(splits))
  both <- c("train", "test")
  expect_identical(refused(saved, trusted = TRUE, split = both), refused(splits, split = both))
})

test_that("results are written as they come, in the kinds of all of them", {
  skip_without_python()
  output <- withr::local_tempfile(fileext = ".parquet")
  double_late <- function(batch) {
    tibble::tibble(n = batch$n, half = if (batch$n[[1]] > 15) batch$n / 2 else NA, none = NA)
  }
  path <- withVisible(stream_dataset(numbers_file(), double_late, batch_size = 5, output = output))
  expect_identical(path, list(value = output, visible = FALSE))
  written <- load_dataset(output)
  expect_identical(written$n, 1:25)
  expect_identical(written$half, c(rep(NA, 15), 16:25 / 2))
  expect_identical(written$none, rep(NA, 25))
  expect_error(
    stream_dataset(numbers_file(), function(batch) 1, output = output), "returned 1", class = "tidydl_error_argument"
  )
  expect_identical(nrow(load_dataset(output)), 25L)
})

test_that("without a callback the data are copied, and with neither nothing is guessed", {
  skip_without_python()
  output <- withr::local_tempfile(fileext = ".parquet")
  file <- numbers_file()
  stream_dataset(file, output = output, batch_size = 4)
  expect_equal(load_dataset(output), load_dataset(file), ignore_attr = "tidydl")
  expect_error(stream_dataset(file), "callback", class = "tidydl_error_argument")
})

test_that("a pipeline goes through the batches as through the whole", {
  skip_without_python()
  ppl <- pipeline(model = example_model("emotion"))
  file <- numbers_file()
  whole <- load_dataset(file)
  streamed <- stream_dataset(file, ppl, text = text, batch_size = 10)
  called <- ppl(whole, text = text)
  expect_scores(streamed, called)
  joined <- stream_dataset(file, ppl, text = "text", batch_size = 10, augment = TRUE, prefix = "felt_")
  expect_scores(joined, augment(ppl, whole, text = text, prefix = "felt_"))
  output <- withr::local_tempfile(fileext = ".parquet")
  stream_dataset(file, ppl, text = text, augment = TRUE, batch_size = 10, output = output)
  expect_identical(load_dataset(output)$label, joined$felt_label)
  expect_error(stream_dataset(file, ppl, txt = text), "Did you mean `text`", class = "tidydl_error_argument")
})

test_that("no rows give a pipeline's columns, and a function is not called", {
  skip_without_python()
  ppl <- pipeline(model = example_model("emotion"))
  empty <- tibble::tibble(text = character(), n = integer())
  expect_identical(names(stream_dataset(empty, ppl, text = text)), names(ppl("a day")))
  expect_identical(stream_dataset(empty, function(batch) abort_tidydl("internal", "called")), 0L)
})

test_that("a stream is closed whatever happens", {
  skip_without_python()
  held <- function() length(reticulate::import("tidydl.pipelines.r_stream_interface")$`_open_streams`)
  before <- held()
  expect_error(stream_dataset(numbers_file(), function(batch) rlang::abort("mine")), "mine")
  interrupted <- function(batch) rlang::interrupt()
  stopped <- tryCatch(stream_dataset(numbers_file(), interrupted), interrupt = function(cnd) "stopped")
  expect_identical(stopped, "stopped")
  stream_dataset(numbers_file(), identity)
  expect_identical(held(), before)
})

test_that("files of R's own are streamed as well", {
  skip_without_python()
  file <- withr::local_tempfile(fileext = ".rds")
  saveRDS(iris, file)
  expect_identical(stream_dataset(file, function(batch) 1, batch_size = 40, trusted = TRUE), 150L)
})

test_that("an error of the callback is its own, and says in which batch it came", {
  skip_without_python()
  file <- numbers_file()
  fail <- function(batch) if (batch$n[[1]] > 5) rlang::abort("mine", "my_error", found = 42) else batch
  error <- tryCatch(stream_dataset(file, fail, batch_size = 5), my_error = identity)
  expect_identical(error$found, 42)
  expect_s3_class(error$parent, "my_error")
  expect_match(conditionMessage(error), "^`callback` failed on rows 6 to 10.*mine")
  expect_identical(error$call[[1]], quote(stream_dataset))
  expect_false(inherits(error, "tidydl_error"))
  output <- tempfile(fileext = ".parquet")
  plain <- tryCatch(stream_dataset(file, function(batch) sqrt("a"), output = output), error = identity)
  expect_match(conditionMessage(plain), "rows 1 to 25.*non-numeric")
  combine <- function(batch) vctrs::vec_c(1, "a")
  expect_error(stream_dataset(file, combine), "failed on rows 1.*combine", class = "vctrs_error_incompatible_type")
  caught <- stream_dataset(file, function(batch) tryCatch(sqrt("a"), error = function(cnd) batch[1, ]), batch_size = 5)
  expect_identical(nrow(caught), 5L)
})

test_that("a column that changes its kind is named, with the rows, as soon as it comes", {
  skip_without_python()
  file <- numbers_file()
  seen <- 0
  change <- function(first, then) {
    function(batch) {
      seen <<- batch$n[[1]]
      tibble::tibble(g = rep(if (batch$n[[1]] > 5) then else first, nrow(batch)))
    }
  }
  parts <- function(...) {
    error <- tryCatch(stream_dataset(file, ..., batch_size = 5), tidydl_error_data = identity)
    unlist(error[c("problem", "allowed", "hint")])
  }
  output <- tempfile(fileext = ".parquet")
  told <- "`callback` returned the column 'g' as <double> for rows 1 to 5, and as <character> for rows 6 to 10."
  expect_identical(parts(change(1, "a"))[["problem"]], told)
  expect_identical(parts(change(1, "a"), output = output)[["problem"]], told)
  expect_identical(seen, 6L)
  later <- function(batch) data.frame(g = switch(match(min(batch$x), c(1, 4, 7)), 1L, 1.5, "a"))
  expect_match(
    tryCatch(stream_dataset(data.frame(x = 1:9), later, batch_size = 3), error = conditionMessage),
    "as <double> for rows 4 to 6, and as <character> for rows 7 to 9"
  )
  expect_match(parts(change(1, TRUE), output = output)[["problem"]], "<double> for rows 1 to 5, and as <logical>")
  factors <- parts(change(factor("a"), factor("b")), output = output)
  expect_match(
    factors[["problem"]],
    "a factor of the levels 'a' for rows 1 to 5, and as a factor of the levels 'b' for"
  )
  expect_match(factors[["hint"]], "factor(g, levels = c(...))", fixed = TRUE)
  lists <- parts(change(list(1), list("a")), output = output)[["problem"]]
  expect_match(lists, "The results of `callback` have different schemas")
  expect_match(lists, "column 'g' is lists of numbers in rows 1 to 5, but lists of text in rows 6 to 10")
  expect_false(file.exists(output))
  bound <- stream_dataset(file, change(factor("a"), factor("b")), batch_size = 5)
  expect_identical(levels(bound$g), c("a", "b"))
})

test_that("what is wrong with `output` and `prefix` is said of them", {
  skip_without_python()
  file <- numbers_file()
  never_called <- function(batch) abort_tidydl("internal", "called")
  for (callback in list(NULL, never_called, pipeline(model = example_model("emotion")))) {
    expect_error(stream_dataset(file, callback, output = "x.csv"), "`output` 'x.csv' is named", fixed = TRUE)
    expect_error(stream_dataset(file, callback, output = 3), "`output` is 3.", fixed = TRUE)
  }
  ppl <- pipeline(model = example_model("emotion"))
  expect_error(stream_dataset(file, ppl, text = text, prefix = "a_"), "augment = TRUE", class = "tidydl_error_argument")
  expect_error(
    stream_dataset(file, ppl, augment = TRUE, prefix = NULL), "`prefix` is NULL", class = "tidydl_error_argument"
  )
  expect_error(stream_dataset(file, identity, progress = "yes"), "TRUE or FALSE", class = "tidydl_error_argument")
})

test_that("a stream says that it cannot sample, and names what was given", {
  skip_without_python()
  file <- numbers_file()
  ppl <- pipeline(model = example_model("emotion"))
  for (callback in list(identity, ppl)) {
    error <- tryCatch(stream_dataset(file, callback, sample = 3), tidydl_error_argument = identity)
    expect_identical(error$problem, "`sample` is given, and a stream cannot be sampled.")
    expect_error(stream_dataset(file, callback, as = "arrow"), "leave `as` out", class = "tidydl_error_argument")
  }
  wrong <- tryCatch(stream_dataset(file, ppl, text = txt), tidydl_error_column = identity)
  expect_identical(wrong$problem, "`text` is 'txt', which is not a column of `path`.")
  file <- withr::local_tempfile(fileext = ".csv", lines = c("text,label", "a,b"))
  clash <- tryCatch(stream_dataset(file, ppl, text = text, augment = TRUE), tidydl_error_column = identity)
  expect_identical(clash$problem, "`path` has a column `label` already.")
})

test_that("data frames by split are streamed one at a time", {
  skip_without_python()
  two <- list(train = iris, test = iris)
  expect_error(stream_dataset(two, identity), "`split` is missing", class = "tidydl_error_argument")
})

test_that("a callback that returns data frames for some batches only loses none of the others in silence", {
  skip_without_python()
  file <- withr::local_tempfile(fileext = ".csv")
  utils::write.csv(data.frame(x = 1:6), file, row.names = FALSE)
  for (odd in c(1, 5)) {
    mixed <- function(batch) if (odd %in% batch$x) as.list(batch) else batch
    expect_error(stream_dataset(file, mixed, batch_size = 2), "other batches", class = "tidydl_error_argument")
  }
  expect_identical(nrow(stream_dataset(file, function(batch) if (!1 %in% batch$x) batch, batch_size = 2)), 4L)
  expect_identical(stream_dataset(file, function(batch) sum(batch$x), batch_size = 2), 6L)
})
