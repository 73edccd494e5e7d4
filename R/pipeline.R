#' Make a pipeline: a task and a model that does it
#'
#' The result is a function: call it with a vector or a data frame to get one tidy tibble. It holds plain data only, so
#' `saveRDS()` keeps it; the model is loaded once a session.
#'
#' @param task The task, such as `"text-classification"` (or `"sentiment-analysis"`), `"token-classification"` (or
#'   `"ner"`) or `"image-classification"`; see [tasks()]. Left out, it is read from the model.
#' @param model A folder, or an id of the Hugging Face Hub. Left out, the task's default, which the result names.
#'   Weights are read from safetensors only; code that comes with a model is never run.
#' @param ... Options of the task, made the pipeline's own; see below.
#' @param tokenizer,image_processor Where it is not with the model: a folder or a Hub id.
#' @param revision A branch, tag or commit of a model on the Hub.
#' @param device `"auto"`, `"cpu"`, `"cuda"`, `"cuda:1"` or `"mps"`.
#' @param dtype `"float32"` (the default: equal numbers everywhere), `"float16"`, `"bfloat16"` or `"float64"`.
#'
#' @section Options:
#' All tasks take `batch_size` (inputs a batch, at most), those that read texts `max_length` (tokens) and `long`: what
#' to do with a text that is longer than the model reads, `"truncate"` (the end is left out, with a warning), `"window"`
#' (windows of tokens slide over the text; `stride` tokens are shared by neighbours) or `"error"`.
#'
#' * Classification: `top_k` (how many labels each input gets, best first, `NULL` for all; `return_all_scores = TRUE`
#'   means the same), `function_to_apply` (`"softmax"`, `"sigmoid"`, `"none"`). Over windows the scores are averaged.
#'   The second text of a pair is the column `text_pair`.
#' * Token classification: `aggregation_strategy` (`"none"`: token by token; `"simple"`: neighbours of one kind
#'   together; `"first"`, `"average"`, `"max"`: whole words, with the label of the first token, of the mean, of the
#'   surest), of older code `grouped_entities`; `ignore_labels`.
#' * Filling masks: `top_k` (5), `targets` (words to choose from). `mask` says which of the masks of a text a row is
#'   about.
#' * Feature extraction: `pooling` (`"mean"`, `"cls"`, `"max"`, or `"none"` for a row per token), `normalize`.
#' * Zero-shot classification: `candidate_labels` (a vector for all texts, or a list column), `top_k`. A model of
#'   natural language inference also takes `hypothesis_template` and `multi_label`. A causal language model scores each
#'   label by its probability as the continuation of `prompt`, such as `"{text} It was {label}."`; scores add up to 1
#'   over the labels, and nothing is parsed. With `per_token = TRUE` labels are compared by the mean log probability of
#'   their tokens, so that long ones are not less likely for being long.
#' * Question answering: `question`, `context`; `top_k` (1), `max_answer_len` (15 tokens), `handle_impossible_answer`
#'   (the answer can be `""`), `align_to_words`. Contexts are read in windows of `max_length` tokens (384, the question
#'   included; `max_seq_len` in older code) that share `stride` (128, `doc_stride`); the best answer of all windows
#'   wins.
#' * Table question answering: `x` is the table, a data frame, and `query` the questions about it. `cells`, a list
#'   column, holds the cells of the answer, `aggregator` what is to be done with them.
#' * Generation (text-generation, text2text-generation, summarization, translation): `max_new_tokens`,
#'   `num_return_sequences`, `num_beams`, `min_new_tokens`, `repetition_penalty`, `no_repeat_ngram_size`,
#'   `length_penalty`, `early_stopping`, `min_length`, `max_length`, `prefix`. With `do_sample = TRUE` tokens are drawn
#'   at random (by `temperature`, `top_k`, `top_p`), from `seed`, else from one draw of R's generator, so that
#'   [set.seed()] governs them; otherwise the likeliest is taken, unless the model's own settings say that it draws.
#'   `return_full_text = FALSE` leaves the prompt out. A chat is a data frame with `role` and `content`, several are
#'   told apart by `.row`. Of a prompt that is too long the end is kept. `src_lang` and `tgt_lang` are for models that
#'   know several languages; as a task `"translation_en_to_fr"` says both.
#'
#' @return A function of class `tidydl_pipeline` with the arguments `x` (a character vector, a factor, a vector of
#'   images or paths, or a data frame), the parts of the inputs by name (`text`, `image`, `text_pair`: the columns of a
#'   data frame, bare or quoted; without `x` the values themselves), `progress` (`TRUE` or `FALSE` to force a bar; by
#'   default it is shown where somebody looks) and the options above. It gives a tibble with `.row` (which input,
#'   counted from 1), the input, and the columns of the task that [tasks()] lists. A classifier gives `rank` where
#'   `top_k` is not 1 (1 is the best), `label` (a factor with all labels of the model) and `score`. Entities have a row
#'   each, and a text without any has none; `substr(text, start, end)` cuts them out. A missing input gives one line of
#'   missing values.
#' @section Errors: `tidydl_error_not_found` (task, model), `tidydl_error_damaged` (a file of the model),
#'   `tidydl_error_argument`, `tidydl_error_column`, `tidydl_error_device`, `tidydl_error_hub`,
#'   `tidydl_error_dependency`.
#' @seealso [augment.tidydl_pipeline()], [widen()], [embed()]
#' @examples
#' \dontrun{
#' ppl <- pipeline("text-classification", model = example_model("emotion"))
#' ppl(c("I could sing all day.", "It is raining again."))
#' }
#' @export
pipeline <- function(task = NULL, model = NULL, ..., tokenizer = NULL, image_processor = NULL, revision = NULL,
                     device = "auto", dtype = "float32") {
  named <- list(
    task = task, model = model, tokenizer = tokenizer, image_processor = image_processor, revision = revision,
    device = device, dtype = dtype
  )
  options <- list(...)
  check_named(options)
  spec <- c(Filter(Negate(is.null), named), options)
  new_pipeline(spec, call_python("pipeline_open", list(spec = spec)))
}

new_pipeline <- function(spec, facts) {
  run <- function(x, ..., progress = NULL) {
    data <- if (!missing(x)) x
    options <- call_options(rlang::enquos(...), facts, data)
    options <- with_seed(options, spec, facts)
    arguments <- c(list(spec = spec), if (!missing(x)) list(x = inputs(x)), list(options = options))
    call_python("pipeline_run", arguments, progress, call = quote(pipeline()))
  }
  structure(run, class = c("tidydl_pipeline", "function"), facts = facts)
}

# The arguments of a call by name: the parts of the inputs as the names of columns where there is a data frame, given
# bare or quoted; all else as it is.
call_options <- function(quosures, facts, data, call = rlang::caller_env()) {
  check_named(quosures, call)
  options <- lapply(names(quosures), function(name) {
    if (name %in% facts$parts && is.data.frame(data) && facts$reads_columns) {
      return(column_given(quosures[[name]], if (name %in% facts$shared) names(data)))
    }
    value <- rlang::eval_tidy(quosures[[name]])
    if (is.factor(value)) as.character(value) else value
  })
  stats::setNames(options, names(quosures))
}

# Where the draws of a generated text start: one number of R's own generator, so that set.seed() governs them.
with_seed <- function(options, spec, facts) {
  draws <- c(options$do_sample, spec$do_sample, facts$do_sample)
  if (length(draws) && isTRUE(draws[[1]]) && is.null(options$seed) && is.null(spec$seed)) {
    options$seed <- sample.int(.Machine$integer.max, 1)
  }
  options
}

# The name of a column given bare or quoted, or by a variable that holds it. A part that may be one value for all
# inputs is a column only where there is one of that name.
column_given <- function(quosure, columns = NULL) {
  given <- rlang::quo_get_expr(quosure)
  if (is.symbol(given) && (is.null(columns) || as.character(given) %in% columns)) {
    return(as.character(given))
  }
  rlang::eval_tidy(quosure)
}

#' @export
print.tidydl_pipeline <- function(x, ...) {
  facts <- attr(x, "facts")
  labels <- as.character(facts$labels)
  listed <- paste(utils::head(labels, 6), collapse = ", ")
  cat(
    sprintf("<tidydl pipeline: %s>\n", facts$task),
    sprintf("  model   %s\n", facts$model),
    sprintf("  device  %s (%s)\n", facts$device, facts$dtype),
    if (!is.null(facts$labels)) {
      sprintf("  labels  %d: %s%s\n", length(labels), listed, if (length(labels) > 6) ", \u2026" else "")
    },
    sep = ""
  )
  invisible(x)
}

#' Join a pipeline's results to the data
#'
#' The rows of the data stay one to one; ranks are spread wide as by [widen()].
#'
#' @param x A pipeline made with [pipeline()].
#' @param data A data frame with the inputs in a column.
#' @param prefix Put before the names of the new columns, to keep two pipelines apart.
#' @param progress `TRUE` or `FALSE` to force a progress bar.
#' @param ... The columns of the inputs, bare or quoted, by the names of their parts (`text = tweet`), not needed where
#'   only one column fits; and options as for a call of the pipeline.
#'
#' @return `data` as a tibble with the pipeline's columns at the end.
#' @section Errors: `tidydl_error_column` where the data have a column of the same name already; `tidydl_error_argument`
#'   where an input can have any number of results, such as named entities: their long form, the result of the pipeline
#'   itself, is the tidy one.
#' @examples
#' \dontrun{
#' ppl <- pipeline(model = example_model("emotion"))
#' augment(ppl, example_data("diary"), text = text)
#' }
#' @export
augment.tidydl_pipeline <- function(x, data, ..., prefix = "", progress = NULL) {
  options <- call_options(rlang::enquos(...), attr(x, "facts"), data)
  spec <- get("spec", environment(x))
  options <- with_seed(options, spec, attr(x, "facts"))
  arguments <- list(spec = spec, data = data, prefix = prefix, options = options)
  call_python("pipeline_augment", arguments, progress, call = quote(augment()))
}

#' Spread the ranks of a pipeline's result
#'
#' @param x A result of a pipeline: a row for each input and rank.
#'
#' @return A tibble with one row per input: `.row`, the input, `label`, `score`, `label.1`, `score.1`, and so on.
#' @examples
#' \dontrun{
#' ppl <- pipeline(model = example_model("emotion"), top_k = 3)
#' widen(ppl("What a day!"))
#' }
#' @export
widen <- function(x) {
  call_python("widen", list(x = x))
}

#' The tasks of pipelines
#'
#' @return A tibble with a row per task: its name, its input, what comes back, its default model.
#' @examples
#' \dontrun{
#' tasks()
#' }
#' @export
tasks <- function() {
  call_python("tasks")
}

#' Embed texts or images
#'
#' One row of numbers per input, alike for inputs that mean alike.
#'
#' @param x A character vector, a vector of images or paths, or a data frame.
#' @param model A folder or an id of the Hugging Face Hub. Left out, the sentence encoder all-MiniLM-L6-v2, which works
#'   without a network and reads texts.
#' @param pooling How the vectors of the tokens (or patches) become one: their `"mean"`, the first (`"cls"`), or the
#'   largest value of each dimension (`"max"`).
#' @param normalize Whether to scale each embedding to length 1, so that sums of products are cosines.
#' @param text,image The column of a data frame that holds the inputs, bare or quoted.
#' @param device,progress As for [pipeline()] and its calls.
#' @param ... `tokenizer`, `image_processor`, `revision`, `dtype`, `max_length`, `batch_size`, as for [pipeline()].
#'
#' @return A tibble with `.row` (counted from 1), `text` or `image`, and `dim_1` to `dim_k`. A missing input gives
#'   missing numbers.
#' @source Reimers & Gurevych (2019), Sentence-BERT, EMNLP.
#' @examples
#' \dontrun{
#' embed(c("a cat", "a kitten", "a tax form"))
#' }
#' @export
embed <- function(x, model = NULL, pooling = "mean", normalize = TRUE, ..., text, image, device = "auto",
                  progress = NULL) {
  options <- c(
    list(pooling = pooling, normalize = normalize), list(...),
    if (!missing(text)) list(text = column_given(rlang::enquo(text))),
    if (!missing(image)) list(image = column_given(rlang::enquo(image)))
  )
  check_named(options)
  spec <- c(list(device = device), if (!is.null(model)) list(model = model))
  call_python("embed_run", list(spec = spec, x = inputs(x), options = options), progress)
}

# NULL is no input at all, as everywhere in R; Python takes its own for one that is missing.
inputs <- function(x) if (is.null(x)) character() else x

check_named <- function(options, call = rlang::caller_env()) {
  if (length(options) && (is.null(names(options)) || !all(nzchar(names(options))))) {
    abort_tidydl(
      "argument", "An option was given without a name.", "Options by name, such as top_k = 3.",
      call = call
    )
  }
}
