#' Hessian of a fitted network
#'
#' `nnetHess()` is [nnet::nnetHess()]. `hessian()` is the same without the arguments that the fit already contains.
#' Neither starts Python.
#'
#' @param net A network fitted with [nnet()] or a model of [multinom()].
#' @param x The inputs: a data frame with the columns of the formula, or numeric inputs with `y`. Optional if the
#'   network was fitted with `Hess = TRUE`, and for models of [multinom()].
#' @param y The response, if `x` is numeric inputs.
#' @param weights Case weights, one for each row.
#'
#' @return A symmetric matrix, weights by weights in the order of `coef(net)`, with fixed weights treated like the
#'   others; for a model of [multinom()] the observed information of its coefficients.
#' @section Errors: `tidydl_error_argument` if the data are required but missing, or do not match the network;
#'   `tidydl_error_column` and `tidydl_error_data` if a column is missing or no rows are left.
#' @examplesIf tidydl:::python_ready()
#' fit <- nnet(Species ~ Petal.Width, iris, size = 1, decay = 0.1, trace = FALSE)
#' hessian(fit, iris)
#' @export
hessian <- function(net, x = NULL, y = NULL, weights = NULL) {
  if (!inherits(net, "nnet")) {
    refuse("net", net, "A network fitted with nnet() or multinom().", tuning_hint(net), quote(hessian()))
  }
  if (inherits(net, "tidydl_multinom")) {
    return(net$tidydl$information)
  }
  if (is.null(x)) {
    if (is.null(net$Hessian)) {
      abort_tidydl(
        "argument", "`x` is missing: the fit keeps no data.", "The data that the network was fitted to.",
        "Give `x` (and `y`, where there was no formula), or fit with `Hess`."
      )
    }
    return(name_weights(net$Hessian, net))
  }
  cases <- if (inherits(net, "nnet.formula")) frame_numbers(net, x) else list(x = numeric_matrix(x, "x"), y = y)
  weights <- check_case_weights(if (is.null(weights)) rep(1, NROW(x)) else weights, NROW(x), quote(hessian()))
  targets <- indicate(cases$y, "y", quote(hessian()))$y
  check_sizes(net, cases$x, targets)
  name_weights(nnet::nnetHess(net, cases$x, targets, if (is.null(cases$rows)) weights else weights[cases$rows]), net)
}

#' @importFrom nnet nnetHess
#' @export
nnet::nnetHess

# Inputs and response of a data frame by the formula of a fit, and which of its rows are complete.
frame_numbers <- function(net, data) {
  check_formula(stats::formula(net$terms), data, quote(hessian()))
  frame <- stats::model.frame(net$terms, data, na.action = stats::na.omit, xlev = net$xlevels)
  x <- stats::model.matrix(net$terms, frame, contrasts.arg = net$contrasts)
  list(
    x = x[, colnames(x) != "(Intercept)", drop = FALSE], y = stats::model.response(frame),
    rows = match(row.names(frame), row.names(data))
  )
}

check_sizes <- function(net, x, y) {
  if (ncol(x) != net$n[[1]] || ncol(y) != net$n[[3]]) {
    abort_tidydl(
      "argument",
      sprintf(
        "`x` and `y` make %d inputs and %d outputs, and the network has %.0f and %.0f.",
        ncol(x), ncol(y), net$n[[1]], net$n[[3]]
      ),
      "The data that the network was fitted to.",
      call = quote(hessian())
    )
  }
}

name_weights <- function(hessian, net) {
  dimnames(hessian) <- rep(list(names(stats::coef(net))), 2L)
  hessian
}

# The Hessian of a record that has just been made.
record_hessian <- function(record, plan) {
  class(record) <- "nnet"
  nnet::nnetHess(record, unname(plan$x), unname(plan$response$y), plan$weights)
}

# The observed information of the coefficients of a multinomial model, the second class's first. Where only the possible
# classes of a row are known it is less.
multinom_information <- function(x, shares, weights, allowed = NULL) {
  conditional <- NULL
  if (!is.null(allowed)) {
    within <- ifelse(allowed == 1, shares, 0)
    conditional <- (within / rowSums(within))[, -1L, drop = FALSE]
  }
  free <- if (ncol(shares) > 1L) shares[, -1L, drop = FALSE] else shares
  curvature <- function(p, a, b) p[, a] * ((a == b) - p[, b])
  width <- ncol(x)
  information <- matrix(0, ncol(free) * width, ncol(free) * width)
  for (a in seq_len(ncol(free))) {
    for (b in seq_len(a)) {
      of_row <- curvature(free, a, b) - if (is.null(conditional)) 0 else curvature(conditional, a, b)
      rows <- (a - 1L) * width + seq_len(width)
      columns <- (b - 1L) * width + seq_len(width)
      information[rows, columns] <- crossprod(x, as.vector(weights) * of_row * x)
      information[columns, rows] <- t(information[rows, columns])
    }
  }
  information
}

# The standard error of each weight, missing for fixed weights.
weight_errors <- function(x) {
  errors <- rep(NA_real_, length(x$wts))
  errors[network_mask(x)] <- sqrt(diag(weight_covariance(x)))
  errors
}

# The covariance of the free weights, missing where the Hessian is not positive definite. For least squares the Hessian
# is that of the value by twice the variance of the residuals.
weight_covariance <- function(x) {
  free <- which(network_mask(x))
  names <- names(stats::coef(x))[free]
  second <- x$Hessian[free, free, drop = FALSE]
  missing <- matrix(NA_real_, length(free), length(free), dimnames = list(names, names))
  if (!length(free) || !all(is.finite(second))) {
    return(missing)
  }
  sizes <- eigen(second, symmetric = TRUE, only.values = TRUE)$values
  if (min(sizes) <= 1e-10 * max(sizes)) {
    return(missing)
  }
  scale <- 1
  if (!x$entropy && !x$softmax) {
    degrees <- length(x$fitted.values) - length(free)
    scale <- if (degrees > 0) 2 * (x$value - sum(x$decay * x$wts^2)) / degrees else NA
  }
  missing[] <- scale * solve(second)
  missing
}

#' Inference from a network's Hessian
#'
#' The covariance and normal confidence intervals of the free weights, on the scale of the `std.error` of
#' [tidy.tidydl_nnet()]; the log-likelihood and the number of rows. None of these starts Python. The same network has
#' other, equally good optima, so these only describe the neighbourhood of the one that was found.
#'
#' @param object A network fitted with [nnet()], for `vcov()` and `confint()` with `Hess = TRUE`.
#' @param parm The weights, by name or by position among the free ones; by default all.
#' @param level The level of the intervals.
#' @param ... Not used.
#'
#' @return `vcov()` returns a matrix, free weights by free weights; `confint()` one with the lower and the upper bound
#'   of each; both are missing if the Hessian is not positive definite. `logLik()` returns an object of class `logLik`,
#'   whose `df` is the number of free weights, so that [stats::AIC()] and [stats::BIC()] work; `nobs()` the number of
#'   rows.
#' @section Errors: `tidydl_error_argument` if the fit has no Hessian, or its value is not a log-likelihood.
#' @seealso [hessian()]
#' @name nnet-inference
#' @examplesIf tidydl:::python_ready()
#' fit <- nnet(Species ~ Petal.Width, iris, size = 0, skip = TRUE, Hess = TRUE, trace = FALSE)
#' vcov(fit)
#' confint(fit)
NULL

#' @rdname nnet-inference
#' @export
vcov.tidydl_nnet <- function(object, ...) {
  need_hessian(object, quote(vcov()))
  weight_covariance(object)
}

#' @rdname nnet-inference
#' @export
confint.tidydl_nnet <- function(object, parm, level = 0.95, ...) {
  need_hessian(object, quote(confint()))
  level <- check_number("level", level, 0, 1, call = quote(confint()))
  estimates <- stats::coef(object)[network_mask(object)]
  errors <- sqrt(diag(weight_covariance(object)))
  tails <- c((1 - level) / 2, (1 + level) / 2)
  bounds <- unname(estimates) + outer(unname(errors), stats::qnorm(tails))
  dimnames(bounds) <- list(names(estimates), paste(format(100 * tails, trim = TRUE, digits = 3), "%"))
  if (missing(parm)) bounds else bounds[parm, , drop = FALSE]
}

need_hessian <- function(object, call) {
  if (is.null(object$Hessian)) {
    abort_tidydl(
      "argument", "`object` has no Hessian.", "A network fitted with `Hess = TRUE`.", "Fit with Hess = TRUE.",
      call = call
    )
  }
}
