#' Go through a data set batch by batch
#'
#' For data that do not fit into memory, or that are to be worked on as they come: one batch of rows is there at a time,
#' however large the whole is.
#'
#' @param path Where the data are, as in [load_dataset()].
#' @param callback What to do with each batch: a function of one tibble, or a pipeline made with [pipeline()], whose
#'   results are then computed where the data are read, so that only they cross to R. Left out, the data are written to
#'   `output` as they are.
#' @param ... The arguments of [load_dataset()] that say which data: `name`, `data_dir`, `data_files`, `split` (needed
#'   where there are several), `columns`, `n` (of the first rows), `revision`, `token`, `cache_dir`,
#'   `verification_mode`, `sep`, `field`. With a pipeline also the columns of its inputs, bare or quoted, by the names
#'   of their parts (`text = tweet`), and its options (`top_k = 3`).
#' @param batch_size How many rows a batch has.
#' @param output A file named `.parquet` to which the results are written as they come; nothing of them stays in memory.
#' @param augment With a pipeline: whether its results are joined to the data, as by [augment()], rather than given in
#'   their own rows.
#' @param prefix Put before the names of the new columns then, to keep two pipelines apart.
#' @param progress `TRUE` or `FALSE` to force a progress bar.
#'
#' @details All batches have the columns and kinds of the whole, levels of labels included: text files are looked
#'   through once for that. A data set of the Hub is downloaded first. `.row` of a pipeline's results counts on from
#'   batch to batch. The work can be interrupted; the file is then closed and no half of `output` is left.
#'
#' @return Where the callback gives data frames: these, bound by rows to one tibble, or with `output` its path,
#'   invisibly. Otherwise the number of rows, invisibly.
#' @section Errors: as [load_dataset()], [pipeline()] and [write_dataset()]; `tidydl_error_argument` where there are
#'   several splits and `split` names none, or where with `output` a callback gives something else than data frames.
#' @examples
#' \dontrun{
#' total <- 0
#' stream_dataset("large.csv", function(batch) total <<- total + sum(batch$score))
#'
#' few <- stream_dataset("large.csv", function(batch) dplyr::filter(batch, score > 9))
#'
#' ppl <- pipeline(model = example_model("emotion"))
#' stream_dataset("large.csv", ppl, text = tweet, augment = TRUE, output = "labelled.parquet")
#' }
#' @export
stream_dataset <- function(path, callback = NULL, ..., batch_size = 1000, output = NULL, augment = FALSE, prefix = "",
                           progress = NULL) {
  given <- rlang::enquos(...)
  check_named(given)
  ppl <- if (inherits(callback, "tidydl_pipeline")) callback
  check_stream(callback, output, check_flag("augment", augment))
  of_data <- if (is.null(ppl)) rep(TRUE, length(given)) else names(given) %in% stream_arguments
  stream <- open_stream(path, lapply(given[of_data], rlang::eval_tidy), batch_size)
  opened <- stream$id
  on.exit(close_streams(opened))
  if (!is.null(ppl)) {
    stream <- stream_of_results(stream, ppl, given[!of_data], if (augment) prefix)
    opened <- c(opened, stream$id)
  }
  if (!is.null(output) && (is.null(callback) || !is.null(ppl))) {
    return(invisible(call_python("stream_write", list(id = stream$id, path = output), progress)))
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
  "sep", "field"
)

check_stream <- function(callback, output, augment, call = rlang::caller_env()) {
  if (!is.function(callback) && !(is.null(callback) && !is.null(output))) {
    abort_tidydl(
      "argument", sprintf("`callback` is %s.", described(callback)), "A function of one tibble, or a pipeline.",
      if (is.null(callback)) "load_dataset() gives all rows at once; `output` copies them to a file.",
      call = call
    )
  }
  if (augment && !inherits(callback, "tidydl_pipeline")) {
    abort_tidydl("argument", "`augment` is true, and `callback` is no pipeline.", "False.", call = call)
  }
}

open_stream <- function(path, given, batch_size, call = rlang::caller_env()) {
  if (is_r_file(path)) {
    path <- splits_of_r_file(path, given$split, call)
    given$split <- NULL
    if (is_splits(path)) {
      abort_tidydl(
        "argument", "`split` is missing, and there are several.", one_of(c(names(path), "all")),
        sprintf("Write split = \"%s\", or \"all\" for all of them.", names(path)[[1]]),
        call = call
      )
    }
  }
  given$columns <- as_list(given$columns)
  given$split <- as_list(given$split)
  given$data_files <- files_given(given$data_files)
  given <- Filter(Negate(is.null), given)
  known <- names(given) %in% stream_arguments
  arguments <- c(list(path = with_notes(path)), given[known], list(batch_size = batch_size, older = given[!known]))
  call_python("stream_open", arguments, call = call)
}

# The stream of a pipeline's results; with a `prefix`, which may be empty, joined to the data.
stream_of_results <- function(stream, ppl, given, prefix, call = rlang::caller_env()) {
  spec <- attr(ppl, "spec")
  facts <- attr(ppl, "facts")
  options <- call_options(given, facts, stream$empty, call)
  drawn <- draw(options, spec, facts, call)
  arguments <- list(id = stream$id, spec = spec, options = options, prefix = prefix, drawn = drawn)
  call_python("stream_run", arguments, call = call)
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

# Calls `work` with one batch of rows after the other, and `take` with each result and its number.
each_batch <- function(stream, work, take, progress, call) {
  rows <- 0
  number <- 0
  repeat {
    batch <- call_python("stream_next", list(id = stream$id), progress, call = call)
    if (is.null(batch)) {
      return(rows)
    }
    if (nrow(batch)) {
      rows <- rows + nrow(batch)
      number <- number + 1
      take(work(batch), number)
    }
  }
}

results_of_batches <- function(stream, work, progress, call = rlang::caller_env()) {
  results <- list()
  keep <- function(result, number) if (is.data.frame(result)) results[[length(results) + 1L]] <<- result
  rows <- each_batch(stream, work, keep, progress, call)
  if (!rows && identical(work, identity)) {
    results <- list(stream$empty)
  }
  if (!length(results)) {
    return(invisible(if (rows <= .Machine$integer.max) as.integer(rows) else rows))
  }
  tibble::as_tibble(do.call(vctrs::vec_rbind, results))
}

# Each result becomes a file; together they are the stream that is written, in the kinds of all of them.
write_results <- function(stream, work, output, progress, call = rlang::caller_env()) {
  folder <- tempfile("stream")
  dir.create(folder)
  on.exit(unlink(folder, recursive = TRUE))
  parts <- new_parts(folder, call)
  if (!each_batch(stream, work, parts$write, progress, call)) {
    parts$write(work(stream$empty), 1)
  }
  parts$settle()
  written <- open_stream(folder, list(), stream$batch_size, call)
  on.exit(close_streams(written$id), add = TRUE, after = FALSE)
  invisible(call_python("stream_write", list(id = written$id, path = output), progress, call = call))
}

# Data frames in the files of a folder. A column of nothing but NA is of no kind yet: later frames may say of which,
# and where none does the first one has it as a logical.
new_parts <- function(folder, call) {
  never_known <- NULL
  first <- NULL
  put <- function(data, open, number) {
    data[open] <- rep(list(vector("list", nrow(data))), length(open))
    file <- file.path(folder, sprintf("part-%08d.parquet", number))
    call_python("write_dataset", list(data = with_notes(data), path = file), call = call)
  }
  list(
    write = function(result, number) {
      check_written(result, call)
      open <- names(result)[vapply(result, function(column) is.logical(column) && all(is.na(column)), NA)]
      if (is.null(first)) {
        first <<- list(data = result, open = open)
        never_known <<- open
      }
      never_known <<- intersect(never_known, open)
      put(result, open, number)
    },
    settle = function() if (length(never_known)) put(first$data, setdiff(first$open, never_known), 1)
  )
}

check_written <- function(result, call) {
  if (!is.data.frame(result)) {
    abort_tidydl(
      "argument", sprintf("`callback` gave %s.", described(result)), "A data frame for each batch.",
      "Leave `output` out where there is nothing to write.",
      call = call
    )
  }
}
