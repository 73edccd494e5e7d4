digits_pipeline <- function(...) pipeline(model = example_model("digits"), device = "cpu", ...)
emotion_pipeline <- function(...) {
  pipeline("text-classification", model = example_model("emotion"), device = "cpu", ...)
}
sentences <- c("I could sing all day.", NA, "Nobody came to the funeral.")

test_that("a call gives a tibble with a row per input, counted from 1", {
  skip_without_python()
  found <- emotion_pipeline()(sentences)
  expect_s3_class(found, "tbl_df")
  expect_identical(names(found), c(".row", "text", "label", "score"))
  expect_identical(found$.row, 1:3)
  expect_identical(found$text, sentences)
  expect_identical(is.na(found$score), c(FALSE, TRUE, FALSE))
  expect_identical(levels(found$label), c("sadness", "joy", "love", "anger", "fear", "surprise"))
  expect_identical(attr(found, "tidydl")$task, "text-classification")
})

test_that("factors, one text and none are inputs like any other", {
  skip_without_python()
  ppl <- emotion_pipeline()
  whole <- ppl(sentences)
  expect_equal(ppl(factor(sentences)), whole, ignore_attr = "tidydl")
  expect_equal(ppl(sentences[[1]])$score, whole$score[[1]], tolerance = 1e-5)
  for (none in list(NULL, character(), factor(character()), whole[0, ])) {
    found <- ppl(none)
    expect_identical(dim(found), c(0L, 4L))
    expect_identical(levels(found$label), levels(whole$label))
  }
})

test_that("the column of a data frame is named bare, quoted or not at all", {
  skip_without_python()
  ppl <- emotion_pipeline()
  data <- tibble::tibble(id = c("x", "y"), said = sentences[c(1, 3)])
  bare <- ppl(data, text = said)
  expect_identical(ppl(data, text = "said"), bare)
  expect_identical(ppl(data["said"]), bare)
  error <- expect_error(ppl(data), class = "tidydl_error_column")
  expect_identical(error$allowed, "One of 'id', 'said'.")
})

test_that("options are the pipeline's own until a call says otherwise", {
  skip_without_python()
  ppl <- emotion_pipeline(top_k = 2)
  expect_identical(ppl(sentences[[1]])$rank, 1:2)
  expect_identical(nrow(ppl(sentences[[1]], top_k = NULL)), 6L)
  expect_identical(nrow(ppl(sentences[[1]], top_k = 1)), 1L)
  expect_error(ppl(sentences[[1]], 3), "without a name", class = "tidydl_error_argument")
})

test_that("augment() keeps the rows one to one and puts a prefix before the new columns", {
  skip_without_python()
  data <- example_data("digits", split = "test[:4]")
  ppl <- digits_pipeline()
  joined <- augment(ppl, data, prefix = "vit_", top_k = 2, image = image)
  expect_identical(names(joined), c("image", "label", "vit_label", "vit_score", "vit_label.1", "vit_score.1"))
  expect_identical(as.character(joined$vit_label), as.character(ppl(data, top_k = 1)$label))
  expect_error(augment(ppl, data), "label", class = "tidydl_error_column")
})

test_that("widen() gives one row per input", {
  skip_without_python()
  long <- emotion_pipeline(top_k = 3)(sentences)
  wide <- widen(long)
  expect_identical(wide$.row, 1:3)
  expect_identical(wide$label.1[[1]], long$label[[2]])
  expect_identical(wide$score.2[[3]], long$score[[7]])
  expect_true(is.na(wide$score[[2]]))
})

test_that("a pipeline prints what it is, is a function and survives saveRDS()", {
  skip_without_python()
  ppl <- digits_pipeline()
  shown <- utils::capture.output(print(ppl))
  expect_identical(shown[[1]], "<tidydl pipeline: image-classification>")
  expect_match(shown[[4]], "10: 0, 1, 2, 3, 4, 5, \u2026", fixed = TRUE)
  expect_true(is.function(ppl))
  file <- withr::local_tempfile(fileext = ".rds")
  saveRDS(ppl, file)
  images <- example_data("digits", split = "test[:3]")
  expect_identical(readRDS(file)(images), ppl(images))
})

test_that("images come as a vector, a data frame or paths", {
  skip_without_python()
  ppl <- digits_pipeline(top_k = 1)
  data <- example_data("digits", split = "test[:3]")
  found <- ppl(data)
  expect_s3_class(found$image, "tidydl_image")
  expect_identical(ppl(data$image)$score, found$score)
  file <- withr::local_tempfile(fileext = ".png")
  writeBin(vctrs::vec_data(data$image)[[2]]$bytes, file)
  expect_identical(ppl(file)$label, found$label[2])
})

test_that("embeddings are near for texts that mean alike", {
  skip_without_python()
  found <- embed(c("a cat sleeps", "a kitten naps", "a tax form", NA), device = "cpu")
  expect_identical(found$.row, 1:4)
  expect_identical(dim(found), c(4L, 386L))
  vectors <- as.matrix(found[-(1:2)])
  likeness <- vectors %*% vectors[1, ]
  expect_equal(likeness[[1]], 1, tolerance = 1e-5)
  expect_gt(likeness[[2]], likeness[[3]] + 0.3)
  expect_true(all(is.na(vectors[4, ])))
  expect_identical(nrow(embed(NULL, device = "cpu")), 0L)
})

test_that("tasks() lists what pipelines can do", {
  skip_without_python()
  expect_true(all(c("text-classification", "image-classification") %in% tasks()$task))
})

test_that("a Python without torch says how to install it, and nnet() works without it", {
  skip_without_python()
  blocker <- withr::local_tempdir()
  writeLines("raise ModuleNotFoundError(\"No module named 'torch'\", name='torch')", file.path(blocker, "torch.py"))
  script <- withr::local_tempfile(fileext = ".R")
  answers <- withr::local_tempfile(fileext = ".rds")
  writeLines(deparse(bquote({
    library(tidydl)
    fit <- nnet(Species ~ ., iris, size = 1, maxit = 2, trace = FALSE)
    error <- tryCatch(pipeline(model = example_model("digits")), error = identity)
    saveRDS(list(class = class(error), parts = error[c("problem", "hint")], fit = class(fit)), .(answers))
  })), script)
  run_fresh(script, paste0("PYTHONPATH=", blocker))
  found <- readRDS(answers)
  expect_true("tidydl_error_dependency" %in% found$class)
  expect_identical(found$parts$problem, "torch is not installed in this Python.")
  expect_match(found$parts$hint, "pip install torch", fixed = TRUE)
  expect_true("nnet" %in% found$fit)
})

test_that("named entities are a row each, ready for substr()", {
  skip_without_python()
  ner <- pipeline("ner", model = tiny_model("entities"), device = "cpu")
  texts <- c("My friend lost the dog.", NA, "\u00c4u\u00dferst calm night!")
  found <- ner(texts, aggregation_strategy = "first", ignore_labels = character())
  expect_identical(names(found), c(".row", "text", "entity", "word", "score", "start", "end"))
  expect_identical(unique(found$.row), 1:3)
  words <- substr(found$text, found$start, found$end)[!is.na(found$text)]
  expect_identical(paste(words[1:6], collapse = " "), "My friend lost the dog .")
  expect_true("night" %in% words)
  expect_true(all(is.na(found[found$.row == 2, -1])))
  expect_identical(vapply(ner(NULL), class, ""), vapply(found, class, ""))
  data <- tibble::tibble(id = c("x", "y", "z"), start = 7:9, said = texts)
  expect_identical(ner(data, text = said), ner(texts), ignore_attr = TRUE)
  expect_error(augment(ner, data, text = said), "any number", class = "tidydl_error_argument")
})
