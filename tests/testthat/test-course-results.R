# What pipelines and data sets of import("transformers") and import("datasets") give in R, in the idioms of courses.

course_pipeline <- function(...) {
  skip_without_python()
  import("transformers")$pipeline(...)
}

mood_pipeline <- function(...) course_pipeline("sentiment-analysis", model = example_model("emotion"), ...)

said <- c("I could sing all day.", NA, "It is raining again.")

labels_of <- function(result) vapply(result, function(one) one$label, "")

test_that("a pipeline returns transformers' own list, and one row per input as a data frame", {
  ppl <- mood_pipeline()
  one <- ppl(said[1])
  expect_identical(lapply(one, names), list(c("label", "score")))
  expect_type(one[[1]]$score, "double")
  frame <- as.data.frame(one)
  expect_identical(names(frame), c("label", "score"))
  expect_s3_class(frame, "data.frame", exact = TRUE)
  both <- as.data.frame(ppl(said[c(1, 3)]))
  expect_identical(dim(both), c(2L, 2L)) # the slides had one row with label.1
  expect_identical(both$label, labels_of(ppl(said[c(1, 3)])))
  expect_identical(data.frame(ppl(said[c(1, 3)])), both)
})

test_that("ranks stand side by side, of one text and of several, and all scores are those of all labels", {
  ppl <- mood_pipeline()
  wide <- as.data.frame(ppl(said[1], top_k = 2)) # a double
  expect_identical(names(wide), c("label", "score", "label.1", "score.1"))
  expect_identical(nrow(wide), 1L)
  several <- as.data.frame(ppl(said[c(1, 3)], top_k = 2))
  expect_identical(names(several), names(wide))
  expect_identical(several$label.1[[1]], wide$label.1)
  every <- mood_pipeline(return_all_scores = TRUE)(said[1])
  expect_length(every[[1]], 6)
  expect_identical(dim(as.data.frame(every)), c(1L, 12L))
})

test_that("as_tibble() of a result is the tidy frame of pipeline()", {
  ppl <- mood_pipeline()
  expect_identical(
    tibble::as_tibble(ppl(said)), pipeline("sentiment-analysis", model = example_model("emotion"))(said),
    tolerance = 1e-5, ignore_attr = "tidydl"
  )
  expect_identical(tibble::as_tibble(ppl(said[1], top_k = 2))$rank, 1:2)
})

test_that("the idioms of courses work on a result", {
  testthat::skip_if_not_installed("tidyr")
  testthat::skip_if_not_installed("purrr")
  ppl <- mood_pipeline()
  texts <- said[c(1, 3)]
  labels <- labels_of(ppl(texts))
  pred <- ppl(texts)
  expect_identical(pred[[1]]$label, labels[[1]])
  expect_identical(purrr::map_chr(pred, 1), labels)
  expect_identical(do.call(rbind, lapply(pred, as.data.frame))$label, labels)
  expect_identical(dplyr::bind_rows(pred)$label, labels)
  data <- tibble::tibble(text = texts)
  rows <- dplyr::mutate(dplyr::rowwise(data), pred = as.data.frame(ppl(text)))
  expect_identical(rows$pred$label, labels)
  expect_identical(names(rows$pred), c("label", "score"))
  one_row <- function(text) tibble::tibble(label = ppl(text)[[1]]$label)
  found <- tidyr::unnest_wider(dplyr::mutate(data, result = lapply(text, one_row)), result)
  expect_identical(found$label, labels)
  expect_identical(tidyr::unnest_wider(dplyr::mutate(data, result = ppl(text)), result)$label, labels)
  expect_type(dplyr::mutate(dplyr::rowwise(data), pred = ppl(text))$pred, "list")
})

test_that("a missing text has a missing result, and a factor is text", {
  ppl <- mood_pipeline()
  found <- as.data.frame(ppl(said))
  expect_identical(is.na(found$label), c(FALSE, TRUE, FALSE))
  expect_identical(is.na(found$score), c(FALSE, TRUE, FALSE))
  expect_identical(ppl(NA)[[1]], list(label = NA_character_, score = NA_real_))
  expect_identical(labels_of(ppl(factor(said[c(1, 3)]))), labels_of(ppl(said[c(1, 3)])))
})

test_that("no text has no row, and a text without entities a row of no values", {
  expect_identical(nrow(as.data.frame(mood_pipeline()(character()))), 0L)
  find <- course_pipeline("ner", model = tiny_model("entities"), grouped_entities = TRUE)
  none <- find("so", ignore_labels = c("O", "LOC", "PER", "ORG", "MISC"))
  expect_length(none, 0)
  expect_identical(nrow(as.data.frame(none)), 1L)
  data <- tibble::tibble(text = c("so", "my friend lost the dog"))
  wide <- dplyr::mutate(dplyr::rowwise(data), pred = as.data.frame(find(text)))
  expect_identical(nrow(wide), 2L)
})

test_that("a result prints as a list, and is plain data for saveRDS() and parts of it", {
  ppl <- mood_pipeline()
  found <- ppl(said[c(1, 3)])
  expect_output(print(found), "[[1]]$label", fixed = TRUE)
  file <- withr::local_tempfile(fileext = ".rds")
  saveRDS(found, file)
  expect_identical(as.data.frame(readRDS(file)), as.data.frame(found))
  expect_error(tibble::as_tibble(readRDS(file)), "another session", class = "tidydl_error_bridge")
  expect_identical(class(found[1]), "list")
  expect_identical(class(vctrs::vec_slice(found, 2:1)), "list")
  expect_identical(class(vctrs::vec_c(found, found)), "list")
})

test_that("set.seed() governs generated text, and after set_seed() of Python that does", {
  write <- course_pipeline("text-generation", model = tiny_model("causal"))
  drawn <- function() write("the sun", max_new_tokens = 6, do_sample = TRUE, temperature = 3)[[1]]$generated_text
  set.seed(1)
  first <- c(drawn(), drawn())
  set.seed(1)
  expect_identical(c(drawn(), drawn()), first)
  expect_false(first[[1]] == first[[2]])
  transformers <- import("transformers")
  transformers$set_seed(42)
  second <- c(drawn(), drawn())
  transformers$set_seed(42)
  expect_identical(c(drawn(), drawn()), second)
  set.seed(1)
  expect_identical(c(drawn(), drawn()), first)
})

test_that("questions, labels to choose from and entities have their nesting, and a row per input", {
  ask <- course_pipeline(task = "question-answering", model = tiny_model("answers"))
  reports <- c("my friend lost the dog", "the sun was happy")
  answers <- lapply(reports, function(report) ask(question = "who ?", context = report))
  expect_setequal(names(answers[[1]]), c("score", "start", "end", "answer"))
  frame <- tibble::as_tibble(do.call(rbind, lapply(answers, as.data.frame)))
  expect_identical(frame$answer, vapply(answers, function(each) each$answer, ""))
  tidy <- tibble::as_tibble(answers[[1]])
  expect_identical(substr(reports[[1]], tidy$start, tidy$end), answers[[1]]$answer)
  choose <- course_pipeline("zero-shot-classification", model = tiny_model("inference"))
  chosen <- choose("the sun was happy", candidate_labels = c("joy", "sadness"))
  expect_setequal(chosen$labels, c("joy", "sadness"))
  expect_identical(names(as.data.frame(chosen)), c("sequence", "labels", "scores", "labels.1", "scores.1"))
  expect_identical(nrow(as.data.frame(choose(reports, candidate_labels = c("joy", "sadness")))), 2L)
  find <- course_pipeline("ner", model = tiny_model("entities"), grouped_entities = TRUE)
  expect_true(all(vapply(find(reports[[1]]), function(each) "entity_group" %in% names(each), NA)))
})

test_that("printing a pipeline names task, model and device", {
  shown <- utils::capture.output(print(mood_pipeline()))
  expect_match(shown, "text-classification", all = FALSE)
  expect_match(shown, example_model("emotion"), fixed = TRUE, all = FALSE)
  expect_match(shown, "cpu|cuda|mps", all = FALSE)
})

# A small data set of texts and labels.
course_data <- function() {
  skip_without_python()
  datasets <- import("datasets")
  texts <- c("I sing", "it rains", "why not", "so it is")
  data <- datasets$Dataset$from_dict(list(text = texts, label = c(1L, 0L, 1L, 0L)))
  data$cast_column("label", datasets$ClassLabel(names = c("sadness", "joy")))
}

test_that("a column of a data set is a vector, of which the first element is the first", {
  data <- course_data()
  expect_identical(data["text"][1], "I sing")
  expect_identical(data[["text"]], c("I sing", "it rains", "why not", "so it is"))
  expect_identical(data["label"][2:3], 0:1)
  expect_identical(nchar(data["text"]), c(6L, 8L, 7L, 8L))
  expect_identical(as.vector(table(data["label"])), c(2L, 2L))
  expect_identical(data.frame(text = data["text"])$text[[2]], "it rains")
  expect_error(data$text, "is a column", class = "tidydl_error_python")
})

test_that("labels are codes from 0, doubles, and their names are in the features", {
  data <- course_data()
  names <- data$features$label$names
  expect_identical(names, c("sadness", "joy"))
  for (frame in list(tibble::as_tibble(data), tibble::as_tibble(data$to_pandas()), py_to_r(data$to_pandas()))) {
    expect_identical(frame$label, c(1, 0, 1, 0))
    expect_identical(names[frame$label + 1], c("joy", "sadness", "joy", "sadness"))
  }
  expect_s3_class(data$to_pandas(), "data.frame", exact = TRUE)
})

test_that("splits are found by $, [[ and names(), and rows by numbers from 0", {
  parts <- course_data()$train_test_split(test_size = 0.25, seed = 1)
  expect_identical(names(parts), c("train", "test"))
  expect_identical(parts$train$num_rows, 3L)
  expect_identical(parts[["test"]]["text"], parts$test["text"])
  data <- course_data()
  expect_identical(data[0], list(text = "I sing", label = 1L))
  expect_identical(data$select(c(0, 2))["text"], c("I sing", "why not"))
  expect_identical(length(data), 4L)
  expect_identical(dim(data), c(4L, 2L))
  expect_output(print(data), "num_rows: 4")
  expect_identical(head(data, 2)$text, c("I sing", "it rains"))
})

test_that("map() and filter() take functions of R, row by row or by batches", {
  data <- course_data()
  by_row <- data$map(function(row) list(n = nchar(row$text), first = substr(row[["text"]], 1, 1)))
  expect_identical(by_row["n"], c(6L, 8L, 7L, 8L))
  expect_identical(by_row["first"], c("I", "i", "w", "s"))
  expect_identical(data$map(function(rows) list(n = nchar(rows["text"])), batched = TRUE)["n"], by_row["n"])
  expect_identical(data$filter(function(row) row$label == 0)["text"], c("it rains", "so it is"))
  expect_identical(data$map(function(row) list(v = seq_len(row$label + 1)))["v"], list(1:2, 1L, 1:2, 1L))
  expect_error(data$map(function(row) rlang::abort("mine")), "mine")
  tokenizer <- import("transformers")$AutoTokenizer$from_pretrained(example_model("emotion"))
  encode <- function(rows) tokenizer(rows[["text"]], padding = "max_length", truncation = TRUE, max_length = 6)
  encoded <- data$map(encode, batched = TRUE)
  expect_identical(lengths(encoded["input_ids"]), rep(6L, 4))
  expect_identical(data$map(encode)["input_ids"], encoded["input_ids"])
  encoded$set_format("torch", columns = c("input_ids", "label"))
  expect_identical(dim(encoded["input_ids"]), c(4L, 6L))
})

test_that("images of a data set are files, which an image pipeline reads", {
  skip_without_python()
  digits <- vctrs::vec_data(example_data("digits", split = "test[:2]")$image)
  datasets <- import("datasets")
  cells <- lapply(digits, function(one) list(bytes = one$bytes, path = NULL))
  data <- tibble::as_tibble(datasets$Dataset$from_dict(list(image = cells))$cast_column("image", datasets$Image()))
  expect_identical(names(data$image[[1]]), c("bytes", "path"))
  expect_true(all(file.exists(vapply(data$image, function(one) one$path, ""))))
  see <- course_pipeline("image-classification", model = example_model("digits"))
  rows <- dplyr::mutate(dplyr::rowwise(data), pred = as.data.frame(see(image$path)))
  expect_identical(names(rows$pred)[1:4], c("label", "score", "label.1", "score.1"))
  expect_identical(rows$pred$label[[1]], see(data$image[[1]]$path)[[1]]$label)
})

test_that("a function of R computes metrics of predictions", {
  skip_without_python()
  numpy <- import("numpy")
  result <- import("transformers")$EvalPrediction(predictions = matrix(c(1, 5, 3, 2, 9, 4), 2), label_ids = c(2L, 1L))
  compute_metrics <- function(p) {
    list(accuracy = mean(numpy$argmax(p$predictions, axis = 1L) == p$label_ids))
  }
  py_run_string("def evaluated(compute, p): return compute(p)['accuracy']")
  expect_identical(py$evaluated(compute_metrics, result), 0.5)
})

test_that("a pipeline that was saved opens again in another session, its tokenizer too", {
  skip_without_python()
  transformers <- import("transformers")
  tokenizer <- transformers$AutoTokenizer$from_pretrained(example_model("emotion"))
  ppl <- transformers$pipeline(model = example_model("emotion"), tokenizer = tokenizer)
  file <- withr::local_tempfile(fileext = ".rds")
  saveRDS(list(ppl = ppl, tokenizer = tokenizer, thing = py_run_string("class Thing: pass")$Thing()), file)
  answers <- withr::local_tempfile(fileext = ".rds")
  script <- withr::local_tempfile(fileext = ".R", lines = c(
    "library(tidydl)", sprintf("saved <- readRDS(%s)", deparse(file)),
    "shown <- capture.output(print(saved$ppl))",
    "label <- saved$ppl('I could sing all day.')[[1]]$label",
    "ids <- unlist(saved$tokenizer('I sing')$input_ids)",
    "lost <- class(tryCatch(saved$thing$size, error = identity))[[1]]",
    sprintf("saveRDS(list(shown = shown, label = label, ids = ids, lost = lost), %s)", deparse(answers))
  ))
  system2(file.path(R.home("bin"), "Rscript"), shQuote(script), stdout = FALSE, stderr = FALSE)
  found <- readRDS(answers)
  expect_match(found$shown, "text-classification", all = FALSE)
  expect_identical(found$label, ppl("I could sing all day.")[[1]]$label)
  expect_identical(found$ids, unlist(tokenizer("I sing")$input_ids))
  expect_identical(found$lost, "tidydl_error_bridge")
})

test_that("what was saved holds no access token, and opens nothing but models and data sets", {
  skip_without_python()
  token <- paste0("hf_", strrep("secret", 4))
  tokenizer <- import("transformers")$AutoTokenizer$from_pretrained(example_model("emotion"), token = token)
  expect_false(grepl(token, paste(deparse(environment(tokenizer)$origin), collapse = ""), fixed = TRUE))
  is_safe_origin <- getFromNamespace("is_safe_origin", "tidydl")
  expect_true(is_safe_origin(environment(tokenizer)$origin))
  of <- function(module, name) list(how = "attribute", of = list(how = "import", name = module), name = name)
  calls <- function(of, ...) list(how = "call", of = of, given = list(...))
  beside <- withr::local_tempdir()
  writeLines("open('ran', 'w').close()", file.path(beside, "strange.py"))
  withr::local_dir(beside)
  for (origin in list(
    calls(of("os", "system"), "touch ran"), calls(of("os", "pipeline"), "x"), list(how = "import", name = "strange"),
    calls(of("transformers", "pipeline"), "x", trust_remote_code = TRUE), calls(of("transformers", "set_seed"), 1),
    calls(of("transformers", "pipeline"), function(x) x), list(how = "run", name = "x"), "import", list(how = 1)
  )) {
    expect_false(is_safe_origin(origin), label = deparse1(origin))
  }
  expect_false(file.exists("ran"))
  file <- withr::local_tempfile(fileext = ".rds")
  environment(tokenizer)$origin <- calls(of("os", "system"), "touch ran")
  saveRDS(tokenizer, file)
  script <- withr::local_tempfile(fileext = ".R", lines = c(
    "library(tidydl)", sprintf("saved <- readRDS(%s)", deparse(file)),
    "cat(class(tryCatch(saved('a'), error = identity))[[1]])"
  ))
  shown <- system2(file.path(R.home("bin"), "Rscript"), shQuote(script), stdout = TRUE, stderr = FALSE)
  expect_match(shown, "tidydl_error_bridge", all = FALSE)
  expect_false(file.exists("ran"))
})
