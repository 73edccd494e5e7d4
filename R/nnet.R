#' Fit a neural network with one hidden layer
#'
#' Fits the network that [nnet::nnet()] fits, to the last bit after the same `set.seed()`, on an engine of its own.
#' The result is accepted wherever R's own is: it has the same components and inherits from class `nnet`, so
#' `predict()`, `print()`, `summary()` and `coef()` are those of package nnet, and `saveRDS()` keeps it whole.
#'
#' A factor or character response is predicted by class: two levels by one sigmoid output and the cross-entropy,
#' more by a softmax. Levels without a row are left out, with a warning. Rows with missing values are left out in the
#' formula form and refused in the other. Equality to the last bit holds on x86-64; elsewhere values agree to 1e-6.
#'
#' @param x A formula, as such or as text; or a matrix or data frame of inputs, rows by inputs.
#' @param formula A formula such as `y ~ a + log(b)` or `y ~ .`.
#' @param data A data frame with the columns of the formula.
#' @param y The response: a numeric vector, a matrix (rows by outputs), or a factor.
#' @param weights Case weights, one for each row, none negative.
#' @param size Number of hidden units; 0 only with `skip = TRUE`.
#' @param Wts Initial weights; by default `runif(n, -rang, rang)`.
#' @param mask Which weights may change: one logical per weight.
#' @param linout,entropy,softmax,censored Linear outputs; cross-entropy of sigmoid outputs; softmax of outputs; softmax
#'   where a row's targets mark the classes that are possible. By default sigmoid outputs and least squares.
#' @param skip Whether inputs also reach the outputs directly.
#' @param rang Initial weights lie between `-rang` and `rang`.
#' @param decay Penalty on the squared weights: one number, or one per weight.
#' @param maxit Largest number of iterations.
#' @param trace Whether to print the course of the fit.
#' @param MaxNWts Largest number of weights allowed.
#' @param abstol,reltol The search ends where the value falls below `abstol`, or its relative change below `reltol`.
#' @param subset Which rows to use.
#' @param na.action What to do with missing values; `na.omit` by default.
#' @param contrasts A named list of contrasts for factors.
#' @param ... Further arguments, passed from the formula form to the other.
#'
#' @return An object of class `c("tidydl_nnet", "nnet.formula", "nnet")` (without `"nnet.formula"` in the matrix form)
#'   with the components of [nnet::nnet()] and `tidydl`, a list: `iterations`, `evaluations`, `seconds`, `engine`,
#'   `device`, `mask` and `curve` (a tibble: `iteration`, `value`).
#' @section Errors: `tidydl_error_argument`, `tidydl_error_column`, `tidydl_error_formula` and `tidydl_error_data`.
#' @source Venables & Ripley (2002), *Modern Applied Statistics with S*; package nnet.
#' @seealso [tidy.tidydl_nnet()], [confusion()], [plotnet()]
#' @examples
#' \dontrun{
#' set.seed(1)
#' fit <- nnet(Species ~ ., iris, size = 2)
#' summary(fit)
#' confusion(fit)
#' }
#' @export
nnet <- function(x, ...) {
  UseMethod("nnet")
}

#' @rdname nnet
#' @export
nnet.formula <- function(formula, data, weights, ..., subset, na.action, contrasts = NULL) {
  call <- match.call()
  call[[1L]] <- quote(nnet) # so that update() finds it
  frame_call <- match.call(expand.dots = FALSE)
  frame_call <- frame_call[c(1L, match(c("formula", "data", "weights", "subset", "na.action"), names(frame_call), 0L))]
  frame_call[[1L]] <- quote(stats::model.frame)
  if (!missing(data)) {
    check_formula(formula, data)
  }
  frame <- tryCatch(eval.parent(frame_call), error = function(cnd) {
    abort_tidydl("formula", paste("`formula` cannot be evaluated:", conditionMessage(cnd)), call = quote(nnet()))
  })
  check_rows(frame, if (!missing(data)) data)
  terms <- attr(frame, "terms")
  check_levels(frame)
  x <- stats::model.matrix(terms, frame, contrasts)
  used_contrasts <- attr(x, "contrasts")
  x <- x[, colnames(x) != "(Intercept)", drop = FALSE]
  w <- stats::model.weights(frame)
  response <- indicate(stats::model.response(frame), response_name(terms))
  check_finite(x, "data", quote(nnet()))
  check_finite(response$y, "data", quote(nnet()))
  fit <- fit_network(x, response, if (length(w)) w else rep(1, nrow(x)), ...)
  fit$terms <- terms
  fit$coefnames <- colnames(x)
  fit$call <- call
  fit$na.action <- attr(frame, "na.action")
  fit$contrasts <- used_contrasts
  fit$xlevels <- stats::.getXlevels(terms, frame)
  class(fit) <- c("tidydl_nnet", "nnet.formula", "nnet")
  fit
}

# A formula written as text, as in Python.
#' @rdname nnet
#' @export
nnet.character <- function(x, ...) {
  text <- if (missing(x)) list(...)$formula else x
  if (length(text) != 1L) {
    return(nnet.default(x, ...))
  }
  formula <- tryCatch(stats::as.formula(text, env = parent.frame()), error = function(cnd) NULL)
  if (is.null(formula)) {
    abort_tidydl(
      "formula", sprintf("`formula` '%s' has no response or no predictors.", text),
      "A formula such as 'y ~ x1 + x2' or 'y ~ .'.",
      call = quote(nnet())
    )
  }
  others <- as.list(match.call())[-1L]
  others[c("x", "formula")] <- NULL
  eval.parent(as.call(c(list(nnet, formula), others)))
}

#' @rdname nnet
#' @export
nnet.default <- function(x, y, weights, size, Wts, mask, linout = FALSE, entropy = FALSE, softmax = FALSE,
                         censored = FALSE, skip = FALSE, rang = 0.7, decay = 0, maxit = 100, trace = TRUE,
                         MaxNWts = 1000, abstol = 1.0e-4, reltol = 1.0e-8, ...) {
  call <- match.call()
  x <- numeric_matrix(x, "x")
  if (nrow(x) != NROW(y)) {
    abort_tidydl(
      "argument", sprintf("`x` has %d rows and `y` has %d.", nrow(x), NROW(y)), "One row of y for each of x."
    )
  }
  response <- indicate(y, "y")
  refuse_missing(x, "x")
  refuse_missing(response$y, "y")
  check_finite(x, "x", quote(nnet()))
  check_finite(response$y, "y", quote(nnet()))
  fit <- fit_network(
    x, response, if (missing(weights)) rep(1, nrow(x)) else weights,
    size = size, Wts = if (!missing(Wts)) Wts, mask = if (!missing(mask)) mask, linout = linout, entropy = entropy,
    softmax = softmax, censored = censored, skip = skip, rang = rang, decay = decay, maxit = maxit, trace = trace,
    MaxNWts = MaxNWts, abstol = abstol, reltol = reltol, ...
  )
  fit$call <- call
  class(fit) <- c("tidydl_nnet", "nnet")
  fit
}

# The fit itself: arguments checked, weights drawn by R, one crossing, R's record.
fit_network <- function(x, response, weights, size, Wts = NULL, mask = NULL, linout = FALSE, entropy = FALSE,
                        softmax = FALSE, censored = FALSE, skip = FALSE, rang = 0.7, decay = 0, maxit = 100,
                        trace = TRUE, MaxNWts = 1000, abstol = 1.0e-4, reltol = 1.0e-8, ...,
                        call = quote(nnet())) {
  check_no_more(..., call = call)
  weights <- check_case_weights(weights, nrow(x), call)
  loss <- choose_loss(response, linout, entropy, softmax, censored, call)
  skip <- check_flag("skip", skip, call = call)
  n <- c(ncol(x), check_count("size", if (!missing(size)) size, call = call), ncol(response$y))
  n_weights <- check_number_of_weights(n, skip, check_count("MaxNWts", MaxNWts, 1, call = call), call)
  check_decay(decay, n_weights, call)
  mask <- check_length(if (is.null(mask)) rep(TRUE, n_weights) else mask, "mask", n_weights, "logical", call)
  settings <- list(
    maxit = check_count("maxit", maxit, call = call), abstol = check_number("abstol", abstol, call = call),
    reltol = check_number("reltol", reltol, call = call), trace = check_flag("trace", trace, call = call)
  )
  rang <- check_number("rang", rang, 0, call = call)
  start <- if (is.null(Wts)) {
    if (rang > 0) stats::runif(n_weights, -rang, rang) else rep(0, n_weights)
  } else {
    check_length(Wts, "Wts", n_weights, "number", call)
  }
  arguments <- list(
    x = unname(x), y = unname(response$y), weights = as.double(weights), wts = as.double(start),
    mask = as.double(mask), decay = as.double(decay), size = n[[2]], skip = skip, loss = loss
  )
  solution <- call_python("fit_arrays", c(arguments, settings), call = call)
  nnet_record(n, skip, loss, decay, mask, response, rownames(x), solution)
}

# The components of R's nnet, under R's names and in R's order, and our own in `tidydl`.
nnet_record <- function(n, skip, loss, decay, mask, response, row_names, solution) {
  connections <- nnet_connections(n, skip)
  fitted <- solution$fitted
  y <- response$y
  dimnames(fitted) <- list(row_names, colnames(y))
  dimnames(y) <- dimnames(fitted)
  linear <- loss %in% c("linear", "softmax", "censored")
  nunits <- as.integer(1L + sum(n))
  record <- list(
    n = as.double(n), nunits = nunits, nconn = connections$nconn, conn = connections$conn,
    nsunits = if (linear) as.double(nunits - n[[3]]) else nunits, decay = decay,
    entropy = loss == "entropy", softmax = loss %in% c("softmax", "censored"), censored = loss == "censored",
    value = solution$value, wts = as.double(solution$wts), convergence = as.integer(solution$convergence),
    fitted.values = fitted, residuals = y - fitted
  )
  record$lev <- response$levels
  record$call <- NULL
  curve <- matrix(as.double(solution$curve), ncol = 2)
  record$tidydl <- list(
    iterations = as.integer(solution$iterations), evaluations = as.integer(solution$evaluations),
    seconds = solution$seconds, engine = solution$engine, device = solution$device, mask = mask,
    curve = tibble::tibble(iteration = as.integer(curve[, 1]), value = curve[, 2])
  )
  record
}

# Which unit each weight comes from, and where each unit's weights begin.
nnet_connections <- function(n, skip) {
  inputs <- seq_len(n[[1]])
  hidden <- n[[1]] + seq_len(n[[2]])
  to_hidden <- c(0, inputs)
  to_output <- c(0, hidden, if (skip) inputs)
  widths <- c(rep(length(to_hidden), n[[2]]), rep(length(to_output), n[[3]]))
  list(
    nconn = c(rep(0, n[[1]] + 2L), cumsum(as.double(widths))),
    conn = as.double(c(rep(to_hidden, n[[2]]), rep(to_output, n[[3]])))
  )
}

# The response as the outputs should be: an indicator of the second of two classes, or of each of more.
indicate <- function(y, name) {
  if (is.character(y)) {
    y <- factor(y)
  }
  if (!is.factor(y)) {
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
      call = quote(nnet())
    )
  }
  if (length(levels) * length(y) > 1e8) {
    abort_tidydl(
      "data", sprintf("`%s` has %d levels in %d rows, too many to tell apart.", name, length(levels), length(y)),
      "A response with few levels.", "Is it an identifier? Then predict another column.",
      call = quote(nnet())
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
