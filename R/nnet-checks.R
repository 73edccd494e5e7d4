# What a fit refuses, in the words of python/tidydl/networks/fit.py and python/tidydl/design.py.

check_formula <- function(formula, data, call = quote(nnet())) {
  if (!is.data.frame(data)) {
    abort_tidydl(
      "argument", sprintf("`data` is %s.", described(data)), "A data frame that holds the columns of the formula.",
      call = call
    )
  }
  if (length(formula) < 3L) {
    abort_tidydl(
      "formula", sprintf("`formula` '%s' has no response or no predictors.", deparse1(formula)),
      "A formula such as 'y ~ x1 + x2' or 'y ~ .'.",
      call = call
    )
  }
  if (!nrow(data)) {
    abort_tidydl("data", "`data` has no rows.", "At least one row.", call = call)
  }
  twice <- unique(names(data)[duplicated(names(data))])
  used <- if ("." %in% all.vars(formula)) twice else intersect(all.vars(formula), twice)
  if (length(used)) {
    abort_tidydl(
      "column", sprintf("`data` has several columns named '%s'.", used[[1]]),
      "One column of each name that the formula uses.", "Rename them.",
      call = call
    )
  }
  for (name in setdiff(all.vars(formula), c(names(data), "."))) {
    if (!is_variable(name, environment(formula))) {
      problem <- sprintf("`formula` names the column '%s', which `data` does not have.", name)
      abort_no_column(problem, name, names(data), call = call)
    }
  }
}

# Whether the formula's surroundings hold values under a name; a function of that name is none.
is_variable <- function(name, frame) {
  value <- get0(name, envir = frame)
  !is.null(value) && !is.function(value)
}

check_rows <- function(frame, data, call = quote(nnet())) {
  if (!nrow(frame)) {
    before <- if (is.null(data)) length(attr(frame, "na.action")) else nrow(data)
    abort_tidydl(
      "data", sprintf("`data` has no rows left after leaving out those with missing values (%d before).", before),
      "At least one row in which no column of the formula is missing.",
      "Leave the columns that are mostly missing out of the formula.",
      call = call
    )
  }
}

# Predictors with one level cannot be coded; the response is looked at later.
check_levels <- function(frame, call = quote(nnet())) {
  response <- attr(attr(frame, "terms"), "response")
  for (name in names(frame)[-response]) {
    column <- frame[[name]]
    levels <- if (is.factor(column)) levels(column) else if (is.character(column)) unique(column)
    if (!is.null(levels) && length(levels) < 2L) {
      abort_tidydl(
        "data", sprintf("`data` has the factor '%s' with only one level (%s).", name, paste(levels, collapse = ", ")),
        "At least two levels in a predictor.", sprintf("Leave '%s' out of the formula.", name),
        call = call
      )
    }
  }
}

refuse_missing <- function(x, name) {
  if (!nrow(x)) {
    abort_tidydl("data", sprintf("`%s` has no rows.", name), "At least one row.", call = quote(nnet()))
  }
  if (anyNA(x)) {
    abort_tidydl(
      "data", sprintf("`%s` has missing values.", name), "Complete rows.",
      "Leave the incomplete rows out, or give a formula and a data frame, which does so.",
      call = quote(nnet())
    )
  }
}

check_finite <- function(x, name, call) {
  if (!all(is.finite(x))) {
    abort_tidydl(
      "data", sprintf("`%s` has infinite values.", name), "Finite numbers.",
      "Look for divisions by zero and logarithms of zero.",
      call = call
    )
  }
}

check_case_weights <- function(weights, rows, call) {
  weights <- check_length(weights, "weights", rows, "number", call, what = "rows", each = "row")
  if (anyNA(weights) || any(weights < 0)) {
    abort_tidydl("argument", "`weights` has negative or missing values.", "Numbers of at least 0.", call = call)
  }
  weights
}

check_length <- function(values, name, wanted, kind, call, what = "weights", each = "weight") {
  if (length(values) != wanted) {
    abort_tidydl(
      "argument", sprintf("`%s` has %d values for %d %s.", name, length(values), wanted, what),
      sprintf("One %s for each %s.", kind, each),
      call = call
    )
  }
  values
}

check_mask <- function(mask, n_weights, call) {
  check_length(mask, "mask", n_weights, "logical", call)
  if (anyNA(mask)) {
    abort_tidydl("argument", "`mask` has missing values.", "True or false for each weight.", call = call)
  }
  as.logical(mask)
}

check_start <- function(Wts, n_weights, call) {
  check_length(Wts, "Wts", n_weights, "number", call)
  if (!all(is.finite(Wts))) {
    abort_tidydl("argument", "`Wts` has values that are missing or infinite.", "Finite numbers.", call = call)
  }
  Wts
}

check_decay <- function(decay, n_weights, call) {
  right <- is.numeric(decay) && length(decay) %in% c(1L, n_weights) && all(is.finite(decay)) && all(decay >= 0)
  if (!right) {
    abort_tidydl(
      "argument", "`decay` is not valid.",
      sprintf("One number of at least 0, or one for each of the %d weights.", n_weights),
      call = call
    )
  }
}

choose_loss <- function(response, linout, entropy, softmax, censored, call) {
  linout <- check_flag("linout", linout, call = call)
  entropy <- check_flag("entropy", entropy, call = call)
  softmax <- check_flag("softmax", softmax, call = call)
  censored <- check_flag("censored", censored, call = call)
  if (!is.null(response$levels)) {
    entropy <- length(response$levels) == 2L
    softmax <- !entropy && !censored
  }
  if (linout && entropy) {
    abort_tidydl(
      "argument", "`linout` and `entropy` exclude each other: the entropy is for logistic outputs.",
      "`linout` for numbers, `entropy` for shares, neither for a response of two classes.",
      call = call
    )
  }
  if ((softmax || censored) && ncol(response$y) < 2L) {
    abort_tidydl(
      "argument", "`softmax` needs a response of at least two columns.",
      "A class with three or more levels, or one column for each class.",
      call = call
    )
  }
  if (censored) {
    return("censored")
  }
  if (softmax) "softmax" else if (entropy) "entropy" else if (linout) "linear" else "least squares"
}

check_number_of_weights <- function(n, skip, largest, call) {
  if (n[[2]] == 0 && !skip) {
    abort_tidydl(
      "argument", "`size` is 0 and `skip` is false: there is nothing to fit.",
      "A `size` of at least 1, or inputs that reach the outputs directly by `skip`.",
      call = call
    )
  }
  n_weights <- n[[2]] * (1 + n[[1]]) + n[[3]] * (1 + n[[2]] + if (skip) n[[1]] else 0)
  if (n_weights > largest) {
    abort_tidydl(
      "argument", sprintf("`MaxNWts` allows %.0f weights, and this network has %.0f.", largest, n_weights),
      "A network of at most `MaxNWts` weights.",
      sprintf("Write %.0f for `MaxNWts`, or use fewer hidden units or inputs.", n_weights),
      call = call
    )
  }
  n_weights
}

check_no_more <- function(..., call) {
  more <- names(list(...))
  if (...length()) {
    known <- setdiff(names(formals(nnet.default)), c("...", "x", "y"))
    name <- if (length(more) && nzchar(more[[1]])) more[[1]] else "an argument without a name"
    close <- nearest_name(name, known)
    abort_tidydl(
      "argument", sprintf("`nnet()` has no argument %s.", quote_text(name)), one_of(known),
      if (!is.null(close)) sprintf("Did you mean '%s'?", close),
      call = call
    )
  }
}

# What predict() refuses of new data, in the words of python/tidydl/design.py.
check_newdata <- function(object, newdata, call = quote(predict())) {
  if (!is.data.frame(newdata)) {
    abort_tidydl(
      "argument", sprintf("`newdata` is %s.", described(newdata)), "A data frame with the columns of the formula.",
      call = call
    )
  }
  terms <- stats::delete.response(object$terms)
  for (name in setdiff(all.vars(terms), names(newdata))) {
    problem <- sprintf("`newdata` lacks the column '%s', which the network was fitted with.", name)
    abort_no_column(problem, name, names(newdata), "newdata", call)
  }
  numeric <- names(which(attr(object$terms, "dataClasses") == "numeric"))
  for (name in intersect(numeric, names(newdata))) {
    column <- newdata[[name]]
    if (!is.numeric(column) && !is.logical(column) || is.logical(column) && !all(is.na(column))) {
      abort_tidydl(
        "column", sprintf("`newdata` has in '%s' no numbers, and the network was fitted with numbers.", name),
        "Numbers in this column.", "Turn the column into numbers first.",
        call = call
      )
    }
  }
  for (name in intersect(names(object$xlevels), names(newdata))) {
    new <- setdiff(unique(as.character(newdata[[name]])), c(object$xlevels[[name]], NA))
    if (length(new)) {
      abort_tidydl(
        "data",
        sprintf("`newdata` has in '%s' levels that the network has not seen: %s.", name, paste(new, collapse = ", ")),
        sprintf("The levels %s.", paste(object$xlevels[[name]], collapse = ", ")),
        "Leave these rows out, or fit again with data that has them.",
        call = call
      )
    }
  }
}

check_new_matrix <- function(object, newdata, call = quote(predict())) {
  x <- numeric_matrix(newdata, "newdata")
  if (ncol(x) != object$n[[1]]) {
    abort_tidydl(
      "argument", sprintf("`newdata` has %d columns, and the network has %.0f inputs.", ncol(x), object$n[[1]]),
      sprintf("%.0f columns.", object$n[[1]]),
      call = call
    )
  }
}
