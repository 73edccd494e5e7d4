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
#' @param engine `"exact"`, whose numbers are those of package nnet to the last bit; by default the one that the device
#'   needs.
#' @param device `"cpu"`.
#' @param threads How many threads may share the work of a large fit; by default the cores there are. The result does
#'   not depend on it.
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
                         MaxNWts = 1000, abstol = 1.0e-4, reltol = 1.0e-8, engine = NULL, device = "cpu",
                         threads = NULL, ...) {
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
    MaxNWts = MaxNWts, abstol = abstol, reltol = reltol, engine = engine, device = device, threads = threads, ...
  )
  fit$call <- call
  class(fit) <- c("tidydl_nnet", "nnet")
  fit
}

fit_network <- function(x, response, weights, ..., engine = NULL, device = "cpu", threads = NULL) {
  plan <- plan_network(x, response, weights, ...)
  nnet_record(plan, solve_network(plan, initial_weights(plan), engine, device, threads))
}
