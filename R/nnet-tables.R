#' Tidy, glance at and augment a fitted network
#'
#' None of these starts Python.
#'
#' @param x A network fitted with [nnet()].
#' @param data,newdata A data frame to predict for; by default the complete rows of the training data.
#' @param ... Refused.
#'
#' @return
#' - `tidy()`: one row per weight with `term` (as in [coef()]), `from`, `to` (names of inputs, hidden units and
#'   outputs), `layer` (factor: hidden, output, skip), `estimate` and, if the fit has a Hessian, `std.error`, missing
#'   for fixed weights and if the Hessian is not positive definite.
#' - `glance()`: one row with `n_weights`, `value`, `logLik` and `AIC` (missing if the value is not a likelihood: for
#'   least squares, or with weight decay), `convergence`, `iterations`, `nobs`, `engine`, `device`, `seconds`.
#' - `augment()`: the data with, for classification, `.pred_class` (factor) and `.pred_<level>`; for regression `.pred`
#'   and, if the response is in the data, `.resid` (for several outputs `.pred_<output>` and `.resid_<output>`). Without
#'   data, the first column is the observed response of the training rows. A row with a missing input has missing
#'   predictions.
#' @section Errors: For `augment()` with data, those of [predict.tidydl_nnet()].
#' @name nnet-tables
#' @examplesIf tidydl:::python_ready()
#' fit <- nnet(Species ~ ., iris, size = 2, trace = FALSE)
#' tidy(fit)
#' glance(fit)
#' augment(fit, iris)
NULL

#' @importFrom generics tidy
#' @export
generics::tidy

#' @importFrom generics glance
#' @export
generics::glance

#' @importFrom generics augment
#' @export
generics::augment

#' @importFrom nnet class.ind
#' @export
nnet::class.ind

#' @rdname nnet-tables
#' @export
tidy.tidydl_nnet <- function(x, ...) {
  check_no_more(..., call = quote(tidy()), name = "tidy", known = character())
  n <- x$n
  inputs <- input_names(x)
  hidden <- if (n[[2]] > 0) paste0("h", seq_len(n[[2]]))
  skips <- if (is_skip(x)) inputs
  outputs <- if (n[[3]] > 1) output_names(x) else nnet_response(x)
  from_output <- c("bias", hidden, skips)
  layers <- c(rep("output", 1 + length(hidden)), rep("skip", length(skips)))
  table <- tibble::tibble(
    term = names(stats::coef(x)),
    from = c(rep(c("bias", inputs), length(hidden)), rep(from_output, length(outputs))),
    to = c(rep(hidden, each = 1 + n[[1]]), rep(outputs, each = length(from_output))),
    layer = factor(
      c(rep("hidden", length(hidden) * (1 + n[[1]])), rep(layers, length(outputs))),
      c("hidden", "output", "skip")
    ),
    estimate = x$wts
  )
  if (!is.null(x$Hessian)) table$std.error <- weight_errors(x)
  table
}

#' @rdname nnet-tables
#' @export
glance.tidydl_nnet <- function(x, ...) {
  check_no_more(..., call = quote(glance()), name = "glance", known = character())
  log_likelihood <- if (is_likelihood(x)) -x$value else NA_real_
  about <- x$tidydl
  tibble::tibble(
    n_weights = length(x$wts), value = x$value, logLik = log_likelihood,
    AIC = -2 * log_likelihood + 2 * sum(about$mask), convergence = x$convergence, iterations = about$iterations,
    nobs = nrow(x$fitted.values), engine = about$engine, device = about$device, seconds = about$seconds
  )
}

# Whether the value is minus a log-likelihood: an entropy or softmax loss without a penalty.
is_likelihood <- function(x) (x$entropy || x$softmax) && !any(x$decay != 0)

#' @rdname nnet-inference
#' @export
nobs.tidydl_nnet <- function(object, ...) nrow(object$fitted.values)

#' @rdname nnet-inference
#' @export
logLik.tidydl_nnet <- function(object, ...) {
  if (!is_likelihood(object)) {
    abort_tidydl(
      "argument", "`x` is a network whose value is not a log-likelihood: least squares, or with a penalty.",
      "A network fitted by entropy or softmax without `decay`, or a fit of multinom().",
      call = quote(logLik())
    )
  }
  structure(
    -object$value, df = sum(network_mask(object)), nobs = nrow(object$fitted.values), class = "logLik"
  )
}

#' Predict with a fitted network
#'
#' Predictions are those of package nnet; for new data that do not match the fit, an error says why.
#'
#' @param object A network fitted with [nnet()].
#' @param newdata A data frame with the columns of the formula, or a matrix if the network was fitted to one. By
#'   default, the fitted values of the training data are returned.
#' @param type `"raw"` for the outputs, `"class"` for the most probable class.
#' @param ... Refused.
#'
#' @return As in package nnet: a matrix of outputs, rows by outputs, or a character vector of classes; a row with a
#'   missing input has missing values.
#' @section Errors: `tidydl_error_column`, `tidydl_error_data` (a level that was not in the training data),
#'   `tidydl_error_argument`.
#' @examplesIf tidydl:::python_ready()
#' fit <- nnet(Species ~ ., iris, size = 2, trace = FALSE)
#' predict(fit, iris[c(1, 51, 101), ], type = "class")
#' @export
predict.tidydl_nnet <- function(object, newdata, type = c("raw", "class"), ...) {
  check_no_more(..., call = quote(predict()), name = "predict", known = c("newdata", "type"))
  if (check_type(object, type) == "class") { # package nnet draws among classes that are equally probable
    raw <- if (missing(newdata)) stats::predict(object) else stats::predict(object, newdata)
    shares <- class_shares(matrix(raw, ncol = object$n[[3]]))
    return(as.character(most_probable(object$lev, shares)))
  }
  if (missing(newdata)) {
    return(NextMethod())
  }
  is_formula <- inherits(object, "nnet.formula")
  newdata <- if (is_formula) check_newdata(object, newdata) else check_new_matrix(object, newdata)
  class(object) <- setdiff(class(object), "tidydl_nnet")
  tryCatch(stats::predict(object, newdata, type = type), error = function(cnd) {
    if (is_formula) refuse_infinite_rows(object, newdata)
    rlang::cnd_signal(cnd)
  })
}

#' @rdname nnet-tables
#' @export
augment.tidydl_nnet <- function(x, data = NULL, newdata = NULL, ...) {
  check_no_more(..., call = quote(augment()), name = "augment", known = c("data", "newdata"))
  data <- if (is.null(data)) newdata else data
  augmented(x, data, if (is.null(data)) x$fitted.values else stats::predict(x, data, type = "raw"))
}

# Outputs beside data, or beside the observed response of the training rows.
augmented <- function(x, data, raw) {
  raw <- matrix(raw, ncol = x$n[[3]])
  base <- if (is.null(data)) observed_response(x) else tibble::as_tibble(data)
  added <- if (is.null(class_levels(x))) number_columns(x, raw, base) else class_columns(x, raw)
  with_predictions(base, added)
}

with_predictions <- function(base, added) {
  replaced <- intersect(names(added), names(base))
  if (length(replaced)) {
    names <- paste0("`", replaced, "`", collapse = ", ")
    warn_tidydl(sprintf("`data` has %s already, which the new predictions replace.", names))
  }
  base[names(added)] <- added
  base
}

class_columns <- function(x, raw) {
  if ("class" %in% x$lev) {
    abort_tidydl(
      "data",
      "A class is called 'class', so that its probabilities and the predicted classes are both `.pred_class`.",
      "Classes with other names.", "Rename that class before the fit, or use predict().",
      call = quote(augment())
    )
  }
  shares <- class_shares(raw)
  columns <- c(list(most_probable(x$lev, shares)), lapply(seq_len(ncol(shares)), function(o) shares[, o]))
  stats::setNames(columns, c(".pred_class", paste0(".pred_", x$lev)))
}

# A column for each class: of two classes the outputs have one, for the second.
class_shares <- function(raw) if (ncol(raw) == 1L) cbind(1 - raw, raw) else raw

# The class of the largest probability, the first of several; missing where the row is.
most_probable <- function(levels, shares) {
  best <- max.col(shares, ties.method = "first")
  best[rowSums(is.na(shares)) > 0] <- NA
  factor(levels[best], levels)
}

number_columns <- function(x, raw, base) {
  names <- if (ncol(raw) == 1L) nnet_response(x) else output_names(x)
  if (anyDuplicated(names)) {
    abort_tidydl(
      "data", sprintf("The network has outputs with the same name: %s.", paste(names, collapse = ", ")),
      "Outputs with different names.",
      "Name the columns of the response differently before the fit, or use predict().",
      call = quote(augment())
    )
  }
  ends <- if (ncol(raw) == 1L) "" else paste0("_", names)
  columns <- stats::setNames(lapply(seq_len(ncol(raw)), function(o) raw[, o]), paste0(".pred", ends))
  for (o in which(names %in% names(base))) {
    observed <- base[[names[[o]]]]
    if (is.numeric(observed) || is.logical(observed)) {
      columns[[paste0(".resid", ends[[o]])]] <- as.double(observed) - raw[, o]
    }
  }
  columns
}

# The observed response of the training rows, from fitted values and residuals.
observed_response <- function(x) {
  target <- x$fitted.values + x$residuals
  if (is.null(class_levels(x))) {
    names <- if (ncol(target) == 1L) nnet_response(x) else output_names(x)
    columns <- lapply(seq_len(ncol(target)), function(o) unname(target[, o]))
    return(tibble::as_tibble(stats::setNames(columns, names)))
  }
  tibble::as_tibble(stats::setNames(list(most_probable(x$lev, unname(class_shares(target)))), nnet_response(x)))
}

input_names <- function(x) {
  names <- if (length(x$coefnames)) x$coefnames else x$tidydl$inputs
  if (length(names)) names else paste0("i", seq_len(x$n[[1]]))
}

# The classes of a network; NULL for a regression, for which package nnet may also name levels.
class_levels <- function(x) {
  targets <- matrix(x$fitted.values + x$residuals, ncol = x$n[[3]])
  marks <- round(targets)
  whole <- length(x$lev) == max(2, ncol(targets)) && all(abs(targets - marks) < 1e-8) && all(marks %in% 0:1)
  if (whole && (ncol(targets) == 1L || all(rowSums(marks) == 1))) x$lev
}

output_names <- function(x) {
  levels <- class_levels(x)
  if (!is.null(levels)) {
    return(if (x$n[[3]] > 1) levels else levels[[2]])
  }
  names <- colnames(x$fitted.values)
  if (length(names)) names else paste0("o", seq_len(x$n[[3]]))
}

nnet_response <- function(x) if (is.null(x$terms)) "y" else response_name(x$terms)

is_skip <- function(x) utils::tail(diff(x$nconn), 1L) > x$n[[2]] + 1
