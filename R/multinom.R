#' Fit a multinomial log-linear model
#'
#' Fits the same model as [nnet::multinom()], identical to the last bit, using tidydl's engine: a network without hidden
#' units whose inputs are the columns of the model matrix. The result has the same components and inherits from classes
#' `multinom` and `nnet`, so that the methods of package nnet (`print()`, `summary()`, `coef()`, `confint()`,
#' `logLik()`, `anova()`), [stats::update()] and [stats::step()] work.
#'
#' The first class is the reference class. A factor with two levels is fitted with one logistic output. A numeric
#' response is treated as classes unless it is a matrix of counts. Predictors should be scaled roughly to 0 to 1, or
#' convergence is slow.
#'
#' Known errors of package nnet are corrected: `summ = 1` combines only equal rows, with their own weights; `summ` also
#' works for two classes; `Wts` leaves the first class at 0; the information matrix of censored responses uses only what
#' was observed; `predict()` takes offsets into account; `summary()` and `vcov()` do not need to find the data again;
#' `drop1()` and `add1()` work at top level.
#'
#' Results are identical to those of the Python package after the same seed. `poly()`, `scale()` and the contrasts of
#' ordered factors may differ between the languages in the last digits (1e-12), and so may fits that use them; the
#' Hessian, `vcov()` and `confint()` agree to rounding.
#'
#' Python is required for fitting (except with the engine `"r"`), and by [importance()], [lekprofile()], [plotnet()] and
#' [autoplot()]; the methods do not need it.
#'
#' @param formula A formula such as `y ~ a + log(b)`, or a string with one. The response is a factor, or a matrix of
#'   counts with one column per class, such as `cbind(none, some, much)`. An offset is a matrix with one column per
#'   class or, for a factor with two levels, a vector.
#' @param data A data frame with the columns of the formula.
#' @param weights Case weights, one per row, non-negative; or the name of a column, as a string.
#' @param subset The rows to use.
#' @param na.action How to handle missing values; `na.omit` by default. The strings `"omit"`, `"exclude"` and `"fail"`
#'   stand for `na.omit`, `na.exclude` and `na.fail`.
#' @param contrasts A named list of contrasts for factors.
#' @param Hess Whether to return the Hessian, the observed information of the coefficients.
#' @param summ If not 0, combine duplicate rows, which fits the same model faster if the predictors have few distinct
#'   values. 1 and 2 combine rows with equal predictors and response (they sort differently); 3 combines rows with equal
#'   predictors, adding up counts, which for two classes changes the reference of the deviance. `confusion()`,
#'   `glance()` and `BIC()` then count the combined rows; `confusion(augment(fit, data), ...)` counts those of the data.
#' @param censored Whether a matrix response marks the possible classes of a row with 1.
#' @param model Whether to return the model frame.
#' @param ... Options of [nnet()]: `Wts`, `decay`, `maxit`, `trace`, `MaxNWts`, `abstol`, `reltol`, `engine`, `device`,
#'   `threads`.
#'
#' @return An object of class `c("tidydl_multinom", "multinom", "nnet")` with the components of [nnet::multinom()] and
#'   `tidydl`, a list as in [nnet()].
#' @section Errors: `tidydl_error_argument`, `tidydl_error_column`, `tidydl_error_formula` and `tidydl_error_data`.
#' @source Venables & Ripley (2002), *Modern Applied Statistics with S*; package nnet.
#' @seealso [tidy.tidydl_multinom()]
#' @examplesIf tidydl:::python_ready()
#' fit <- multinom(Species ~ Petal.Length, iris)
#' summary(fit)
#' tidy(fit, conf.int = TRUE)
#' step(fit)
#' @export
multinom <- function(formula, data, weights, subset, na.action, contrasts = NULL, Hess = FALSE, summ = 0,
                     censored = FALSE, model = FALSE, ...) {
  call <- with_name(match.call(), "multinom")
  if (!missing(formula) && is.character(formula)) {
    call$formula <- formula <- formula_of_text(formula, parent.frame(), quote(multinom()))
  }
  asked <- check_multinom(Hess, summ, censored, model)
  data_value <- if (!missing(data)) given_data(data, call$data, quote(multinom()))
  frame <- multinom_frame(call, if (!missing(formula)) formula, data_value, parent.frame())
  terms <- attr(frame, "terms")
  x <- stats::model.matrix(terms, frame, contrasts)
  used_contrasts <- attr(x, "contrasts")
  numbers <- multinom_numbers(x, frame, asked)
  fit <- fit_multinom(numbers, asked, ...)
  fit$call <- call
  fit$terms <- terms
  fit <- multinom_components(fit, numbers, x)
  fit$na.action <- attr(frame, "na.action")
  fit$contrasts <- used_contrasts
  fit$xlevels <- stats::.getXlevels(terms, frame)
  fit$edf <- fit$rank * (length(numbers$classes) - 1)
  fit$AIC <- fit$deviance + 2 * fit$edf
  if (asked$model) fit$model <- frame
  if (asked$Hess) fit$Hessian <- fit$tidydl$information
  about <- fit$tidydl
  constants <- session_constants(terms, data_value)
  if (length(constants)) about$constants <- constants
  fit$tidydl <- NULL
  structure(c(fit, list(tidydl = about)), class = c("tidydl_multinom", "multinom", "nnet"))
}

formula_of_text <- function(text, where, call) {
  formula <- if (length(text) == 1L) tryCatch(stats::as.formula(text, env = where), error = function(cnd) NULL)
  if (is.null(formula)) {
    abort_tidydl(
      "formula", sprintf("`formula` '%s' has no response or no predictors.", paste(text, collapse = " ")),
      "A formula such as 'y ~ x1 + x2' or 'y ~ .'.",
      call = call
    )
  }
  formula
}

# The options of multinom() besides those of a network.
check_multinom <- function(Hess, summ, censored, model, call = quote(multinom())) {
  censored <- check_flag("censored", censored, call = call)
  if (!is_one_number(summ) || !summ %in% 0:3) {
    refuse("summ", summ, "0, 1, 2 or 3.", NULL, call)
  }
  if (summ == 3 && censored) {
    abort_tidydl(
      "argument", "`summ` 3 adds up counts, and with `censored` the response has none.", "`summ` 0, 1 or 2.",
      call = call
    )
  }
  list(
    Hess = check_flag("Hess", Hess, call = call), summ = summ, censored = censored,
    model = check_flag("model", model, call = call)
  )
}

multinom_frame <- function(call, formula, data, caller) {
  if (!inherits(formula, "formula")) {
    refuse("formula", formula, "A formula as text, such as 'y ~ a + b'.", NULL, quote(multinom()))
  }
  if (!is.null(call$data)) {
    check_formula(formula, data, quote(multinom()))
  }
  frame_call <- call[c(1L, match(c("formula", "data", "weights", "subset", "na.action"), names(call), 0L))]
  frame <- model_frame_of(frame_call, formula, data, caller, quote(multinom()))
  check_levels(frame, quote(multinom()))
  frame
}

# Fits the network of the model. `trace` may be a number, as from step().
fit_multinom <- function(numbers, asked, Wts = NULL, decay = 0, maxit = 100, trace = TRUE, MaxNWts = 1000,
                         abstol = 1.0e-4, reltol = 1.0e-8, engine = NULL, device = "cpu", threads = NULL, ...) {
  call <- quote(multinom())
  options <- setdiff(names(formals(fit_multinom)), c("numbers", "asked", "..."))
  check_no_more(..., call = call, name = "multinom", known = c(setdiff(names(formals(multinom)), "..."), options))
  binary <- ncol(numbers$y) == 1L
  plan <- plan_network(
    numbers$x, list(y = numbers$y, levels = NULL, name = "y"), numbers$weights, size = 0, Wts = Wts,
    mask = numbers$mask, entropy = binary, softmax = !binary && !asked$censored,
    censored = !binary && asked$censored, skip = TRUE, rang = 0, decay = decay, maxit = maxit,
    trace = if (is_one_number(trace)) trace != 0 else trace, MaxNWts = MaxNWts, abstol = abstol, reltol = reltol,
    call = call
  )
  if (asked$summ > 0 && plan$settings$trace) {
    print(dim(numbers$x))
  }
  start <- initial_weights(plan)
  start[!plan$mask] <- numbers$fixed[!plan$mask]
  fit <- nnet_record(plan, solve_network(plan, start, engine, device, threads, call))
  fit$lev <- numbers$levels
  fit
}

# The components that multinom adds to a network, in R's order.
multinom_components <- function(fit, numbers, x) {
  fit$weights <- numbers$weights
  if (ncol(numbers$y) > 1L && !fit$censored) {
    fit$weights <- matrix(fit$weights, dimnames = list(rownames(numbers$x), NULL))
  }
  fit$deviance <- 2 * fit$value
  fit$rank <- qr(x)$rank
  if (ncol(numbers$y) > 1L) fit$lab <- numbers$classes
  fit$coefnames <- colnames(numbers$x)
  fit$vcoefnames <- colnames(x)
  allowed <- if (fit$censored) numbers$y
  columns <- seq_len(ncol(x))
  information <- multinom_information(numbers$x[, columns, drop = FALSE], fit$fitted.values, numbers$weights, allowed)
  dimnames(information) <- rep(list(coefficient_names(numbers$classes, colnames(x), ncol(numbers$y) == 1L)), 2L)
  fit$tidydl$information <- information
  fit
}

coefficient_names <- function(classes, names, binary) {
  if (binary) names else paste(rep(classes[-1L], each = length(names)), names, sep = ":")
}
