# What importance(), lekprofile() and the pictures need of a fitted network: its weights, and data to look at it by.

check_network <- function(argument, fit, with_weights, call = rlang::caller_env()) {
  if (!inherits(fit, "nnet") && !is_averaged(fit)) {
    abort_tidydl(
      "argument", sprintf("`%s` is %s.", argument, described(fit)), "A network fitted with nnet() or multinom().",
      tuning_hint(fit),
      call = call
    )
  }
  if (with_weights && is_averaged(fit)) {
    abort_tidydl(
      "argument", sprintf("`%s` is the mean of several networks, which has no weights of its own.", argument),
      "One of its networks: they are in `fits`.",
      call = call
    )
  }
}

# What a search found is one step away.
tuning_hint <- function(fit) if (inherits(fit, "tidydl_tuning")) "Take its network: `fit`."

first_network <- function(fit) if (is_averaged(fit)) fit$fits[[1]] else fit

network_weights <- function(fit) {
  labels <- network_labels(fit)
  list(
    n = as.integer(fit$n), wts = I(as.double(fit$wts)), skip = is_skip(fit), inputs = I(labels$inputs),
    outputs = I(labels$outputs)
  )
}

# The names of the inputs and of the outputs; a single output has the name of the response.
network_labels <- function(fit) {
  fit <- first_network(fit)
  named <- if (length(fit$coefnames)) fit$coefnames else fit$tidydl$inputs
  more <- seq_len(fit$n[[1]] - length(named)) # a multinomial model's offsets have no names
  inputs <- c(named, if (length(more)) paste0(if (length(named)) "offset" else "i", more))
  list(inputs = inputs, outputs = if (fit$n[[3]] > 1) network_classes(fit) else nnet_response(fit))
}

network_classes <- function(fit) if (inherits(fit, "multinom")) fit$lab else output_names(fit)

network_loss <- function(fit) {
  loss <- loss_of(first_network(fit))
  if (loss == "linear") "least squares" else loss
}

# The outputs for data, rows by outputs. R asks for columns too that a formula took out again, as in `. - id`: they
# are `unused`, and any value of theirs will do.
network_outputs <- function(fit, frame, unused = NULL) {
  type <- if (inherits(fit, "multinom")) "probs" else "raw"
  frame[names(unused)] <- lapply(unused, function(column) column[rep(1L, nrow(frame))])
  newdata <- if (is.null(first_network(fit)$terms)) unname(as.matrix(frame)) else as.data.frame(frame)
  # R warns of what a formula cannot compute, which gives a missing output
  found <- withCallingHandlers(stats::predict(fit, newdata, type = type), warning = function(cnd) {
    if (is_warning_of_r(cnd, "NaNs produced")) invokeRestart("muffleWarning")
  })
  matrix(as.double(found), nrow = nrow(newdata))
}

# The complete rows of data: the columns that a network reads, and with `observed` the targets, rows by outputs.
network_observations <- function(fit, data, y, where, call = rlang::caller_env()) {
  fit <- as_network(fit)
  if (is.null(fit$terms)) {
    return(number_observations(fit, number_frame(fit, data, where, call), y, call))
  }
  used <- formula_rows(fit, formula_data(fit, data, call), observed = TRUE, call)
  list(frame = used$frame, unused = used$unused, targets = network_targets(fit, used$response, call))
}

network_inputs <- function(fit, data, where, call = rlang::caller_env()) {
  fit <- as_network(fit)
  if (is.null(fit$terms)) {
    frame <- number_frame(fit, data, where, call)
    return(list(frame = frame[stats::complete.cases(frame), ]))
  }
  formula_rows(fit, formula_data(fit, data, call), observed = FALSE, call)
}

as_network <- function(fit) if (is_averaged(fit)) as_one_network(fit) else fit

abort_no_data <- function(data, call) {
  abort_tidydl(
    "argument", sprintf("`data` is %s.", described(data)),
    "The data frame that the network was fitted to, or another with its columns.",
    call = call
  )
}

# The data frame given, or the one that the call of the fit names, with the rows of its `subset`.
formula_data <- function(fit, data, call) {
  if (!is.null(data)) {
    return(if (is.data.frame(data)) data else abort_no_data(data, call))
  }
  where <- environment(fit$terms)
  tryCatch(
    {
      data <- eval(fit$call$data, where)
      data <- if (is.null(data)) stats::get_all_vars(fit$terms) else data
      if (is.null(fit$call$subset)) data else data[which_rows(eval(fit$call$subset, data, where)), , drop = FALSE]
    },
    error = function(cnd) abort_no_data(NULL, call)
  )
}

which_rows <- function(subset) if (is.logical(subset)) which(subset) else subset

formula_rows <- function(fit, data, observed, call) {
  terms <- fit$terms
  check_any_rows(data, "data", call)
  predictors <- predictor_names(terms)
  unused <- setdiff(all.vars(stats::delete.response(terms)), predictors)
  answers <- all.vars(stats::formula(terms)[[2L]])
  for (name in c(predictors, unused, if (observed) answers)) {
    if (!name %in% names(data) && !is_variable(name, environment(terms))) {
      abort_column_gone("data", name, names(data), call)
    }
  }
  kept <- if (observed) terms else stats::delete.response(terms)
  frame <- suppressWarnings(stats::model.frame(kept, data, na.action = stats::na.omit))
  complete <- !seq_len(nrow(data)) %in% attr(frame, "na.action")
  present <- intersect(c(predictors, answers), names(data))
  complete <- complete & stats::complete.cases(data[present])
  if (!any(complete)) {
    check_rows(frame[0, ], data, call = call)
  }
  rows_of <- function(names) tibble::as_tibble(data[complete, intersect(names, colnames(data)), drop = FALSE])
  list(
    frame = rows_of(predictors), unused = rows_of(unused),
    response = if (observed) stats::model.response(frame)
  )
}

# The columns that a formula's terms read, in the order of the terms, and after them those of offsets.
predictor_names <- function(terms) {
  offsets <- as.list(attr(terms, "variables"))[1L + attr(terms, "offset")]
  unique(as.character(unlist(lapply(c(lapply(attr(terms, "term.labels"), str2lang), offsets), all.vars))))
}

# The response as the outputs should be: of classes indicators, of counts of classes their shares.
network_targets <- function(fit, response, call) {
  if (inherits(fit, "multinom") && is.matrix(response)) {
    shares <- response / rowSums(response)
    return(unname(if (fit$n[[3]] == 1) shares[, 2, drop = FALSE] else shares))
  }
  if (is.null(class_levels(fit))) {
    return(check_targets(fit, unname(numeric_matrix(response, "y")), call))
  }
  labels <- as.character(response)
  new <- setdiff(labels, c(fit$lev, NA))
  if (length(new)) {
    abort_new_levels("data", nnet_response(fit), new, fit$lev, call)
  }
  codes <- match(labels, fit$lev)
  if (fit$n[[3]] == 1) as.matrix(codes - 1) else outer(codes, seq_along(fit$lev), `==`) * 1
}

check_targets <- function(fit, targets, call) {
  if (ncol(targets) != fit$n[[3]]) {
    abort_tidydl(
      "argument", sprintf("`y` has %d columns, and the network has %.0f outputs.", ncol(targets), fit$n[[3]]),
      sprintf("%.0f columns.", fit$n[[3]]),
      call = call
    )
  }
  targets
}

# Inputs given as numbers, or those that the call of the fit names, under the names that the network has for them.
number_frame <- function(fit, data, where, call) {
  if (is.null(data)) {
    data <- tryCatch(eval(fit$call$x, where), error = function(cnd) NULL)
  }
  if (is.null(data)) {
    abort_tidydl("argument", "`data` is NULL.", "The inputs of the network, rows by inputs.", call = call)
  }
  names <- network_labels(fit)$inputs
  if (is.data.frame(data) && length(fit$tidydl$inputs) && !anyDuplicated(names)) {
    for (name in setdiff(names, names(data))) {
      abort_column_gone("data", name, names(data), call)
    }
    data <- as.data.frame(data)[names]
  }
  x <- numeric_matrix(data, "data")
  if (ncol(x) != fit$n[[1]]) {
    abort_tidydl(
      "argument", sprintf("`data` has %d columns, and the network has %.0f inputs.", ncol(x), fit$n[[1]]),
      sprintf("%.0f columns.", fit$n[[1]]),
      call = call
    )
  }
  if (anyDuplicated(names)) {
    names <- paste0("i", seq_along(names))
  }
  tibble::as_tibble(stats::setNames(as.data.frame(unname(x)), names))
}

number_observations <- function(fit, frame, y, call) {
  targets <- if (is.null(y)) {
    unname(fit$fitted.values + fit$residuals)
  } else {
    network_targets(fit, if (is.data.frame(y)) as.matrix(y) else y, call)
  }
  if (nrow(targets) != nrow(frame)) {
    abort_tidydl(
      "argument",
      sprintf("`data` has %d rows, and there are %d values of the response.", nrow(frame), nrow(targets)),
      "One row of `y` for each of `data`; the training rows need no `y`.",
      call = call
    )
  }
  complete <- stats::complete.cases(frame) & stats::complete.cases(targets)
  if (!any(complete)) {
    abort_tidydl(
      "data", "`data` has no complete rows.", "At least one row without missing values.", call = call
    )
  }
  list(frame = frame[complete, ], targets = targets[complete, , drop = FALSE])
}
