# Long runs from R: failing inputs, checkpoints, models forgotten, likeness of embeddings.

running <- function(...) pipeline("text-classification", model = example_model("emotion"), device = "cpu", ...)

test_that("a failing input is a row of missing values with its message", {
  skip_without_python()
  ppl <- pipeline(model = example_model("digits"), device = "cpu", top_k = 1)
  data <- example_data("digits", split = "test[:2]")
  folder <- withr::local_tempdir()
  writeLines("no image", file.path(folder, "x.png"))
  images <- list(data$image[[1]]$bytes, file.path(folder, "x.png"), file.path(folder, "nowhere.png"))
  expect_error(ppl(images), "does not exist", class = "tidydl_error_not_found")
  found <- ppl(images, on_error = "row")
  expect_identical(names(found)[[ncol(found)]], ".error")
  expect_identical(is.na(found$.error), c(TRUE, FALSE, FALSE))
  expect_match(found$.error[[2]], "The 2nd value of `x`: .*cannot be decoded")
  expect_identical(is.na(found$label), c(FALSE, TRUE, TRUE))
})

test_that("a checkpoint gives the same tibble, and again without computing", {
  skip_without_python()
  ppl <- running(top_k = 2)
  texts <- c("I could sing all day.", NA, "Nobody came to the funeral.")
  folder <- file.path(withr::local_tempdir(), "run")
  whole <- ppl(texts)
  expect_scores(ppl(texts, checkpoint = folder), whole)
  expect_true(file.exists(file.path(folder, "result.parquet")))
  expect_scores(ppl(texts, checkpoint = folder), whole)
  error <- expect_error(ppl(rev(texts), checkpoint = folder), class = "tidydl_error_argument")
  expect_match(error$problem, "a different set of inputs", fixed = TRUE)
  data <- tibble::tibble(id = 1:3, said = texts)
  joined <- augment(ppl, data, text = said, checkpoint = file.path(folder, "augment"))
  expect_identical(joined, augment(ppl, data, text = said))
})

test_that("any name of a folder will do for a checkpoint, and an image that changed in its place is another input", {
  skip_without_python()
  withr::local_dir(withr::local_tempdir())
  ppl <- running()
  expect_equal(ppl("sun", checkpoint = "run:1"), ppl("sun", checkpoint = "run:1"))
  expect_true(file.exists("run:1/result.parquet"))
  digits <- pipeline(model = example_model("digits"), device = "cpu", top_k = 1)
  images <- example_data("digits", split = "test[:2]")$image
  writeBin(images[[1]]$bytes, "x.png")
  digits("x.png", checkpoint = "digits")
  writeBin(images[[2]]$bytes, "x.png")
  error <- expect_error(digits("x.png", checkpoint = "digits"), class = "tidydl_error_argument")
  expect_match(error$problem, "a different set of inputs", fixed = TRUE)
})

test_that("generated texts go on with the seed with which a checkpoint began", {
  skip_without_python()
  write <- pipeline(
    "text-generation", model = tiny_model("causal"), device = "cpu", do_sample = TRUE, max_new_tokens = 4
  )
  folder <- file.path(withr::local_tempdir(), "run")
  set.seed(1)
  first <- write(c("the sun", "my friend"), checkpoint = folder)
  set.seed(1)
  expect_identical(write(c("the sun", "my friend"))$generated_text, first$generated_text)
  set.seed(2)
  expect_identical(write(c("the sun", "my friend"), checkpoint = folder)$generated_text, first$generated_text)
})

test_that("models are forgotten when asked, and loaded again when needed", {
  skip_without_python()
  ppl <- running()
  scores <- ppl("What a day!")$score
  gone <- forget(example_model("emotion"))
  expect_identical(gone$model, normalizePath(example_model("emotion")), ignore_attr = TRUE)
  expect_identical(nrow(forget(example_model("emotion"))), 0L)
  expect_identical(ppl("What a day!")$score, scores)
})

test_that("similarity() compares embeddings pair by pair, row by row, or the most alike", {
  skip_without_python()
  x <- embed(c("a cat", "a kitten", "a tax form", NA), device = "cpu")
  every <- similarity(x)
  expect_identical(names(every), c(".row", ".row_y", "text", "text_y", "similarity"))
  expect_identical(every$.row_y, c(2L, 3L, 4L, 3L, 4L, 4L))
  vectors <- as.matrix(x[1:3, -(1:2)])
  expected <- c(vectors[2:3, ] %*% vectors[1, ], vectors[3, ] %*% vectors[2, ])
  expect_scores(every$similarity[c(1, 2, 4)], expected)
  expect_true(all(is.na(every$similarity[c(3, 5, 6)])))
  nearest <- similarity(x, top_k = 1)
  expect_identical(nearest$.row, 1:4)
  expect_identical(nearest$.row_y[1:3], c(2L, 1L, 1L))
  expect_identical(is.na(nearest$similarity), c(FALSE, FALSE, FALSE, TRUE))
  rows <- similarity(x[1:2, ], x[2:3, ], pairs = "rows")
  expect_equal(rows$similarity, every$similarity[c(1, 4)], tolerance = 1e-9)
  apart <- sqrt(sum((vectors[1, ] - vectors[2, ])^2))
  expect_scores(similarity(x[1, ], x[2, ], "euclidean")$distance, apart)
  expect_error(similarity(x, method = "cosin"), "cosine", class = "tidydl_error_argument")
  expect_error(similarity(tibble::tibble(a = 1)), "dim_1", class = "tidydl_error_column")
})

test_that("tasks() lists the options of a task", {
  skip_without_python()
  options <- tasks("ner")
  expect_identical(names(options), c("option", "default", "description"))
  expect_true(all(c("aggregation_strategy", "on_error", "checkpoint") %in% options$option))
  expect_error(tasks("nerr"), "'ner'", class = "tidydl_error_not_found")
})

test_that("an access token is no part of a pipeline that is kept", {
  skip_without_python()
  ppl <- pipeline(model = example_model("digits"), device = "cpu", token = "hf_secretsecretsecret")
  expect_false(grepl("hf_secret", paste(utils::capture.output(dput(as.list(environment(ppl)))), collapse = "")))
  expect_false(any(grepl("hf_secret", utils::capture.output(print(ppl)))))
})
