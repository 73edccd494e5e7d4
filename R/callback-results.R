# The results of the callback of stream_dataset(), batch after batch: bound to one tibble, or written as they come.

# Calls `work` with one batch of rows after the other, and `take` with each result, its number, and its rows in words.
each_batch <- function(stream, work, take, progress, call) {
  rows <- 0
  number <- 0
  repeat {
    batch <- call_python("stream_next", list(id = stream$id), progress, call, named_in_stream)
    if (is.null(batch)) {
      return(rows)
    }
    if (nrow(batch)) {
      label <- sprintf("rows %.0f to %.0f", rows + 1, rows + nrow(batch))
      rows <- rows + nrow(batch)
      number <- number + 1
      take(result_of(work, batch, label, call), number, label)
    }
  }
}

# An error of the callback keeps its classes and fields, and names the batch in which it occurred.
result_of <- function(callback, batch, rows, call) {
  withCallingHandlers(callback(batch), error = function(cnd) {
    fields <- unclass(cnd)
    fields <- fields[setdiff(names(fields), c("", "rlang", names(formals(rlang::abort))))]
    own <- setdiff(class(cnd), c("simpleError", "rlang_error", "error", "condition"))
    rlang::abort(
      sprintf("`callback` failed on %s.", rows),
      class = c("tidydl_callback_error", own), !!!fields, parent = cnd, call = call
    )
  })
}

# The message of such an error is its own, whatever methods its other classes have; the parent's comes below.
#' @exportS3Method rlang::cnd_header tidydl_callback_error
cnd_header.tidydl_callback_error <- function(cnd, ...) cnd$message

#' @exportS3Method rlang::cnd_body tidydl_callback_error
cnd_body.tidydl_callback_error <- function(cnd, ...) character()

#' @exportS3Method rlang::cnd_footer tidydl_callback_error
cnd_footer.tidydl_callback_error <- function(cnd, ...) character()

#' @export
conditionMessage.tidydl_callback_error <- function(c) rlang::cnd_message(c)

results_of_batches <- function(stream, work, progress, call = rlang::caller_env()) {
  results <- list()
  other <- NULL # a description of the first result that is not a data frame
  refuse_misfit <- new_kinds(call)
  keep <- function(result, number, rows) {
    if (!is.data.frame(result) && !is.null(result) && is.null(other)) {
      other <<- sprintf("%s for %s", described(result), rows)
    }
    if (!is.null(other) && (is.data.frame(result) || length(results))) {
      abort_mixture(other, call)
    }
    if (is.data.frame(result)) {
      refuse_misfit(result, rows)
      results[[length(results) + 1L]] <<- result
    }
  }
  rows <- each_batch(stream, work, keep, progress, call)
  if (!rows && identical(work, identity)) {
    results <- list(stream$empty)
  }
  if (!length(results)) {
    return(invisible(if (rows <= .Machine$integer.max) as.integer(rows) else rows))
  }
  tibble::as_tibble(do.call(vctrs::vec_rbind, results))
}

abort_mixture <- function(other, call) {
  abort_tidydl(
    "argument", sprintf("`callback` returned %s, but a data frame for other batches.", other),
    "A data frame for each batch, or NULL for a batch without rows; or no data frames at all.",
    "Return a data frame of no rows, or NULL, where there is nothing to keep.",
    call = call
  )
}

# Refuses a column whose type changes as soon as it does; with `in_file` it must suit the file as well.
new_kinds <- function(call, in_file = FALSE) {
  columns <- list()
  function(result, rows) {
    for (name in names(result)) {
      kind <- vctrs::vec_ptype(result[[name]])
      before <- columns[[name]]
      common <- tryCatch(vctrs::vec_ptype2(before$kind, kind), vctrs_error_incompatible_type = function(cnd) NULL)
      if (is.null(common) || (in_file && differ_in_file(before$kind, kind))) {
        abort_misfit(name, before, list(kind = kind, rows = rows), call)
      }
      columns[[name]] <<- list(kind = common, rows = if (identical(common, before$kind)) before$rows else rows)
    }
  }
}

is_known <- function(kind) !is.null(kind) && !inherits(kind, "vctrs_unspecified")

# A file, other than R, makes no text of labels nor numbers of truth values, and has one set of levels.
differ_in_file <- function(x, y) {
  is_known(x) && is_known(y) && (
    is.factor(x) != is.factor(y) || is.logical(x) != is.logical(y) || inherits(x, "Date") != inherits(y, "Date") ||
      !identical(levels(x), levels(y))
  )
}

abort_misfit <- function(name, before, now, call) {
  labels <- is.factor(before$kind) && is.factor(now$kind)
  abort_tidydl(
    "data", sprintf(
      "`callback` returned the column '%s' as %s for %s, and as %s for %s.",
      name, kind_told(before$kind), before$rows, kind_told(now$kind), now$rows
    ),
    if (labels) "The same levels, in the same order, in all batches." else "A column of one type in all batches.",
    if (labels) {
      sprintf("Name all levels: factor(%s, levels = c(...)), or return text: as.character(%s).", name, name)
    } else {
      "Convert it in the callback, as with as.character() or as.numeric()."
    },
    call = call
  )
}

kind_told <- function(kind) {
  if (!is.factor(kind)) {
    return(sprintf("<%s>", vctrs::vec_ptype_full(kind)))
  }
  shown <- c(sprintf("'%s'", utils::head(levels(kind), 8)), if (nlevels(kind) > 8) "\u2026")
  sprintf("%s of the levels %s", if (is.ordered(kind)) "an ordered factor" else "a factor", toString(shown))
}

# Each result becomes a file; together they are the stream that is written, with their common types.
write_results <- function(stream, work, output, progress, call = rlang::caller_env()) {
  folder <- tempfile("stream")
  dir.create(folder)
  on.exit(unlink(folder, recursive = TRUE))
  parts <- new_parts(folder, call)
  if (!each_batch(stream, work, parts$write, progress, call)) {
    parts$write(result_of(work, stream$empty, "no rows", call), 1, "no rows")
  }
  parts$settle()
  written <- tryCatch(
    open_stream(folder, list(), stream$batch_size, call = call),
    tidydl_error_data = function(cnd) abort_unfit_parts(cnd, parts$rows(), call)
  )
  on.exit(close_streams(written$id), add = TRUE, after = FALSE)
  invisible(write_stream(written, output, progress, call))
}

# The error for results whose kinds differ within a list, say: the files that it names are rows of the data.
abort_unfit_parts <- function(cnd, rows, call) {
  problem <- cnd$problem
  for (file in names(rows)) {
    problem <- gsub(paste0("'", file, "'"), rows[[file]], problem, fixed = TRUE)
  }
  problem <- sub("The files or splits have", "The results of `callback` have", problem, fixed = TRUE)
  abort_tidydl(
    "data", problem, "A column of one type in all batches.", "Convert it in the callback.",
    call = call
  )
}

# Data frames in the files of a folder. The type of a column of only NA is open: later frames may set it,
# else it is a logical.
new_parts <- function(folder, call) {
  never_known <- NULL
  first <- NULL
  written <- character()
  refuse_misfit <- new_kinds(call, in_file = TRUE)
  put <- function(data, open, number) {
    data[open] <- rep(list(vector("list", nrow(data))), length(open))
    file <- file.path(folder, sprintf("part-%08d.parquet", number))
    call_python("write_dataset", list(data = with_notes(data), path = file), call = call)
    file
  }
  list(
    write = function(result, number, rows) {
      check_written(result, rows, call)
      refuse_misfit(result, rows)
      open <- names(result)[vapply(result, function(column) is.logical(column) && all(is.na(column)), NA)]
      if (is.null(first)) {
        first <<- list(data = result, open = open)
        never_known <<- open
      }
      never_known <<- intersect(never_known, open)
      written[put(result, open, number)] <<- rows
    },
    settle = function() if (length(never_known)) put(first$data, setdiff(first$open, never_known), 1),
    rows = function() written
  )
}

check_written <- function(result, rows, call) {
  if (!is.data.frame(result)) {
    abort_tidydl(
      "argument", sprintf("`callback` returned %s for %s.", described(result), rows), "A data frame for each batch.",
      "Leave `output` out where there is nothing to write.",
      call = call
    )
  }
}
