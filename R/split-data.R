#' Split rows at random into a training and a test set
#'
#' The rows are drawn with R's own [sample.int()], and are those that `split_data()` returns in Python after the same
#' seed.
#'
#' @param data A data frame of at least two rows.
#' @param prop The proportion of training rows, above 0 and below 1. Both parts have at least one row.
#' @param strata A column, bare or quoted: each of its values is split in these proportions. Missing values are treated
#'   as an additional stratum.
#' @param seed The seed, as in [set.seed()], which leaves the session's random number stream unchanged. By default the
#'   rows are drawn from that stream.
#'
#' @return A list of two data frames, `train` and `test`, of the class of `data` and with its row order; it prints as a
#'   table of the two.
#' @section Errors: `tidydl_error_argument`, `tidydl_error_column`, `tidydl_error_data` (fewer than two rows, or a value
#'   of `strata` with only one).
#' @examples
#' parts <- split_data(iris, prop = 0.8, strata = Species, seed = 1)
#' parts
#' table(parts$test$Species)
#' @export
split_data <- function(data, prop = 0.75, strata = NULL, seed = NULL) {
  if (!is.data.frame(data)) {
    abort_tidydl("argument", sprintf("`data` is %s.", described(data)), "A data frame.")
  }
  prop <- check_share(prop)
  n <- nrow(data)
  if (n < 2L) {
    abort_tidydl(
      "data", sprintf("`data` has %d %s, too few to split.", n, if (n == 1L) "row" else "rows"), "At least two rows."
    )
  }
  expression <- substitute(strata)
  groups <- if (is.null(expression)) {
    list(seq_len(n))
  } else {
    rows_of_values(data, named_column(data, "strata", expression, parent.frame()))
  }
  train <- with_seed_of(seed, draw_share(groups, prop))
  new_splits(list(train = data[train, , drop = FALSE], test = data[-train, , drop = FALSE]))
}

check_share <- function(prop, call = rlang::caller_env()) {
  inside <- is_one_number(prop) && prop > 0 && prop < 1
  if (!inside) {
    abort_tidydl("argument", sprintf("`prop` is %s.", described(prop)), "A number above 0 and below 1.", call = call)
  }
  as.double(prop)
}

# The positions of each value's rows, values in the order in which they occur.
rows_of_values <- function(data, name, call = rlang::caller_env()) {
  values <- data[[name]]
  groups <- vctrs::vec_group_loc(values)
  alone <- vctrs::vec_slice(groups$key, lengths(groups$loc) < 2L)
  if (length(alone)) {
    listed <- vapply(seq_along(alone), function(i) written_value(alone[i]), "")
    listed <- c(utils::head(listed, 5L), if (length(listed) > 5L) "\u2026")
    abort_tidydl(
      "data", sprintf("`strata` has values in '%s' with one row only: %s.", name, paste(listed, collapse = ", ")),
      "At least two rows of each value.", "Leave these rows out, or `strata`.",
      call = call
    )
  }
  groups$loc
}

written_value <- function(value) {
  if (is.na(value)) {
    return("missing")
  }
  if ((is.numeric(value) || is.logical(value)) && !is.object(value)) described(value) else as.character(value)
}

# This share of each group's rows, drawn in turn: at least one, and not all of a group of two or more.
draw_share <- function(groups, prop) {
  drawn <- lapply(groups, function(rows) {
    size <- max(min(floor(length(rows) * prop + 0.5), length(rows) - 1), 1)
    rows[sample.int(length(rows), size)]
  })
  sort(unlist(drawn))
}

# Draws from R's default generator started at a seed, and restores the session's own.
with_seed_of <- function(seed, draw, call = rlang::caller_env()) {
  if (is.null(seed)) {
    return(draw)
  }
  if (!is_one_number(seed) || abs(trunc(seed)) > .Machine$integer.max) {
    abort_tidydl(
      "argument", sprintf("`seed` is %s.", described(seed)), "A whole number from -2147483647 to 2147483647.",
      call = call
    )
  }
  kinds <- RNGkind()
  before <- get0(".Random.seed", envir = globalenv(), inherits = FALSE)
  on.exit({
    do.call(RNGkind, as.list(kinds))
    if (is.null(before)) rm(".Random.seed", envir = globalenv()) else assign(".Random.seed", before, globalenv())
  })
  set.seed(seed, "Mersenne-Twister", "Inversion", "Rejection")
  draw
}
