# Checks of arguments, with the messages of python/tidydl/checks.py. Each returns the value in its own type.

check_count <- function(argument, value, minimum = 0, hint = NULL, call = rlang::caller_env()) {
  right <- is_one_number(value) && is.finite(value) && value == round(value) && value >= minimum
  if (!right) {
    refuse(argument, value, sprintf("A whole number, %.15g or more.", minimum), hint, call)
  }
  if (value <= .Machine$integer.max) as.integer(value) else value
}

check_number <- function(argument, value, minimum = -Inf, maximum = Inf, hint = NULL, call = rlang::caller_env()) {
  right <- is_one_number(value) && is.finite(value) && value >= minimum && value <= maximum
  if (!right) {
    refuse(argument, value, number_allowed(minimum, maximum), hint, call)
  }
  as.double(value)
}

number_allowed <- function(minimum, maximum) {
  if (minimum == -Inf && maximum == Inf) {
    return("A number.")
  }
  if (maximum == Inf) {
    return(sprintf("A number, %.15g or more.", minimum))
  }
  if (minimum == -Inf) {
    return(sprintf("A number, %.15g or less.", maximum))
  }
  sprintf("A number from %.15g to %.15g.", minimum, maximum)
}

check_flag <- function(argument, value, hint = NULL, call = rlang::caller_env()) {
  if (!is.logical(value) || length(value) != 1 || is.na(value)) {
    refuse(argument, value, "TRUE or FALSE.", hint, call)
  }
  unname(value)
}

# `value` may be the whole vector of choices, as an argument with a default c("a", "b") is: the first is meant.
check_choice <- function(argument, value, choices, hint = NULL, call = rlang::caller_env()) {
  if (identical(value, choices)) {
    return(choices[[1]])
  }
  if (!is.character(value) || length(value) != 1 || is.na(value)) {
    refuse(argument, value, one_of(choices), hint, call)
  }
  if (!value %in% choices) {
    unknown_name(argument, value, choices, hint, kind = "argument", call = call)
  }
  unname(value)
}

check_text <- function(argument, value, allowed = "A string.", hint = NULL, call = rlang::caller_env()) {
  if (!is.character(value) || length(value) != 1 || is.na(value)) {
    refuse(argument, value, allowed, hint, call)
  }
  unname(as.vector(value))
}

is_one_number <- function(value) is.numeric(value) && !is.object(value) && length(value) == 1 && !is.na(value)

refuse <- function(argument, value, allowed, hint, call) {
  abort_tidydl("argument", sprintf("`%s` is %s.", argument, described(value)), allowed, hint, call = call)
}

# Describes a value for messages; an object whose methods fail by its class.
described <- function(value) {
  tryCatch(described_value(value), error = function(cnd) with_article(paste(class(value)[[1]], "object")))
}

described_value <- function(value) {
  if (is.null(value)) {
    return("NULL")
  }
  if (is.data.frame(value)) {
    return("a data frame")
  }
  if (is.object(value) && !is.atomic(value)) {
    return(with_article(paste(class(value)[[1]], "object")))
  }
  if (!is.atomic(value) && !is.list(value)) {
    return("something else")
  }
  if (length(value) != 1) {
    return(sprintf("%d values", length(value)))
  }
  if (is.list(value)) {
    return("1 value in a list")
  }
  described_scalar(value)
}

# "a glm", but "an lm" and "an nnet", as they are pronounced.
with_article <- function(words) paste(if (grepl("^([aeiou]|[lmnr][^aeiouy])", words)) "an" else "a", words)

described_scalar <- function(value) {
  if (is.character(value) && !is.na(value)) {
    return(quote_text(unname(value)))
  }
  if (is.na(value)) {
    return("NA")
  }
  if (is.logical(value)) {
    return(if (value) "TRUE" else "FALSE")
  }
  if (!is.numeric(value) || is.object(value)) {
    return("something else")
  }
  if (is.finite(value)) {
    return(sprintf("%.15g", value))
  }
  if (value > 0) "Inf" else "-Inf"
}
