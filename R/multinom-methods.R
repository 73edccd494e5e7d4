#' Methods for multinomial models
#'
#' `tidy()` and `glance()` return the columns of package broom, and more; none of these methods starts Python.
#'
#' @param x,object A model fitted with [multinom()].
#' @param parm,level The coefficients, by default all, and the confidence level, as in [stats::confint()].
#' @param conf.int,conf.level Whether to add a confidence interval, and its level.
#' @param exponentiate Whether to exponentiate the estimates and bounds, which gives odds ratios.
#' @param data,newdata A data frame to predict for; by default the rows of the training data.
#' @param type `"class"` for the most probable class, `"probs"` for the probabilities.
#' @param scope,trace As in [stats::drop1()] and [stats::add1()]; the methods are those of package nnet.
#' @param ... Further models for `anova()`; passed on by `drop1()` and `add1()`; otherwise an error.
#'
#' @return
#' - `tidy()`: one row per coefficient with `y.level`, `term`, `estimate`, `std.error`, `statistic`, `p.value` and, with
#'   `conf.int`, `conf.low` and `conf.high`.
#' - `glance()`: one row with `edf`, `deviance`, `AIC`, `nobs`, `logLik`, `convergence`, `iterations`, `engine`,
#'   `device`, `seconds`.
#' - `augment()`: the data with `.pred_class` (factor) and `.pred_<level>`. Without data, the first column is the
#'   observed response.
#' - `predict()`: as in package nnet, a factor of classes; or a matrix of probabilities, for two classes a vector with
#'   that of the second. A row with a missing predictor has missing values.
#' - `vcov()`: the covariance matrix of the coefficients, as in package nnet, from the information matrix stored in the
#'   fit.
#' - `anova()`: the likelihood ratio tests of package nnet, printed with their heading. Fits with different responses or
#'   rows are an error.
#' - `nobs()`: the number of rows.
#' @section Errors: `tidydl_error_argument`; for `predict()` and `augment()` also `tidydl_error_column` and
#'   `tidydl_error_data`, if new data lack a column or have a level that was not in the training data.
#' @seealso [multinom()]
#' @name multinom-methods
#' @examplesIf tidydl:::python_ready()
#' fit <- multinom(Species ~ Petal.Length, iris, trace = FALSE)
#' tidy(fit, conf.int = TRUE, exponentiate = TRUE)
#' glance(fit)
#' augment(fit, iris)
NULL

#' @rdname multinom-methods
#' @export
tidy.tidydl_multinom <- function(x, conf.int = FALSE, conf.level = 0.95, exponentiate = FALSE, ...) {
  arguments <- c("conf.int", "conf.level", "exponentiate")
  check_no_more(..., call = quote(tidy()), name = "tidy", known = arguments)
  shown <- if (check_flag("exponentiate", exponentiate)) exp else identity
  estimates <- as.vector(t(as.matrix(stats::coef(x))))
  errors <- unname(sqrt(diag(stats::vcov(x))))
  statistics <- estimates / errors
  classes <- multinom_classes(x)[-1L]
  table <- tibble::tibble(
    y.level = rep(classes, each = length(x$vcoefnames)), term = rep(x$vcoefnames, length(classes)),
    estimate = shown(estimates), std.error = errors, statistic = statistics,
    p.value = 2 * stats::pnorm(-abs(statistics))
  )
  if (check_flag("conf.int", conf.int)) {
    half <- stats::qnorm(1 - (1 - check_number("conf.level", conf.level, 0, 1)) / 2) * errors
    table$conf.low <- shown(estimates - half)
    table$conf.high <- shown(estimates + half)
  }
  table
}

multinom_classes <- function(x) if (is.null(x$lev)) x$lab else x$lev

#' @rdname multinom-methods
#' @export
glance.tidydl_multinom <- function(x, ...) {
  check_no_more(..., call = quote(glance()), name = "glance", known = character())
  about <- x$tidydl
  tibble::tibble(
    edf = x$edf, deviance = x$deviance, AIC = x$AIC, nobs = nrow(x$fitted.values), logLik = -0.5 * x$deviance,
    convergence = x$convergence, iterations = about$iterations, engine = about$engine, device = about$device,
    seconds = about$seconds
  )
}

#' @rdname multinom-methods
#' @export
augment.tidydl_multinom <- function(x, data = NULL, newdata = NULL, ...) {
  check_no_more(..., call = quote(augment()), name = "augment", known = c("data", "newdata"))
  data <- if (is.null(data)) newdata else data
  shares <- if (is.null(data)) x$fitted.values else stats::predict(x, data, type = "probs")
  shares <- matrix(shares, ncol = x$n[[3]])
  base <- if (is.null(data)) observed_response(x) else tibble::as_tibble(data)
  added <- class_columns(list(lev = multinom_classes(x)), shares)
  with_predictions(base, added)
}

#' @rdname multinom-methods
#' @export
predict.tidydl_multinom <- function(object, newdata, type = c("class", "probs"), ...) {
  check_no_more(..., call = quote(predict()), name = "predict", known = c("newdata", "type"))
  type <- check_choice("type", type, c("class", "probs"), call = quote(predict()))
  probabilities <- if (missing(newdata)) {
    NextMethod(type = "probs")
  } else {
    newdata <- check_newdata(object, newdata)
    complete <- refuse_infinite_rows(object, newdata)
    if (complete > 0L && is.null(attr(object$terms, "offset"))) {
      plain <- object
      class(plain) <- setdiff(class(object), "tidydl_multinom")
      stats::predict(plain, newdata, type = "probs")
    } else {
      drop(multinom_probabilities(object, newdata))
    }
  }
  if (type == "probs") {
    return(probabilities)
  }
  # package nnet draws among classes that are equally probable
  shares <- matrix(unname(probabilities), ncol = object$n[[3]])
  most_probable(multinom_classes(object), class_shares(shares))
}

# The probabilities of new rows, including offsets, which package nnet ignores; it also needs a complete row.
multinom_probabilities <- function(object, newdata) {
  terms <- stats::delete.response(object$terms)
  frame <- stats::model.frame(terms, newdata, na.action = stats::na.omit, xlev = object$xlevels)
  binary <- object$n[[3]] == 1
  response <- list(y = matrix(0, 0, object$n[[3]]), classes = multinom_classes(object))
  x <- stats::model.matrix(terms, frame, contrasts.arg = object$contrasts)
  offset <- multinom_offset(stats::model.offset(frame), response, quote(predict()))
  inputs <- do.call(cbind, c(list(matrix(1, nrow(x), 1L), x), if (!is.null(offset)) list(offset)))
  sums <- inputs %*% matrix(object$wts, ncol = object$n[[3]])
  probabilities <- if (binary) 1 / (1 + exp(-sums)) else exp(sums - sums[cbind(seq_len(nrow(sums)), max.col(sums))])
  if (!binary) probabilities <- probabilities / rowSums(probabilities)
  names <- list(row.names(newdata), if (!binary) response$classes)
  all <- matrix(NA_real_, nrow(newdata), ncol(probabilities), dimnames = names)
  all[match(row.names(frame), row.names(newdata)), ] <- probabilities
  all
}

#' @rdname multinom-methods
#' @export
vcov.tidydl_multinom <- function(object, ...) {
  information <- object$tidydl$information
  parts <- svd(information)
  kept <- parts$d > sqrt(.Machine$double.eps) * parts$d[[1]]
  inverse <- parts$v[, kept, drop = FALSE] %*% (t(parts$u[, kept, drop = FALSE]) / parts$d[kept])
  dimnames(inverse) <- dimnames(information)
  inverse
}

#' @rdname multinom-methods
#' @importFrom stats nobs
#' @export
nobs.tidydl_multinom <- function(object, ...) nrow(object$fitted.values)

#' @rdname multinom-methods
#' @export
confint.tidydl_multinom <- function(object, parm, level = 0.95, ...) {
  level <- check_number("level", level, 0, 1)
  if (missing(parm)) NextMethod(level = level) else NextMethod(parm = parm, level = level)
}

#' @rdname multinom-methods
#' @export
anova.tidydl_multinom <- function(object, ...) {
  fits <- list(object, ...)
  check_comparable(fits[rlang::names2(fits) != "test"])
  table <- NextMethod()
  class(table) <- c("tidydl_anova", class(table))
  table
}

# Package nnet compares all fits with the same number of values, whatever their data.
check_comparable <- function(fits, call = rlang::caller_env()) {
  first <- fitted_to(fits[[1L]])
  if (length(fits) < 2L) {
    allowed <- "Two or more fits of multinom(), each within the next."
    abort_tidydl("argument", "`anova()` was given one fit.", allowed, call = call)
  }
  for (other in fits[-1L]) {
    if (!inherits(other, "multinom")) {
      abort_tidydl("argument", sprintf("`anova()` was given %s.", described(other)), "Fits of multinom().", call = call)
    }
    if (!isTRUE(all.equal(first, fitted_to(other)))) {
      problem <- "`anova()` was given fits of different responses or rows."
      abort_tidydl("argument", problem, "Fits of one response to the same rows.", without_missing, call = call)
    }
  }
}

without_missing <- "Leave rows with missing values out of the data before fitting, as by na.omit()."

# The response, the number of rows, and the frequency of each class: not the order, which `summ` changes.
fitted_to <- function(fit) {
  classes <- colSums(as.vector(fit$weights) * (fit$fitted.values + fit$residuals))
  list(deparse1(stats::formula(fit)[[2L]]), nrow(fit$residuals), unname(classes))
}

# Results of package nnet are printed by package MASS, if that is loaded.
#' @export
print.tidydl_anova <- function(x, ...) {
  cat(attr(x, "heading"), sep = "\n")
  plain <- x
  attr(plain, "heading") <- NULL
  class(plain) <- "data.frame"
  shown <- as.matrix(format(plain, ...))
  shown[is.na(plain)] <- ""
  print(shown, quote = FALSE, right = TRUE)
  invisible(x)
}

#' @rdname multinom-methods
#' @export
drop1.tidydl_multinom <- function(object, scope, trace = FALSE, ...) {
  one_term_more_or_less("drop1", object, if (!missing(scope)) scope, trace, ..., caller = parent.frame())
}

#' @rdname multinom-methods
#' @export
add1.tidydl_multinom <- function(object, scope, trace = FALSE, ...) {
  one_term_more_or_less("add1", object, if (!missing(scope)) scope, trace, ..., caller = parent.frame())
}

# Package nnet's method fits again where it was called from, and looks there for `trace` and the data.
one_term_more_or_less <- function(generic, object, scope, trace, ..., caller) {
  method <- utils::getS3method(generic, "multinom", envir = asNamespace("nnet"))
  written <- environment(object$terms)
  data <- tryCatch(eval(object$call$data, written), error = function(cnd) NULL)
  frame <- new.env(parent = if (is.data.frame(data)) written else caller)
  frame$trace <- trace
  arguments <- c(list(object), if (!is.null(scope)) list(scope = scope), list(trace = trace, ...))
  withCallingHandlers(do.call(method, arguments, quote = TRUE, envir = frame), error = function(cnd) {
    changed <- gettext("number of rows in use has changed: remove missing values?", domain = "R-nnet")
    if (identical(conditionMessage(cnd), changed)) {
      problem <- "With a term more or less other rows have missing values, so that the fits cannot be compared."
      abort_tidydl("data", problem, "Fits to the same rows.", without_missing, call = NULL, parent = cnd)
    }
  })
}
