# The response, and inputs given as numbers.

# The response as targets: an indicator of the second of two classes, or of each of more.
indicate <- function(y, name, call = quote(nnet())) {
  if (is.character(y)) {
    y <- factor(y)
  }
  if (!is.factor(y)) {
    check_predictable(y, name)
    return(list(y = numeric_matrix(y, name), levels = NULL, name = name))
  }
  counts <- table(y)
  if (any(counts == 0L)) {
    warn_tidydl(sprintf(
      "`%s` has levels without a row, which are left out: %s.", name, paste(levels(y)[counts == 0L], collapse = ", ")
    ))
    y <- factor(y, levels = levels(y)[counts > 0L])
  }
  levels <- levels(y)
  if (length(levels) < 2L) {
    abort_tidydl(
      "data", sprintf("`%s` has only one level (%s): there is nothing to tell apart.", name, levels),
      "A response with at least two levels.", "Check which rows were kept, or predict another column.",
      call = call
    )
  }
  if (length(levels) * length(y) > 1e8) {
    abort_tidydl(
      "data", sprintf("`%s` has %d levels in %d rows, too many to tell apart.", name, length(levels), length(y)),
      "A response with few levels.", "Is it an identifier? Then predict another column.",
      call = call
    )
  }
  targets <- if (length(levels) == 2L) as.matrix(as.vector(unclass(y)) - 1) else nnet::class.ind(y)
  list(y = targets, levels = levels, name = name)
}

response_name <- function(terms) deparse1(stats::formula(terms)[[2L]], backtick = TRUE)

numeric_matrix <- function(x, name) {
  if (is.data.frame(x)) {
    numeric <- vapply(x, function(column) is.numeric(column) || is.logical(column), logical(1))
    if (!all(numeric)) {
      abort_tidydl(
        "argument", sprintf("`%s` has the column '%s', which is not numeric.", name, names(x)[!numeric][[1]]),
        "Numeric columns.", "Give a formula and the data frame: a formula codes labels by itself.",
        call = quote(nnet())
      )
    }
  } else if (!is.numeric(x) && !is.logical(x)) {
    abort_tidydl(
      "argument", sprintf("`%s` is not numeric.", name), "A matrix or data frame of numbers.", call = quote(nnet())
    )
  }
  x <- as.matrix(x)
  storage.mode(x) <- "double"
  x
}
