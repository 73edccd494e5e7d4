#' Fit a neural network with one hidden layer
#'
#' Fits the same network as [nnet::nnet()], identical to the last bit after the same `set.seed()`, using tidydl's own
#' engine. The result can be used wherever one of package nnet can: it has the same components and inherits from class
#' `nnet`, so `predict()`, `print()`, `summary()` and `coef()` are the methods of package nnet, and `saveRDS()` saves it
#' completely.
#'
#' A factor or character response is fitted as a classification: two levels with one sigmoid output and cross-entropy,
#' more with a softmax. Levels without rows are dropped, with a warning. Rows with missing values are dropped by the
#' formula method and are an error in the default method. Equality to the last bit holds on x86-64; elsewhere values
#' agree to 1e-6.
#'
#' Results are identical to those of the Python package after the same seed. `poly()`, `scale()` and the contrasts of
#' ordered factors may differ between the languages in the last digits (1e-12), and so may fits that use them; the
#' Hessian, `vcov()` and `confint()` agree to rounding.
#'
#' Python is required for fitting (except with the engine `"r"`), and by [importance()], [lekprofile()], [tune_nnet()],
#' [plotnet()], [autoplot()], [save_model()] and [load_model()]. `predict()`, `print()`, `summary()`, `tidy()`,
#' `glance()`, `augment()`, [confusion()], [hessian()] and [saveRDS()] do not need it.
#'
#' @param x A formula, or a string with one; or a matrix or data frame of inputs, rows by inputs.
#' @param formula A formula such as `y ~ a + log(b)` or `y ~ .`.
#' @param data A data frame with the columns of the formula.
#' @param y The response: a numeric vector, a matrix (rows by outputs), or a factor.
#' @param weights Case weights, one per row, non-negative; with a formula also the name of a column, as a string.
#' @param size Number of hidden units; 0 only with `skip = TRUE`.
#' @param Wts Initial weights; by default `runif(n, -rang, rang)`.
#' @param mask Which weights are optimised: one logical per weight.
#' @param linout,entropy,softmax,censored Linear outputs; cross-entropy of sigmoid outputs; softmax of outputs; softmax
#'   with targets that mark the possible classes of a row. By default sigmoid outputs and least squares.
#' @param skip Whether to add skip-layer connections from the inputs to the outputs.
#' @param rang Initial weights lie between `-rang` and `rang`.
#' @param decay Penalty on the squared weights: one number, or one per weight.
#' @param maxit Maximum number of iterations.
#' @param Hess Whether to return the Hessian, the second derivatives of the value with respect to the weights; `tidy()`
#'   then returns standard errors.
#' @param trace Whether to trace the optimisation.
#' @param MaxNWts Maximum number of weights allowed.
#' @param abstol,reltol The optimisation stops when the value falls below `abstol`, or its relative change below
#'   `reltol`.
#' @param engine `"exact"`, which reproduces package nnet to the last bit; or `"r"`, package nnet itself, which needs no
#'   Python and reports `iterations` only if `maxit` was reached, and neither `evaluations` nor `curve`; or `"torch"`,
#'   see `device`. By default the one that the device requires; if tidydl's Python package is not available, `"r"` with
#'   a message.
#' @param device `"cpu"`; `"cuda"` (or `"cuda:1"`) for the engine `"torch"`, which trains many networks together in
#'   double precision and converges to the same values as the exact engine, up to rounding: for hundreds of `repeats`.
#'   `"auto"` uses a CUDA device if one is available.
#' @param threads Number of threads for a large fit; by default the number of cores. The result does not depend on it.
#' @param repeats Number of networks to fit, each from its own initial weights, drawn in sequence. Several networks are
#'   fitted in parallel, without a trace, and their predictions are averaged: see [nnet-repeats].
#' @param subset The rows to use.
#' @param na.action How to handle missing values; `na.omit` by default. The strings `"omit"`, `"exclude"` and `"fail"`
#'   stand for `na.omit`, `na.exclude` and `na.fail`.
#' @param contrasts A named list of contrasts for factors.
#' @param ... Further arguments, passed from the formula method to the default method.
#'
#' @return An object of class `c("tidydl_nnet", "nnet.formula", "nnet")` (without `"nnet.formula"` if fitted without a
#'   formula) with the components of [nnet::nnet()] and `tidydl`, a list: `iterations`, `evaluations`, `seconds`,
#'   `engine`, `device`, `mask`, `curve` (a tibble: `iteration`, `value`) and, if fitted without a formula, `inputs`
#'   (the names of the inputs).
#' @section Errors: `tidydl_error_argument`, `tidydl_error_column`, `tidydl_error_formula` and `tidydl_error_data`.
#' @section Warnings: Of class `tidydl_warning`: inputs that are constant, that are exact linear combinations of others,
#'   or that are so large that hidden units start out saturated; responses outside 0 to 1 with logistic outputs; a class
#'   without rows. The warnings do not change the fit.
#' @source Venables & Ripley (2002), *Modern Applied Statistics with S*; package nnet.
#' @seealso [tidy.tidydl_nnet()], [vcov.tidydl_nnet()], [confusion()], [plotnet()]
#' @examplesIf tidydl:::python_ready()
#' set.seed(1)
#' fit <- nnet(Species ~ ., iris, size = 2)
#' summary(fit)
#' confusion(fit)
#' @export
nnet <- function(x, ...) {
  UseMethod("nnet")
}

#' @rdname nnet
#' @export
nnet.formula <- function(formula, data, weights, ..., subset, na.action, contrasts = NULL) {
  call <- match.call()
  caller <- parent.frame()
  call[[1L]] <- quote(nnet) # so that update() finds it
  frame_call <- match.call(expand.dots = FALSE)
  frame_call <- frame_call[c(1L, match(c("formula", "data", "weights", "subset", "na.action"), names(frame_call), 0L))]
  if ("repeats" %in% ...names()) check_repeats(...)
  data_value <- if (!missing(data)) given_data(data, call$data, quote(nnet()))
  if (!missing(data)) {
    check_formula(formula, data_value)
  }
  frame <- model_frame_of(frame_call, formula, data_value, caller, quote(nnet()))
  terms <- attr(frame, "terms")
  if (!is.null(attr(terms, "offset"))) {
    warn_tidydl("`formula` has an offset, which networks ignore. multinom() supports offsets.")
  }
  check_levels(frame)
  x <- stats::model.matrix(terms, frame, contrasts)
  used_contrasts <- attr(x, "contrasts")
  x <- x[, colnames(x) != "(Intercept)", drop = FALSE]
  w <- frame[["(weights)"]]
  response <- indicate(stats::model.response(frame), response_name(terms))
  check_finite(x, "data", quote(nnet()))
  check_finite(response$y, "data", quote(nnet()), if (ncol(response$y) == 1L) response$name else colnames(response$y))
  constants <- session_constants(terms, data_value)
  finish <- function(fit) {
    fit$terms <- terms
    if (length(constants)) fit$tidydl$constants <- constants
    fit$coefnames <- colnames(x)
    fit$call <- call
    fit$na.action <- attr(frame, "na.action")
    fit$contrasts <- used_contrasts
    fit$xlevels <- stats::.getXlevels(terms, frame)
    class(fit) <- c("tidydl_nnet", "nnet.formula", "nnet")
    fit
  }
  fit_network(x, response, if (length(w)) w else rep(1, nrow(x)), finish, ..., argument = "data")
}

# A formula written as text, as in Python.
#' @rdname nnet
#' @export
nnet.character <- function(x, ...) {
  text <- if (missing(x)) list(...)$formula else x
  if (length(text) != 1L) {
    return(nnet.default(x, ...))
  }
  formula <- formula_of_text(text, parent.frame(), quote(nnet()))
  others <- as.list(match.call())[-1L]
  others[c("x", "formula")] <- NULL
  eval.parent(as.call(c(list(nnet, formula), others)))
}

#' @rdname nnet
#' @export
nnet.default <- function(x, y, weights, size, Wts, mask, linout = FALSE, entropy = FALSE, softmax = FALSE,
                         censored = FALSE, skip = FALSE, rang = 0.7, decay = 0, maxit = 100, Hess = FALSE,
                         trace = TRUE, MaxNWts = 1000, abstol = 1.0e-4, reltol = 1.0e-8, engine = NULL, device = "cpu",
                         threads = NULL, repeats = 1, ...) {
  call <- with_name(match.call(), "nnet")
  if (missing(x) || missing(y)) {
    abort_tidydl(
      "argument", "`x` and `y` are required without a formula.",
      "A formula and a data frame, or `x` and `y`: inputs and response.",
      call = quote(nnet())
    )
  }
  if (!missing(repeats)) check_repeats(repeats = repeats, Wts = if (!missing(Wts)) Wts)
  x <- numeric_matrix(x, "x")
  if (nrow(x) != NROW(y)) {
    abort_tidydl(
      "argument", sprintf("`x` has %d rows and `y` has %d.", nrow(x), NROW(y)), "One row of y for each of x."
    )
  }
  check_any_rows(x, "x")
  response <- indicate(y, "y")
  refuse_missing(x, "x")
  refuse_missing(response$y, "y")
  check_finite(x, "x", quote(nnet()))
  check_finite(response$y, "y", quote(nnet()))
  finish <- function(fit) {
    fit$call <- call
    fit$tidydl$inputs <- colnames(x)
    class(fit) <- c("tidydl_nnet", "nnet")
    fit
  }
  fit_network(
    x, response, if (missing(weights)) rep(1, nrow(x)) else weights, finish,
    size = size, Wts = if (!missing(Wts)) Wts, mask = if (!missing(mask)) mask, linout = linout, entropy = entropy,
    softmax = softmax, censored = censored, skip = skip, rang = rang, decay = decay, maxit = maxit, Hess = Hess,
    trace = trace, MaxNWts = MaxNWts, abstol = abstol, reltol = reltol, engine = engine, device = device,
    threads = threads, repeats = repeats, ...
  )
}

# `finish` makes an object of class nnet of a record. `.search` is tune_nnet()'s: the fit is then the best of a grid.
fit_network <- function(x, response, weights, finish, ..., engine = NULL, device = "cpu", threads = NULL, repeats = 1,
                        argument = "x", .search = NULL) {
  if (!is.null(.search)) {
    return(finish(search_grid(.search, x, response, weights, argument, ...)))
  }
  plan <- plan_network(x, response, weights, ...)
  plan$argument <- argument
  if (repeats > 1) {
    return(fit_repeats(plan, repeats, engine, device, threads, finish))
  }
  finish(nnet_record(plan, solve_network(plan, initial_weights(plan), engine, device, threads)))
}
