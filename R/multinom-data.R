# From a model frame to the numbers of a multinomial model, as in python/tidydl/networks/multinomial/data.py.

# The network's inputs `x`, its targets `y`, the case weights, which weights may change and the values of the others.
multinom_numbers <- function(x, frame, asked) {
  call <- quote(multinom())
  name <- response_name(attr(frame, "terms"))
  response <- multinom_response(stats::model.response(frame), name, call)
  if (!ncol(x)) {
    abort_tidydl(
      "argument", "`formula` has neither an intercept nor predictors.", "At least one of them.",
      call = call
    )
  }
  weights <- frame[["(weights)"]]
  weights <- if (is.null(weights)) rep(1, nrow(x)) else as.double(check_case_weights(weights, nrow(x), call))
  offset <- multinom_offset(stats::model.offset(frame), response, call)
  inputs <- cbind(x, offset)
  check_finite(inputs, "data", call)
  check_finite(response$y, "data", call, if (ncol(response$y) == 1L) response$name else colnames(response$y))
  numbers <- list(x = inputs, y = response$y, weights = weights)
  if (asked$summ > 0) {
    numbers <- put_together(numbers, asked$summ)
  }
  if (ncol(response$y) > 1L && !asked$censored) {
    numbers <- as_shares(numbers, call)
  }
  c(numbers, response[c("levels", "classes")], free_weights(ncol(x), ncol(offset), ncol(response$y)))
}

# Numbers in one column are classes; several columns are counts.
multinom_response <- function(y, name, call) {
  if (is.matrix(y) && ncol(y) > 1L) {
    counts <- numeric_matrix(y, name)
    classes <- if (is.null(colnames(counts))) as.character(seq_len(ncol(counts))) else colnames(counts)
    return(list(y = counts, levels = NULL, classes = classes, name = name))
  }
  response <- indicate(if (is.factor(y)) y else factor(as.vector(y)), name, call)
  c(response, list(classes = response$levels))
}

# Offsets as columns: with one output for two classes only their difference counts.
multinom_offset <- function(offset, response, call) {
  if (is.null(offset)) {
    return(NULL)
  }
  binary <- ncol(response$y) == 1L
  columns <- NCOL(offset)
  if (binary && columns <= 2L) {
    offset <- if (columns == 2L) offset[, 2L] - offset[, 1L] else as.vector(offset)
    return(cbind(offset = offset))
  }
  if (columns != length(response$classes)) {
    abort_tidydl(
      "formula", sprintf("`formula` has an offset of %d columns for %d classes.", columns, length(response$classes)),
      if (binary) "One column, or one for each class." else "One column for each class.",
      call = call
    )
  }
  as.matrix(offset)
}

# One row for all rows that are alike, its weight the sum of theirs.
put_together <- function(numbers, summ) {
  keys <- if (summ == 3) numbers$x else cbind(numbers$x, numbers$y)
  columns <- seq_len(ncol(keys))
  rows <- do.call(order, lapply(if (summ == 1) rev(columns) else columns, function(j) keys[, j]))
  sorted <- keys[rows, , drop = FALSE]
  new <- c(TRUE, rowSums(sorted[-1L, , drop = FALSE] != sorted[-nrow(sorted), , drop = FALSE]) > 0)
  group <- cumsum(new)
  first <- rows[new]
  weights <- as.vector(rowsum(numbers$weights[rows], group))
  y <- numbers$y[first, , drop = FALSE]
  if (summ == 3) {
    y <- rowsum(numbers$y[rows, , drop = FALSE] * numbers$weights[rows], group)
    kept <- weights > 0
    y <- y[kept, , drop = FALSE]
    first <- first[kept]
    # a count has its weight in it
    weights <- if (ncol(y) == 1L) weights[kept] else rep(1, sum(kept))
    if (ncol(y) == 1L) y <- y / weights
  }
  x <- numbers$x[first, , drop = FALSE]
  rownames(y) <- NULL
  if (summ > 1) rownames(x) <- seq_along(first)
  list(x = x, y = y, weights = weights)
}

# Counts as shares of their sum, by which the row then counts.
as_shares <- function(numbers, call) {
  if (any(numbers$y < 0)) {
    abort_tidydl("data", "`data` has negative counts in the response.", "Numbers of at least 0.", call = call)
  }
  totals <- as.vector(numbers$y %*% rep(1, ncol(numbers$y)))
  if (any(totals == 0)) {
    abort_tidydl(
      "data", "`data` has rows in which nothing was counted: the response is 0 in all classes.",
      "At least one class with a count above 0 in each row.", "Leave these rows out.",
      call = call
    )
  }
  numbers$y <- numbers$y / totals
  numbers$weights <- numbers$weights * totals
  numbers
}

# Which weights are coefficients: of each output but the first of several, and not its bias. An offset's own is 1.
free_weights <- function(coefficients, offsets, outputs) {
  offsets <- if (is.null(offsets)) 0L else offsets
  mask <- matrix(c(FALSE, rep(c(TRUE, FALSE), c(coefficients, offsets))), 1L + coefficients + offsets, outputs)
  if (outputs > 1L) mask[, 1L] <- FALSE
  fixed <- matrix(0, nrow(mask), outputs)
  if (offsets > 0L) fixed[1L + coefficients + seq_len(offsets), ] <- diag(1, offsets, outputs)
  list(mask = as.vector(mask), fixed = as.vector(fixed))
}
