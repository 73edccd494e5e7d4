#' Tune the size and decay of a network
#'
#' Evaluates every combination of `size` and `decay` on resamples of the data, and refits the best to all of it. Each
#' fit is identical to that of [nnet()] on the training rows, from its own initial weights, to the last bit, regardless
#' of the number of threads. It is evaluated on the held-out rows.
#'
#' All random numbers are R's, so that `set.seed()` gives the same folds, weights and results here and in Python. Python
#' is required for the search; the methods of the result, except `autoplot()`, do not need it.
#'
#' @param formula,data As in [nnet()]: a formula and a data frame, or inputs and response. Inputs and classes are built
#'   from all complete rows, so that each fit has all levels, including those missing from its training rows.
#' @param ... Further arguments of [nnet()]: `x`, `y`, `weights`, `linout`, `entropy`, `softmax`, `censored`, `skip`,
#'   `rang`, `maxit`, `MaxNWts`, `abstol`, `reltol`, `subset`, `na.action`, `contrasts`. (`trace` is accepted but has no
#'   effect, since fits run in parallel.)
#' @param size,decay Numbers of hidden units and weight decays to try: one or several of each.
#' @param resamples `k` for k-fold cross-validation; `"bootstrap"` for samples with replacement, evaluated on the
#'   out-of-bag rows; `"holdout"` for random splits; or a list with the training rows of each resample, by position
#'   among the complete rows, repeated as often as they should count. Folds and hold-outs are stratified by class.
#' @param times Number of repetitions of the cross-validation (by default 1), of bootstrap samples (25) or of hold-outs
#'   (1).
#' @param prop The proportion of rows used for training in a hold-out.
#' @param repeats Number of fits per grid point and resample, each from its own initial weights. The one with the lowest
#'   value on the training rows represents the resample; the final fit is chosen in the same way.
#' @param metric The metric to optimise: for classification `"accuracy"` (the default), `"balanced_accuracy"`, `"kappa"`
#'   or `"log_loss"`; for regression `"rmse"` (the default), `"mae"` or `"rsq"`. Each held-out row counts once,
#'   regardless of its case weight. Ties are broken in favour of the fewest units, then the largest decay.
#' @param engine,device,threads As in [nnet()], except that the engine `"r"` is not available: by default fits run in
#'   parallel threads; on a CUDA device all networks of the same architecture are trained together.
#'
#' @return A list of class `tidydl_tuning`:
#' - `fits`, a tibble with one row per fit: `size`, `decay`, `resample` (factor), `restart` (counted from 1), `chosen`
#'   (the restart with the lowest value, which represents its resample), `value`, `convergence`, `iterations`, the
#'   metrics on the held-out rows, `seconds`. A fit that fails because its value is not finite is a row of missing
#'   values, with a warning.
#' - `summary`, a tibble with one row per grid point: `size`, `decay`, `metric`, `mean` over the resamples, `std_error`
#'   of the mean, `n` resamples, `best`.
#' - `best`, a list with the best `size` and `decay`; `fit`, the network with these values fitted to all rows, as
#'   returned by [nnet()].
#'
#' `tidy()` returns the summary, `glance()` one row (`n_points`, `n_resamples`, `n_fits`, `n_failed`, `metric`, `mean`,
#' `std_error`, `size`, `decay`, `nobs`, `engine`, `device`, `seconds`), `predict()` and `augment()` the predictions of
#' the best network, `summary()` and `coef()` its weights, `autoplot()` the metric by size and decay.
#' @section Errors: As for [nnet()], and `tidydl_error_argument` if the resamples cannot be drawn or the metric does not
#'   apply to the response.
#' @examplesIf requireNamespace("ggplot2", quietly = TRUE) && tidydl:::python_ready()
#' set.seed(1)
#' found <- tune_nnet(Species ~ ., iris, size = c(1, 3), decay = c(0.01, 0.1), resamples = 5)
#' found
#' confusion(found$fit)
#' autoplot(found)
#' @export
tune_nnet <- function(formula, data, ..., size, decay = 0, resamples = 10, times = NULL, prop = 0.75, repeats = 1,
                      metric = NULL, engine = NULL, device = "cpu", threads = NULL) {
  began <- proc.time()[["elapsed"]]
  call <- with_name(match.call(), "tune_nnet")
  search <- list(
    size = if (!missing(size)) size, decay = decay, resamples = resamples, times = times, prop = prop,
    repeats = repeats, metric = metric, engine = engine, device = device, threads = threads
  )
  refuse_tuning_names(names(call))
  fit_call <- call[!names(call) %in% c(names(search), "trace")]
  searching <- fit_call
  names(searching)[names(searching) %in% c("formula", "data")] <- ""
  searching[[1L]] <- nnet
  searching$.search <- c(search, list(trace = eval.parent(call$trace)))
  fit <- eval.parent(searching)
  tuning <- fit$search
  fit$search <- NULL
  if (!inherits(fit, "nnet.formula")) {
    names(fit_call)[names(fit_call) %in% c("formula", "data")] <- ""
  }
  fit_call[[1L]] <- quote(nnet)
  fit$call <- as.call(c(as.list(fit_call), tuning$best))
  tuning$seconds <- proc.time()[["elapsed"]] - began
  structure(c(tuning, list(fit = fit, call = call)), class = "tidydl_tuning")
}

refuse_tuning_names <- function(names, call = rlang::caller_env()) {
  taken <- c(names(formals(nnet.default)), "subset", "na.action", "contrasts")
  allowed <- setdiff(unique(c(names(formals(tune_nnet)), taken)), c("...", "Wts", "mask", "Hess"))
  for (name in setdiff(names, c("", allowed))) {
    abort_no_argument("tune_nnet", name, allowed, call)
  }
}

# The fit of tune_nnet(): draws, has Python run and evaluate all fits, and fits the best to all rows.
# The grid is not taken from the arguments that nnet.default() passes on.
search_grid <- function(search, x, response, weights, argument, size, decay, trace, ..., call = quote(tune_nnet())) {
  if (!is.null(search$trace)) {
    check_flag("trace", search$trace, call = call)
  }
  repeats <- check_count("repeats", search$repeats, 1, call = call)
  grid <- expand_grid(search, call)
  plans <- Map(
    function(size, decay) plan_network(x, response, weights, size, decay = decay, trace = FALSE, ..., call = call),
    grid$size, grid$decay
  )
  drawn <- draw_resamples(search, rows_of_classes(response), call)
  starts <- lapply(plans, initial_weights, fits = length(drawn$train) * repeats)
  engine <- if (!is.null(search$engine)) check_choice("engine", search$engine, c("exact", "torch"), call = call)
  largest <- plans[[which.max(grid$size)]]
  largest$argument <- argument
  where <- list(
    engine = engine, device = search$device, threads = search$threads, advice = advice_wanted(largest)
  )
  results <- search_with_python(plans, grid, drawn, starts, repeats, search$metric, where, call)
  best <- plans[[results$at]]
  final <- lapply(seq_len(repeats), function(i) initial_weights(best))
  solutions <- solve_repeats(best, final, engine, search$device, search$threads, call)
  lowest <- which.min(vapply(solutions, `[[`, double(1), "value"))
  record <- nnet_record(best, solutions[[lowest]])
  record$search <- list(
    fits = results$fits, summary = results$summary, best = as.list(grid[results$at, ]), metric = results$metric,
    resamples = drawn$description
  )
  record
}

search_with_python <- function(plans, grid, drawn, starts, repeats, metric, where, call) {
  shared <- plan_arguments(plans[[1]])
  shared[c("mask", "decay", "size", "trace")] <- NULL
  call_python("tune_arrays", c(shared, list(
    is_class = !is.null(plans[[1]]$response$levels), size = I(as.double(grid$size)), decay = I(grid$decay),
    train = I(unlist(drawn$train)), train_lengths = I(lengths(drawn$train)), labels = I(drawn$labels),
    starts = I(unlist(starts)), repeats = repeats, metric = metric
  ), where), call = call)
}

expand_grid <- function(search, call) {
  sizes <- several("size", search$size, function(each) check_count("size", each, call = call), call)
  decays <- several("decay", search$decay, function(each) check_number("decay", each, 0, call = call), call)
  data.frame(size = rep(sizes, each = length(decays)), decay = rep(decays, length(sizes)))
}

several <- function(argument, values, check, call) {
  if (is.null(values)) {
    check(NULL)
  }
  if (!length(values)) {
    abort_tidydl("argument", sprintf("`%s` is %s.", argument, described(values)), "At least one number.", call = call)
  }
  unique(vapply(as.list(values), function(each) as.double(check(each)), double(1)))
}

# The rows of each class, or all rows for a numeric response.
rows_of_classes <- function(response) {
  y <- response$y
  if (is.null(response$levels)) {
    return(list(seq_len(nrow(y))))
  }
  code <- if (ncol(y) == 1L) y[, 1] + 1 else max.col(y, "first")
  unname(split(seq_along(code), factor(code, seq_along(response$levels))))
}

# The training rows of each resample, drawn in the order of python/tidydl/networks/model_selection/resampling.py.
draw_resamples <- function(search, groups, call) {
  rows <- search$resamples
  n <- sum(lengths(groups))
  positions <- function(each) if (is.numeric(each)) many(as.double(each)) else list()
  asked <- call_python("asked_resamples", list(
    resamples = if (!is.list(rows)) rows, train = if (is.list(rows)) lapply(unname(rows), positions),
    names = if (is.list(rows) && !is.null(names(rows))) I(names(rows)), times = search$times, prop = search$prop, n = n
  ), call = call)
  times <- seq_len(asked$times)
  asked$train <- switch(asked$kind,
    given = lapply(unname(rows), as.integer),
    bootstrap = lapply(times, function(i) draw_bootstrap(n)),
    holdout = lapply(times, function(i) draw_share(groups, asked$prop)),
    folds = unlist(lapply(times, function(i) draw_folds(groups, n, asked$folds)), recursive = FALSE)
  )
  asked
}

# Deals each class's rows, in random order, to the folds in turn, continuing where the class before ended.
draw_folds <- function(groups, n, folds) {
  dealt <- unlist(lapply(groups, function(rows) rows[sample.int(length(rows))]))
  fold_of <- integer(n)
  fold_of[dealt] <- (seq_len(n) - 1L) %% folds + 1L
  lapply(seq_len(folds), function(fold) which(fold_of != fold))
}

# A bootstrap sample, again if no row is left to assess.
draw_bootstrap <- function(n) {
  repeat {
    train <- sample.int(n, n, replace = TRUE)
    if (anyDuplicated(train)) {
      return(train)
    }
  }
}
