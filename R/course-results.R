# What a pipeline of import("transformers") gives: transformers' own list, of a class that knows the inputs.

as_result <- function(value, about = NULL, answer = NULL) {
  if (is.null(about)) {
    return(value)
  }
  inputs <- if (identical(about$state, "record")) from_record(about$inputs) else about$inputs
  value <- if (about$missing) without_nothing(value) else value
  attributes(value) <- list(
    names = names(value), class = c("tidydl_result", "list"), task = about$task, inputs = inputs, of_python = answer
  )
  value
}

# A missing text comes as NULL and a missing number as NaN; NA has a place in a data frame.
without_nothing <- function(value) {
  if (is.list(value)) {
    return(lapply(value, without_nothing))
  }
  if (is.null(value)) NA_character_ else replace(value, is.nan(value), NA)
}

#' @export
print.tidydl_result <- function(x, ...) {
  print(plain_result(x), ...)
  invisible(x)
}

plain_result <- function(x) {
  attributes(x) <- list(names = names(x))
  x
}

# Parts of a result, and several of them together, are plain lists: the inputs are those of the whole.
#' @exportS3Method vctrs::vec_restore tidydl_result
vec_restore.tidydl_result <- function(x, to, ...) plain_result(x)

#' @exportS3Method vctrs::vec_ptype2 tidydl_result.tidydl_result
vec_ptype2.tidydl_result.tidydl_result <- function(x, y, ...) list()

#' @exportS3Method vctrs::vec_ptype2 tidydl_result.list
vec_ptype2.tidydl_result.list <- function(x, y, ...) list()

#' @exportS3Method vctrs::vec_ptype2 list.tidydl_result
vec_ptype2.list.tidydl_result <- function(x, y, ...) list()

#' @exportS3Method vctrs::vec_cast list.tidydl_result
vec_cast.list.tidydl_result <- function(x, to, ...) plain_result(x)

#' @exportS3Method utils::str tidydl_result
str.tidydl_result <- function(object, ...) utils::str(plain_result(object), ...)

#' @export
as.data.frame.tidydl_result <- function(x, row.names = NULL, optional = FALSE, ...) {
  rows <- lapply(results_by_input(x), wide_row)
  frame <- bound_rows(rows)
  if (!is.null(row.names)) {
    attr(frame, "row.names") <- row.names
  }
  frame
}

bound_rows <- function(rows) {
  names <- unique(unlist(lapply(rows, names)))
  columns <- lapply(names, function(name) {
    cells <- lapply(rows, function(row) if (is.null(row[[name]])) NA else row[[name]])
    if (all(lengths(cells) == 1L & !vapply(cells, is.list, NA))) unlist(cells) else cells
  })
  # what data.frame() would make, which takes its time where it is called for each text
  rows <- .set_row_names(length(rows))
  attributes(columns) <- list(names = as.character(names), row.names = rows, class = "data.frame")
  columns
}

# One input's results: label, score, label.1, score.1, and so on, the best first.
wide_row <- function(results) {
  ranked <- lines_of_result(results)
  for (rank in seq_along(ranked)[-1]) {
    names(ranked[[rank]]) <- paste0(names(ranked[[rank]]), ".", rank - 1L)
  }
  unlist(ranked, recursive = FALSE)
}

# A list a line: of `labels` and `scores` side by side, as zero-shot classifiers give them, one a label.
lines_of_result <- function(results) {
  if (is.null(names(results))) {
    return(unlist(lapply(results, lines_of_result), recursive = FALSE))
  }
  side <- intersect(c("labels", "scores"), names(results))
  if (!length(side)) {
    return(list(results))
  }
  lines <- lapply(seq_along(results[[side[[1L]]]]), function(i) lapply(results[side], `[[`, i))
  lines[[1L]] <- c(results[setdiff(names(results), side)], lines[[1L]])
  lines
}

# The results of each input: of one alone they stand without a list around them.
results_by_input <- function(x) {
  inputs <- attr(x, "inputs")
  several <- (length(inputs) > 1L && is.null(names(inputs))) || identical(inputs, list())
  if (several) plain_result(x) else list(plain_result(x))
}

#' @exportS3Method tibble::as_tibble tidydl_result
as_tibble.tidydl_result <- function(x, ...) {
  of_python <- attr(x, "of_python", exact = TRUE)
  if (is.null(of_python) || !python_running() || is_of_ended_python(of_python)) {
    abort_tidydl(
      "bridge", "The result is of another session, whose Python has ended.", "A result of this session.",
      "Call the pipeline again, or use as.data.frame(), which needs no Python."
    )
  }
  call_python("result_frame", list(result = part_of(of_python, "object")), call = quote(as_tibble()))
}
