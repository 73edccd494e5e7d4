# The model frame of a fit. R builds it; names and options as text, as in Python, are read here.

model_frame_of <- function(frame_call, formula, data, caller, call) {
  frame_call[[1L]] <- quote(stats::model.frame)
  frame_call <- read_texts(frame_call, formula, data, caller, call)
  frame <- tryCatch(eval(frame_call, caller), error = function(cnd) {
    if (inherits(cnd, "tidydl_error")) rlang::cnd_signal(cnd)
    if (is_unknown_name(cnd)) blame_argument(frame_call, conditionMessage(cnd), data, caller, call)
    weights <- tryCatch(eval(frame_call$weights, data, caller), error = function(cnd) NULL)
    refuse_formula(conditionMessage(cnd), formula, weights, data, call)
  })
  check_rows(frame, data, !is.null(frame_call$subset), call)
  frame
}

# An unknown name may be in an argument, not in the formula.
blame_argument <- function(frame_call, message, data, caller, call) {
  for (name in intersect(c("weights", "subset", "na.action"), names(frame_call))) {
    outcome <- tryCatch(list(eval(frame_call[[name]], data, caller)), error = conditionMessage)
    if (identical(outcome, message)) {
      hint <- "Check its spelling; text stands in quotes."
      abort_tidydl("argument", sprintf("`%s` cannot be evaluated: %s.", name, message), hint = hint, call = call)
    }
  }
}

# The value of `data`, which update() of a loaded model may not find.
given_data <- function(data, expression, call) {
  if (!in_update()) {
    return(data)
  }
  tryCatch(data, error = function(cnd) {
    name <- as.character(expression)
    gone <- is.symbol(expression) && conditionMessage(cnd) == gettextf("object '%s' not found", name, domain = "R")
    if (!gone) rlang::cnd_signal(cnd)
    abort_tidydl(
      "argument", sprintf("`data` names '%s', which is not found.", name),
      "A data frame that holds the columns of the formula.", no_data_kept,
      call = call
    )
  })
}

# Whether update() fits again, which step(), drop1() and add1() call too.
in_update <- function() {
  any(vapply(seq_len(sys.nframe()), function(i) identical(sys.function(i), stats::update.default), logical(1)))
}

no_data_kept <- "Give `data`: a loaded model keeps no data."

read_texts <- function(frame_call, formula, data, caller, call) {
  text_in <- function(name) written_text(frame_call[[name]], data, environment(formula), caller)
  subset <- text_in("subset")
  if (!is.null(subset) && !subset %in% row.names(data)) {
    abort_tidydl(
      "argument", sprintf("`subset` is %s.", described(subset)),
      "A logical for each row, or row positions, such as age > 30.",
      sprintf("Write it without quotes: subset = %s.", subset),
      call = call
    )
  }
  weights <- text_in("weights")
  if (!is.null(weights) && is.data.frame(data)) {
    if (!weights %in% names(data)) {
      problem <- sprintf("`weights` names the column '%s', which `data` does not have.", weights)
      abort_no_column(problem, weights, names(data), call = call)
    }
    frame_call$weights <- as.name(weights)
  }
  if (!is.null(frame_call$na.action)) {
    frame_call$na.action <- na_action_of(frame_call$na.action, text_in("na.action"), caller, call)
  }
  frame_call
}

# The text of an argument, as a literal or a variable; anything else is not evaluated early.
written_text <- function(expression, data, where, caller) {
  if (is.symbol(expression) && !as.character(expression) %in% names(data)) {
    name <- as.character(expression)
    expression <- get0(name, where, ifnotfound = get0(name, caller))
  }
  if (is.character(expression) && length(expression) == 1L && !is.na(expression)) expression
}

# Python's names of R's functions; the one for na.fail reports where values are missing.
na_action_of <- function(expression, text, caller, call) {
  if (!is.null(text)) {
    actions <- c("omit", "exclude", "fail")
    if (!text %in% actions && !exists(text, envir = caller, mode = "function")) {
      unknown_name("na.action", text, actions, kind = "argument", call = call)
    }
    expression <- as.name(if (text %in% actions) paste0("na.", text) else text)
  }
  wanted <- if (is.symbol(expression)) get0(as.character(expression), caller, mode = "function") else expression
  if (identical(expression, quote(stats::na.fail))) {
    wanted <- stats::na.fail
  }
  if (identical(wanted, stats::na.fail)) function(object, ...) refuse_incomplete(object, call) else expression
}

refuse_incomplete <- function(frame, call) {
  for (name in names(frame)) {
    gone <- if (is.matrix(frame[[name]])) rowSums(is.na(frame[[name]])) > 0 else is.na(frame[[name]])
    if (any(gone)) {
      label <- if (name == "(weights)") "case weights" else name
      abort_tidydl(
        "data", sprintf("`data` has missing values in '%s' (%d of %d rows).", label, sum(gone), length(gone)),
        "Complete rows, where `na.action` is 'fail'.",
        "Leave incomplete rows out by `na.action` 'omit', or put values in first.",
        call = call
      )
    }
  }
  frame
}

# `subset` chose rows before those with missing values were left out.
check_rows <- function(frame, data, has_subset = FALSE, call = quote(nnet())) {
  if (!nrow(frame)) {
    before <- length(attr(frame, "na.action"))
    if (has_subset && before == 0L) {
      abort_tidydl("data", "`subset` leaves no rows.", "At least one row.", call = call)
    }
    before <- if (before == 0L && !is.null(data)) nrow(data) else before
    abort_tidydl(
      "data", sprintf("`data` has no rows left after leaving out those with missing values (%d before).", before),
      "At least one row in which no column of the formula is missing.",
      "Leave the columns that are mostly missing out of the formula.",
      call = call
    )
  }
}
