#' Confusion matrix
#'
#' @param data A network fitted to classes with [nnet()], or a result of [tune_nnet()], for its training rows; or a data
#'   frame.
#' @param truth,estimate The columns of the data frame with the true and the predicted class, bare or quoted.
#'
#' @return A tibble of class `tidydl_confusion` with the columns `response` (factor), `truth` (factor) and `n`
#'   (integer), one row per pair of classes; it prints as a table, response by truth. Rows with either missing are not
#'   counted.
#'
#'   `tidy()` returns one row per class: `class` (factor), `n` and `predicted` (the number of rows of the class, and
#'   predicted to be of it), `recall` (the proportion of its rows that are predicted correctly), `precision` (the
#'   proportion of the rows predicted to be of the class that are) and `f1` (twice the number of true positives divided
#'   by the sum of `n` and `predicted`), missing where the denominator is zero.
#'
#'   `glance()` returns `accuracy`, `balanced_accuracy` (the mean recall of the classes that occur), `kappa` (Cohen's)
#'   and `nobs`. [autoplot()] draws a heat map. `as.table()` and `as.matrix()` return response by truth, as other
#'   packages expect.
#' @section Errors: `tidydl_error_argument` if `data` is neither a classification network nor a data frame;
#'   `tidydl_error_column` if a column is missing.
#' @examples
#' answers <- data.frame(true = c("a", "a", "b"), said = c("a", "b", "b"))
#' confusion(answers, truth = true, estimate = said)
#' @export
confusion <- function(data, truth, estimate) {
  if (inherits(data, "tidydl_tuning")) {
    data <- data$fit
  }
  if (is_averaged(data)) {
    data <- as_one_network(data)
  }
  if (inherits(data, "nnet")) {
    if (is.null(class_levels(data))) {
      abort_tidydl(
        "argument", "`data` is a network that was fitted to numbers.", confusable,
        "For classes make the response categorical, such as factor(y)."
      )
    }
    shares <- class_shares(matrix(data$fitted.values, ncol = data$n[[3]]))
    return(count_pairs(observed_response(data)[[1]], most_probable(data$lev, shares)))
  }
  if (!is.data.frame(data)) {
    abort_tidydl("argument", sprintf("`data` is %s.", described(data)), confusable)
  }
  count_pairs(
    data[[named_column(data, "truth", if (!missing(truth)) substitute(truth))]],
    data[[named_column(data, "estimate", if (!missing(estimate)) substitute(estimate))]]
  )
}

confusable <- "A network fitted to classes, or a data frame."

# The name of a column given bare or quoted.
named_column <- function(data, argument, expr, call = rlang::caller_env()) {
  name <- if (is.null(expr)) NULL else if (is.symbol(expr)) as.character(expr) else as.character(eval(expr, call))
  if (!is.null(name) && length(name) == 1L && name %in% names(data)) {
    return(name)
  }
  problem <- if (is.null(name)) {
    sprintf("`%s` is missing.", argument)
  } else {
    sprintf("`%s` names the column '%s', which `data` does not have.", argument, name)
  }
  abort_no_column(problem, name, names(data), call = call)
}

count_pairs <- function(truth, estimate) {
  as_factor <- function(x) if (is.factor(x)) x else factor(x)
  truth <- as_factor(truth)
  estimate <- as_factor(estimate)
  levels <- union(levels(truth), levels(estimate))
  levels <- levels[!is.na(levels)] # addNA() makes missing values a level
  counts <- table(factor(truth, levels), factor(estimate, levels))
  counts <- tibble::tibble(
    response = factor(rep(levels, each = length(levels)), levels),
    truth = factor(rep(levels, length(levels)), levels),
    n = as.integer(counts)
  )
  with_class(counts, "tidydl_confusion")
}

confusion_table <- function(x) stats::xtabs(n ~ response + truth, as.data.frame(x))

#' @export
print.tidydl_confusion <- function(x, ...) {
  if (!identical(names(x), c("response", "truth", "n"))) {
    return(NextMethod())
  }
  print(as.matrix(x))
  invisible(x)
}

#' @export
as.table.tidydl_confusion <- function(x, ...) {
  counts <- confusion_table(x)
  attr(counts, "call") <- NULL
  class(counts) <- "table"
  counts
}

#' @export
as.matrix.tidydl_confusion <- function(x, ...) {
  if (!identical(names(x), c("response", "truth", "n"))) {
    return(NextMethod())
  }
  unclass(as.table(x))
}

#' @rdname nnet-tables
#' @export
tidy.tidydl_confusion <- function(x, ...) {
  check_no_more(..., call = quote(tidy()), name = "tidy", known = character())
  counts <- unclass(confusion_table(x))
  correct <- as.double(diag(counts))
  n <- as.double(colSums(counts))
  predicted <- as.double(rowSums(counts))
  tibble::tibble(
    class = factor(levels(x$truth), levels(x$truth)), n = as.integer(n), predicted = as.integer(predicted),
    recall = correct / n, precision = correct / predicted, f1 = 2 * correct / (n + predicted)
  )
}

#' @rdname nnet-tables
#' @export
glance.tidydl_confusion <- function(x, ...) {
  check_no_more(..., call = quote(glance()), name = "glance", known = character())
  counts <- unclass(confusion_table(x))
  n <- sum(counts)
  accuracy <- sum(diag(counts)) / n
  chance <- sum(rowSums(counts) * colSums(counts)) / (n * n)
  recall <- diag(counts) / colSums(counts)
  tibble::tibble(
    accuracy = accuracy, balanced_accuracy = mean(recall[is.finite(recall)]),
    kappa = (accuracy - chance) / (1 - chance), nobs = as.integer(n)
  )
}
