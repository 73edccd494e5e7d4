# What importance(), lekprofile() and the plots need of a fitted network: its weights, and data to evaluate it on.

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

# The best network of a search.
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
  # R warns of what a formula cannot compute; the output is missing
  outputs <- withCallingHandlers(stats::predict(fit, newdata, type = type), warning = function(cnd) {
    if (is_warning_of_r(cnd, "NaNs produced")) invokeRestart("muffleWarning")
  })
  matrix(as.double(outputs), nrow = nrow(newdata))
}

# The complete rows of data: the columns that a network reads, and with `observed` the targets, rows by outputs.
network_rows <- function(fit, data, where, y = NULL, observed = FALSE, call = rlang::caller_env()) {
  fit <- as_network(fit)
  if (is.null(fit$terms)) {
    # by default those that the call of the fit names
    data <- if (is.null(data)) tryCatch(eval(fit$call$x, where), error = function(cnd) NULL) else data
    data <- if (is.null(data) || is.data.frame(data)) data else numeric_matrix(data, "data")
    asked <- list(network = network_facts(fit), data = data, y = y, observed = observed)
    return(call_python("network_rows", asked, call = call))
  }
  rows <- formula_rows(fit, formula_data(fit, data, call), observed, call)
  if (observed) {
    counts <- inherits(fit, "multinom") && is.matrix(rows$response)
    asked <- list(network = network_facts(fit), response = rows$response, counts = counts)
    rows$targets <- call_python("network_targets", asked, call = call)
  }
  rows
}

network_facts <- function(fit) {
  labels <- network_labels(fit)
  levels <- class_levels(fit)
  list(
    n = as.integer(fit$n), inputs = I(labels$inputs), outputs = I(labels$outputs),
    columns = I(as.character(fit$tidydl$inputs)), response = nnet_response(fit),
    levels = if (!is.null(levels)) I(levels), targets = unname(fit$fitted.values + fit$residuals)
  )
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
