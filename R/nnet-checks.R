# What a fit refuses, in the words of python/tidydl/networks/inputs.py, python/tidydl/networks/arguments.py and
# python/tidydl/design/.

check_formula <- function(formula, data, call = quote(nnet())) {
  if (!is.data.frame(data)) {
    abort_tidydl(
      "argument", sprintf("`data` is %s.", described(data)), "A data frame that holds the columns of the formula.",
      data_frame_hint(data),
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
  check_any_rows(data, "data", call)
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

# A loaded model's call names `data`, which is also a function of R.
data_frame_hint <- function(data) {
  if (is.function(data) && in_update()) {
    return(no_data_kept)
  }
  if (is.matrix(data)) "Make a data frame of it: as.data.frame(...)"
}

# Whether the formula's environment has a value under a name; functions do not count.
is_variable <- function(name, frame) {
  value <- get0(name, envir = frame)
  !is.null(value) && !is.function(value)
}

# Predictors with one level, or of a type without numbers, cannot be coded; the response is checked later.
check_levels <- function(frame, call = quote(nnet())) {
  response <- attr(attr(frame, "terms"), "response")
  for (name in setdiff(names(frame)[-response], "(weights)")) {
    column <- frame[[name]]
    if (is_unsupported(column)) {
      refuse_predictor(name, column, call)
    }
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

check_any_rows <- function(x, name, call = quote(nnet())) {
  if (!nrow(x)) {
    abort_tidydl("data", sprintf("`%s` has no rows.", name), "At least one row.", call = call)
  }
}

is_unsupported <- function(x) {
  !(is.numeric(x) || is.logical(x) || is.factor(x) || is.character(x) || is.data.frame(x))
}

refuse_predictor <- function(name, column, call) {
  abort_tidydl(
    "column", sprintf("`formula` uses '%s', which holds %s.", name, kind_held(column)),
    "Numbers, logicals, labels and text.", "Turn it into one of these first.",
    call = call
  )
}

check_predictable <- function(y, name, call = quote(nnet())) {
  if (is_unsupported(y)) {
    abort_tidydl(
      "column", sprintf("`%s` holds %s, which cannot be predicted.", name, kind_held(y)),
      "Numbers, or a categorical or text column for classes.",
      call = call
    )
  }
}

kind_held <- function(x) {
  if (inherits(x, c("Date", "POSIXt"))) {
    return("dates")
  }
  if (inherits(x, "difftime")) {
    return("durations")
  }
  if (is.complex(x)) "complex numbers" else "values of several kinds"
}

refuse_missing <- function(x, name) {
  if (anyNA(x)) {
    abort_tidydl(
      "data", sprintf("`%s` has missing values%s.", name, in_column(is.na(x), name)), "Complete rows.",
      "Leave the incomplete rows out, or give a formula and a data frame, which does so.",
      call = quote(nnet())
    )
  }
}

check_finite <- function(x, name, call, names = colnames(x)) {
  if (anyNA(x)) {
    abort_tidydl(
      "data", sprintf("`%s` has missing values%s.", name, in_column(is.na(x), name, names)), "Complete rows.",
      "Leave incomplete rows out by `na.action` 'omit', or put values in first.",
      call = call
    )
  }
  refuse_infinite(x, name, call, names)
}

refuse_infinite <- function(x, name, call, names = colnames(x)) {
  if (any(is.infinite(x))) {
    abort_tidydl(
      "data", sprintf("`%s` has infinite values%s.", name, in_column(is.infinite(x), name, names)), "Finite numbers.",
      "Look for divisions by zero and logarithms of zero.",
      call = call
    )
  }
}

# Names the first column that has what was looked for, where there is a choice of columns.
in_column <- function(mask, name, names = colnames(mask)) {
  if (name == "y" && ncol(mask) == 1L) {
    return("")
  }
  labels <- if (is.null(names)) paste0(if (name == "y") "o" else "i", seq_len(ncol(mask))) else names
  sprintf(" in '%s'", labels[colSums(mask) > 0][[1]])
}

check_case_weights <- function(weights, rows, call) {
  if (!is.numeric(weights) && !is.logical(weights)) {
    abort_tidydl("argument", "`weights` is not numeric.", "One number for each row.", call = call)
  }
  check_length(weights, "weights", rows, "number", call, what = "rows", each = "row")
  if (!all(is.finite(weights)) || any(weights < 0)) {
    abort_tidydl(
      "argument", "`weights` has values that are negative, missing or infinite.", "Finite numbers of at least 0.",
      call = call
    )
  }
  if (!any(weights > 0)) {
    abort_tidydl(
      "argument", "`weights` are 0 in every row.", "A number above 0 for at least one row.",
      call = call
    )
  }
  weights
}

# What model.frame() cannot do: case weights of another length, columns that are lists; else the formula is to blame.
refuse_formula <- function(problem, formula, weights, data, call = quote(nnet())) {
  if (!is.null(weights) && is.data.frame(data)) {
    check_length(weights, "weights", nrow(data), "number", call, what = "rows", each = "row")
  }
  for (name in intersect(all.vars(formula), names(data))) {
    if (is.list(data[[name]])) {
      is_response <- length(formula) == 3L && identical(all.vars(formula[[2L]]), name)
      if (is_response) check_predictable(data[[name]], name, call) else refuse_predictor(name, data[[name]], call)
    }
  }
  abort_tidydl("formula", paste("`formula` cannot be evaluated:", problem), call = call)
}

check_length <- function(values, name, wanted, kind, call, what = "weights", each = "weight") {
  if (what == "weights" && !is.numeric(values) && !is.logical(values)) {
    abort_tidydl(
      "argument", sprintf("`%s` is not numeric.", name), sprintf("One %s for each %s.", kind, each),
      call = call
    )
  }
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
    abort_tidydl("argument", "`mask` has missing values.", "One logical for each weight.", call = call)
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
      "argument", if (length(decay) == 1L) sprintf("`decay` is %s.", described(decay)) else "`decay` is not valid.",
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
      "argument", sprintf("`%s` needs a response of at least two columns.", if (censored) "censored" else "softmax"),
      "A class with three or more levels, or one column for each class.",
      call = call
    )
  }
  if (censored) {
    return("censored")
  }
  if (softmax) "softmax" else if (entropy) "entropy" else if (linout) "linear" else "least squares"
}

# Biases included.
number_of_weights <- function(n, skip) n[[2]] * (1 + n[[1]]) + n[[3]] * (1 + n[[2]] + if (skip) n[[1]] else 0)

check_number_of_weights <- function(n, skip, largest, call) {
  if (n[[2]] == 0 && !skip) {
    abort_tidydl(
      "argument", "`size` is 0 and `skip` is FALSE: there is nothing to fit.",
      "A `size` of at least 1, or inputs that reach the outputs directly by `skip`.",
      call = call
    )
  }
  n_weights <- number_of_weights(n, skip)
  if (n_weights > 100000) {
    abort_tidydl(
      "argument",
      sprintf("`size` and the inputs give a network of %.0f weights, too many for the optimiser.", n_weights),
      "At most 100000 weights: the optimiser keeps half of a square matrix of them.",
      "Use fewer hidden units or inputs.",
      call = call
    )
  }
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

check_no_more <- function(..., call, name = "nnet", known = nnet_arguments()) {
  more <- names(list(...))
  if (...length()) {
    unknown <- if (length(more) && nzchar(more[[1]])) more[[1]] else "an argument without a name"
    abort_no_argument(name, unknown, known, call)
  }
}

abort_no_argument <- function(name, unknown, arguments, call) {
  close <- nearest_name(unknown, arguments)
  abort_tidydl(
    "argument", sprintf("`%s()` has no argument %s.", name, quote_text(unknown)), one_of(arguments),
    if (!is.null(close)) sprintf("Did you mean '%s'?", close),
    call = call
  )
}

# The arguments of both forms of nnet(), in Python's order.
nnet_arguments <- function() {
  arguments <- setdiff(names(formals(nnet.default)), c("...", "x", "y"))
  append(arguments, c("subset", "na.action", "contrasts"), match("reltol", arguments))
}
