# `repeats` of nnet(): several networks fitted from different initial weights, which predict by their mean.

# Checked before anything that a fit may warn of.
check_repeats <- function(..., repeats, Wts = NULL) {
  if (check_count("repeats", repeats, 1, call = quote(nnet())) > 1 && !is.null(Wts)) {
    abort_tidydl(
      "argument", "`Wts` is given, and `repeats` is more than 1: all networks would start alike.", "One of them.",
      call = quote(nnet())
    )
  }
}

fit_repeats <- function(plan, repeats, engine, device, threads, finish) {
  starts <- lapply(seq_len(repeats), function(i) initial_weights(plan))
  solutions <- solve_repeats(plan, starts, engine, device, threads)
  average_fits(lapply(solutions, function(each) finish(nnet_record(plan, each))), plan$response$y)
}

# The solutions of fits from several initial weights, made side by side.
solve_repeats <- function(plan, starts, engine = NULL, device = "cpu", threads = NULL, call = quote(nnet())) {
  engine <- choose_engine(engine, device, call)
  if (identical(engine, "r")) {
    plan$settings$trace <- FALSE
    return(lapply(starts, solve_with_r, plan = plan, call = call))
  }
  wts <- matrix(unlist(starts), ncol = length(starts))
  solve_with_python("fit_repeats", plan, wts, engine, device, threads, call)
}

average_fits <- function(fits, y) {
  fitted <- mean_of(lapply(fits, `[[`, "fitted.values"))
  dimnames(y) <- dimnames(fitted)
  noted <- intersect(c("lev", "call", "terms", "coefnames", "contrasts", "xlevels", "na.action"), names(fits[[1]]))
  record <- c(list(fits = fits, n = fits[[1]]$n, fitted.values = fitted, residuals = y - fitted), fits[[1]][noted])
  structure(record, class = "tidydl_averaged")
}

is_averaged <- function(x) inherits(x, "tidydl_averaged")

mean_of <- function(values) Reduce(`+`, values) / length(values)

#' Averaged networks
#'
#' `nnet(..., repeats = n)` fits n networks in parallel threads, each from its own initial weights, drawn in sequence.
#' Their outputs are averaged; for classification the probabilities are averaged, and the predicted class is the one
#' with the largest. None of these methods starts Python.
#'
#' @param object,x Networks fitted with [nnet()] and `repeats`.
#' @param newdata,data As for one network, see [predict.tidydl_nnet()] and [augment.tidydl_nnet()].
#' @param type `"raw"` for the mean outputs, `"class"` for the most probable class.
#' @param ... Not used.
#'
#' @return `nnet(..., repeats = n)` returns a list of class `tidydl_averaged` with `fits` (the networks, each as
#'   returned by `nnet()`; `fit$fits[[1]]` is the first), `fitted.values`, `residuals`, `n`, `lev`, `call`. `predict()`
#'   and `augment()` return the same as for one network.
#'
#'   `tidy()` returns one row per weight of each network: `.fit` (integer, counted from 1) and the columns of
#'   [tidy.tidydl_nnet()].
#'
#'   `glance()` returns one row: `n_fits`, `n_weights`, `value` (the mean), `lowest`, `highest`, `converged` (the number
#'   of fits that converged), `iterations` (in total), `nobs`, `engine`, `device`, `seconds` (in total).
#'
#'   `coef()` returns a matrix, networks by weights; `summary()` the weights of each network.
#' @section Errors: For `predict()` and `augment()`, those of [predict.tidydl_nnet()].
#' @seealso [tune_nnet()]
#' @name nnet-repeats
#' @examplesIf tidydl:::python_ready()
#' fit <- nnet(Species ~ ., iris, size = 2, repeats = 5, trace = FALSE)
#' glance(fit)
#' predict(fit, iris[c(1, 51, 101), ], type = "class")
#' confusion(fit)
NULL

#' @rdname nnet-repeats
#' @export
predict.tidydl_averaged <- function(object, newdata, type = c("raw", "class"), ...) {
  check_no_more(..., call = quote(predict()), name = "predict", known = c("newdata", "type"))
  type <- check_choice("type", type, c("raw", "class"))
  raw <- if (missing(newdata)) {
    stats::napredict(object$fits[[1]]$na.action, object$fitted.values)
  } else {
    mean_of(lapply(object$fits, stats::predict, newdata, type = "raw"))
  }
  if (type == "raw") {
    return(raw)
  }
  need_classes(object)
  as.character(most_probable(object$lev, class_shares(unname(raw))))
}

#' @rdname nnet-repeats
#' @export
augment.tidydl_averaged <- function(x, data = NULL, newdata = NULL, ...) {
  check_no_more(..., call = quote(augment()), name = "augment", known = c("data", "newdata"))
  data <- if (is.null(data)) newdata else data
  augmented(as_one_network(x), data, if (is.null(data)) x$fitted.values else stats::predict(x, data))
}

# The first network, with the fitted values and residuals of all.
as_one_network <- function(x) {
  one <- x$fits[[1]]
  one$fitted.values <- x$fitted.values
  one$residuals <- x$residuals
  one
}

#' @rdname nnet-repeats
#' @export
tidy.tidydl_averaged <- function(x, ...) {
  check_no_more(..., call = quote(tidy()), name = "tidy", known = character())
  frames <- lapply(x$fits, tidy)
  fit <- rep(seq_along(frames), vapply(frames, nrow, integer(1)))
  tibble::add_column(vctrs::vec_rbind(!!!frames), .fit = fit, .before = 1L)
}

#' @rdname nnet-repeats
#' @export
glance.tidydl_averaged <- function(x, ...) {
  check_no_more(..., call = quote(glance()), name = "glance", known = character())
  values <- vapply(x$fits, `[[`, double(1), "value")
  about <- lapply(x$fits, `[[`, "tidydl")
  tibble::tibble(
    n_fits = length(values), n_weights = length(x$fits[[1]]$wts), value = mean_of(values), lowest = min(values),
    highest = max(values), converged = sum(vapply(x$fits, `[[`, integer(1), "convergence") == 0L),
    iterations = as.integer(sum(vapply(about, `[[`, integer(1), "iterations"))), nobs = nrow(x$fitted.values),
    engine = about[[1]]$engine, device = about[[1]]$device, seconds = sum(vapply(about, `[[`, double(1), "seconds"))
  )
}

#' @rdname nnet-repeats
#' @export
coef.tidydl_averaged <- function(object, ...) {
  do.call(rbind, lapply(object$fits, stats::coef))
}

#' @rdname nnet-repeats
#' @export
summary.tidydl_averaged <- function(object, ...) {
  structure(list(fits = lapply(object$fits, summary)), class = "summary.tidydl_averaged")
}

#' @export
print.summary.tidydl_averaged <- function(x, ...) {
  cat(sprintf("the mean of %d networks\n", length(x$fits)))
  for (i in seq_along(x$fits)) {
    cat(sprintf("\nnetwork %d: ", i))
    print(x$fits[[i]], ...)
  }
  invisible(x)
}

#' @export
print.tidydl_averaged <- function(x, ...) {
  cat(sprintf("the mean of %d networks, each\n", length(x$fits)))
  print(x$fits[[1]])
  invisible(x)
}
