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
  expect_scores(ppl(sentences[[1]])$score, whole$score[[1]])
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

test_that("widen() leaves columns that are no results as they are", {
  skip_without_python()
  long <- emotion_pipeline(top_k = 2)(sentences)
  own <- list(
    took = as.difftime(c(1.5, 2.5, 2.5, 3, 3)[seq_len(nrow(long))], units = "mins"),
    day = as.Date(seq_len(nrow(long)) + 0.5, origin = "1970-01-01"),
    code = matrix(seq_len(2 * nrow(long)), ncol = 2),
    raw = as.raw(seq_len(nrow(long)))
  )
  first <- !duplicated(long$.row)
  frame <- tibble::as_tibble(c(as.list(long[".row"]), own, as.list(long[-1])))
  wide <- widen(frame)
  expect_identical(as.list(wide[names(own)]), lapply(own, function(x) vctrs::vec_slice(x, first)))
  expect_identical(wide$label.1, widen(long)$label.1)
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
  expect_scores(likeness[[1]], 1)
  expect_gt(likeness[[2]], likeness[[3]] + 0.3)
  expect_true(all(is.na(vectors[4, ])))
  expect_identical(nrow(embed(NULL, device = "cpu")), 0L)
  expect_error(embed("a cat", device = "cpu", poolng = "cls"), "pooling", class = "tidydl_error_argument")
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

test_that("labels to choose from come as a vector, a variable or a list column", {
  skip_without_python()
  zero <- pipeline("zero-shot-classification", model = tiny_model("inference"), device = "cpu")
  data <- tibble::tibble(said = c("the sun was happy", "rain again!"))
  moods <- c("joy", "sadness", "calm day")
  found <- zero(data, text = said, candidate_labels = moods)
  expect_identical(names(found), c(".row", "text", "rank", "label", "score"))
  expect_identical(levels(found$label), moods)
  expect_identical(zero(data$said, candidate_labels = moods), found)
  expect_identical(zero(data, text = said, candidate_labels = factor(moods)), found)
  data$moods <- list(moods, c("joy", "anger"))
  expect_identical(as.character(zero(data, text = said, candidate_labels = moods)$.row), rep(c("1", "2"), 3:2))
  wide <- augment(zero, data["said"], candidate_labels = c("joy", "anger"), prefix = "z_")
  expect_identical(names(wide), c("said", "z_label", "z_score", "z_label.1", "z_score.1"))
  error <- expect_error(zero("sun"), class = "tidydl_error_argument")
  expect_identical(error$problem, "`candidate_labels` is missing.")
})

test_that("masks and features are frames like any other", {
  skip_without_python()
  fill <- pipeline("fill-mask", model = tiny_model("masked"), device = "cpu")
  found <- fill("the [MASK] and the [MASK] came", top_k = 2)
  expect_identical(found$mask, c(1L, 1L, 2L, 2L))
  expect_identical(found$rank, c(1L, 2L, 1L, 2L))
  features <- pipeline("feature-extraction", model = tiny_model("encoder"), device = "cpu")
  expect_identical(dim(features(c("sun", NA))), c(2L, 18L))
  expect_identical(features("sun", pooling = "none")$token, c("[CLS]", "sun", "[SEP]"))
})

test_that("questions and contexts are columns, bare or quoted, or arguments by name", {
  skip_without_python()
  qa <- pipeline("question-answering", model = tiny_model("answers"), device = "cpu")
  data <- tibble::tibble(said = c("my friend lost the letter", NA), asked = "the friend ?")
  found <- qa(data, question = asked, context = said)
  expect_identical(names(found), c(".row", "question", "context", "answer", "score", "start", "end"))
  expect_identical(qa(data, question = "asked", context = "said"), found)
  expect_identical(qa(question = data$asked[[1]], context = data$said), found)
  expect_identical(substr(found$context, found$start, found$end), found$answer)
  joined <- augment(qa, data, question = asked, context = said, top_k = 2)
  expect_identical(joined$start[[1]], qa(data, question = asked, context = said)$start[[1]])
  expect_identical(substr(joined$said, joined$start.1, joined$end.1), joined$answer.1)
  expect_error(qa("so"), "several parts", class = "tidydl_error_argument")
})

test_that("generated texts follow set.seed() or a seed, and greedy ones need none", {
  skip_without_python()
  write <- pipeline("text-generation", model = tiny_model("causal"), device = "cpu", max_new_tokens = 4)
  prompts <- c("the sun", NA, "my friend")
  greedy <- write(prompts)
  expect_identical(names(greedy), c(".row", "text", "sequence", "generated_text"))
  expect_identical(is.na(greedy$generated_text), c(FALSE, TRUE, FALSE))
  set.seed(1)
  drawn <- write(prompts, do_sample = TRUE, temperature = 3)
  set.seed(1)
  expect_identical(attr(drawn, "tidydl")$seed, sample.int(.Machine$integer.max, 1))
  set.seed(1)
  expect_identical(write(prompts, do_sample = TRUE, temperature = 3), drawn)
  set.seed(1)
  expect_identical(write(prompts, generate_kwargs = list(do_sample = TRUE, temperature = 3)), drawn)
  set.seed(1)
  write(prompts)
  expect_identical(runif(1), { # nothing was drawn
    set.seed(1)
    runif(1)
  })
  expect_identical(
    write(prompts, do_sample = TRUE, temperature = 3, seed = attr(drawn, "tidydl")$seed)$generated_text,
    drawn$generated_text
  )
})

test_that("chats are data frames of role and content", {
  skip_without_python()
  write <- pipeline("text-generation", model = tiny_model("causal"), device = "cpu", max_new_tokens = 4)
  chat <- tibble::tibble(role = c("system", "user"), content = c("be calm", "are you happy ?"))
  found <- write(chat)
  expect_identical(found$text, "are you happy ?")
  expect_identical(write(list(chat, chat))$generated_text, rep(found$generated_text, 2))
  several <- tibble::tibble(.row = c(1L, 1L, 2L), role = c(chat$role, "user"), content = c(chat$content, "rain"))
  expect_identical(write(several)$generated_text[[1]], found$generated_text)
  expect_identical(write(several)$text, c("are you happy ?", "rain"))
})

test_that("questions about a table have the table as x", {
  skip_without_python()
  ask <- pipeline("table-question-answering", model = tiny_model("tables"), device = "cpu")
  days <- data.frame(day = c("sun", "rain", "night"), letters = c(3, 4, NA))
  questions <- c("the sun ?", NA, "work ? !")
  found <- ask(days, query = questions)
  expect_identical(names(found), c(".row", "query", "answer", "aggregator", "cells"))
  expect_type(found$cells, "list")
  expect_identical(ask(table = days, query = questions), found)
  expect_identical(paste(found$aggregator[[1]], ">", paste(found$cells[[1]], collapse = ", ")), found$answer[[1]])
  expect_identical(lapply(ask(days, query = character()), class), lapply(found, class))
})

test_that("columns are named bare, quoted, by .data or by a variable, and expressions are told to become columns", {
  skip_without_python()
  ppl <- pipeline(model = example_model("emotion"), device = "cpu")
  data <- tibble::tibble(tweet = c("What a day!", "It rains."), other = "x")
  expected <- ppl(data, text = tweet)
  column <- "tweet"
  for (found in list(
    ppl(data, text = "tweet"), ppl(data, text = .data$tweet), ppl(data, text = .data[[column]]),
    ppl(data, text = column)
  )) {
    expect_identical(found, expected)
  }
  expect_error(ppl(data, text = toupper(tweet)), "mutate", class = "tidydl_error_column")
  expect_error(ppl(data, text = NA), class = "tidydl_error_column")
  expect_error(ppl(data, txet = tweet), "Did you mean `text`", class = "tidydl_error_argument")
  expect_error(ppl(data, tweet), "text = tweet", class = "tidydl_error_argument")
})

test_that("texts are read as they are, whatever the locale", {
  skip_without_python()
  said <- "caf\u00e9 \u2603"
  expect_identical(withr::with_locale(c(LC_CTYPE = "C"), echo(said)), said)
  latin <- iconv("caf\u00e9", "UTF-8", "latin1")
  expect_identical(echo(latin), "caf\u00e9")
  unmarked <- "caf\xe9 is sad"
  expect_warning(found <- echo(unmarked), "not valid UTF-8")
  expect_identical(found, "caf<e9> is sad")
})

test_that("chats keep the numbers they came with", {
  skip_without_python()
  write <- pipeline("text-generation", model = tiny_model("causal"), device = "cpu", max_new_tokens = 4)
  chats <- tibble::tibble(
    .row = c(7L, 7L, 3L), role = c("system", "user", "user"), content = c("be calm", "sun", "sun")
  )
  expect_identical(write(chats)$.row, c(7L, 3L))
  expect_identical(nrow(write(chats[0, ])), 0L)
  expect_error(augment(write, chats), "several rows", class = "tidydl_error_argument")
})

test_that("a model in a folder is found from everywhere, and a pipeline tells what it is", {
  skip_without_python()
  folder <- tiny_model("entities")
  ppl <- withr::with_dir(dirname(folder), pipeline(model = basename(folder), device = "cpu"))
  expect_identical(nrow(withr::with_dir(tempdir(), ppl(NA_character_))), 1L)
  expect_identical(ppl$task, "token-classification")
  expect_output(summary(ppl), "token-classification")
})

test_that("a fork is told to be none instead of waiting for ever", {
  skip_without_python()
  skip_on_os("windows")
  ppl <- pipeline(model = example_model("emotion"), device = "cpu")
  ppl("sun")
  told <- parallel::mclapply(1:2, function(i) tryCatch(ppl("sun"), error = conditionMessage), mc.cores = 2)
  expect_match(told[[1]], "fork")
})

test_that("arrays that are no image are refused, and texts to embed may come by name", {
  skip_without_python()
  ppl <- pipeline(model = example_model("digits"), device = "cpu")
  expect_error(ppl(array(0.5, c(8, 8, 100))), "list of arrays", class = "tidydl_error_argument")
  expect_identical(embed(text = "a cat", device = "cpu"), embed("a cat", device = "cpu"))
  expect_error(embed("a", normalise = FALSE, device = "cpu"), "normalize", class = "tidydl_error_argument")
})

test_that("augment() leaves the columns of the data as they are", {
  skip_without_python()
  data <- tibble::tibble(
    text = c("I am happy", NA), took = as.difftime(c(1.5, 2), units = "mins"),
    day = as.Date(c(0.5, 1.25), origin = "1970-01-01"), arm = addNA(factor(c("a", NA))),
    sex = structure(c(1, 2), labels = c(male = 1, female = 2), class = c("haven_labelled", "vctrs_vctr", "double"))
  )
  joined <- augment(pipeline(model = example_model("emotion")), data, text = "text")
  expect_identical(as.list(joined)[names(data)], as.list(data))
  expect_s3_class(joined, "tbl_df")
  expect_identical(is.na(joined$label), c(FALSE, TRUE))
  expect_identical(attr(joined, "tidydl")$task, "text-classification")
})
