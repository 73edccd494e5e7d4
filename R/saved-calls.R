# The call of a loaded network. It is shown, and run again by update() and its kin, so it is made of parts that have
# passed the allow-list. What has not becomes a name that shows it, and names nothing.

add_call <- function(fit, call, file) {
  if (length(call$arguments)) {
    fit$tidydl$arguments <- call$arguments
  }
  fit$call <- if (is.null(call$text)) made_call(fit) else read_call(call$text, fit$n[[2]])
  fit
}

made_call <- function(fit) {
  data <- list(x = quote(x), y = quote(y))
  if (!is.null(fit$terms)) {
    formula <- stats::formula(fit$terms)
    attributes(formula) <- NULL
    data <- list(formula = formula, data = quote(data))
  }
  as.call(c(quote(nnet), data, size = fit$n[[2]], if (is_skip(fit)) list(skip = TRUE)))
}

# `size` is that of the network, whatever the call says: update() fits what was loaded, unless it is told otherwise.
read_call <- function(text, size = NULL, multinom = FALSE) {
  call <- if (nchar(text, "bytes") <= most_letters) tryCatch(str2lang(text), error = function(cnd) NULL)
  if (!is.call(call) || !fitting_name(call[[1L]]) %in% fitting_functions) {
    return(if (multinom) quote(multinom()) else quote(nnet()))
  }
  arguments <- as.list(call)[-1L]
  call <- as.call(c(call[[1L]], arguments[!gaps(arguments)]))
  meant <- names_meant(call)
  given <- as.list(call)[-1L]
  arguments <- Map(tamed, given, meant)
  if (!is.null(size)) arguments[meant == "size"] <- lapply(given[meant == "size"], own_size, size)
  as.call(c(call[[1L]], arguments))
}

own_size <- function(given, size) {
  if (!is.numeric(given) || !isTRUE(given == size)) { # which may be missing
    rlang::inform(
      sprintf("The call gives `size` as '%s'; update() takes that of the network, %.0f.", short_code(given), size),
      class = "tidydl_message"
    )
    given <- size
  }
  given
}

# The names of the arguments that a call gives, by position or by the beginnings of their names too.
names_meant <- function(call) {
  given <- names_of(as.list(call)[-1L])
  definition <- if (grepl("multinom", fitting_name(call[[1L]]))) {
    multinom
  } else if (any(c("formula", "data") %in% given)) {
    formula_form
  } else {
    nnet.default
  }
  call[-1L] <- seq_along(given)
  matched <- tryCatch(as.list(match.call(definition, call))[-1L], error = function(cnd) list())
  given[as.integer(matched)] <- names_of(matched)
  given
}

# nnet.formula() passes on what is not its own by position too.
formula_form <- function(formula, data, weights, size, Wts, mask, linout, entropy, softmax, censored, skip, rang, decay,
                         maxit, Hess, trace, MaxNWts, ...) {
  NULL
}

# The largest numbers that a call of a file may give; those that are computed could be any, names are the user's own.
most_given <- c(MaxNWts = 1e5, maxit = 1e6, rang = 1e4, repeats = 1e3, threads = 1e3)

is_too_large <- function(expression, name) {
  name %in% names(most_given) && (is.numeric(expression) || is.call(expression)) &&
    literal_size(expression) > most_given[[name]]
}

fitting_name <- function(called) if (is.call(called) && length(called) > 3L) "" else short_code(called)

fitting_functions <- c(
  "nnet", "multinom", "nnet.formula", "nnet.default", "nnet::nnet", "nnet::multinom", "tidydl::nnet", "tidydl::multinom"
)
contrast_words <- c("list", "c", "::", "stats")
na_functions <- c("na.omit", "na.exclude", "na.fail", "na.pass")
na_words <- c(na_functions, "omit", "exclude", "fail")

tamed <- function(expression, name) {
  passed <- tryCatch(has_passed(expression, name), tidydl_error_formula = function(cnd) FALSE)
  if (passed) {
    return(expression)
  }
  shown <- short_code(expression)
  as.name(if (is.symbol(expression)) sprintf("(%s)", shown) else shown)
}

has_passed <- function(expression, name) {
  if (is_too_large(expression, name)) {
    return(FALSE)
  }
  switch(name,
    na.action = if (is.character(expression)) all(expression %in% na_words) else is_na_function(expression),
    contrasts = are_contrasts(expression),
    is_formula_call(expression) || are_values(expression)
  )
}

# Functions by their names alone: a name that stands for itself is that of a function of package stats.
is_na_function <- function(expression) called_name(expression) %in% na_functions

are_contrasts <- function(expression) {
  words <- c(all.names(expression), texts_in(expression))
  sizes <- vapply(values_in(expression, is.numeric), function(each) max(0, abs(each)), double(1))
  all(words %in% c(contrast_functions, contrast_words)) && !any(is.na(sizes) | sizes > most_breaks)
}

is_formula_call <- function(expression) {
  if (!is.call(expression) || !identical(expression[[1L]], quote(`~`))) {
    return(FALSE)
  }
  vet_formula(expression)
  all(vapply(texts_in(expression), is_plain_text, logical(1)))
}

are_values <- function(expression) {
  if (is.character(expression) && length(expression) == 1L) {
    return(is_plain_text(expression) || !is.null(vetted_formula(expression)))
  }
  vet_expression(expression, c(formula_functions, call_functions))
  all(vapply(texts_in(expression), is_plain_text, logical(1)))
}

# A text that calls nothing, wherever it should be read as code, alone or put together with others.
is_plain_text <- function(text) is.na(text) || grepl("^[[:alnum:]_ .,:/%+-]*$", text)

texts_in <- function(expression) unlist(values_in(expression, is.character))

# The values in an expression that are of a kind; a long sum is walked on its left.
values_in <- function(expression, is_kind) {
  found <- list()
  while (is.call(expression)) {
    arguments <- as.list(expression)[-1L]
    arguments <- unname(arguments[!gaps(arguments)])
    found <- c(unlist(lapply(arguments[-1L], values_in, is_kind), recursive = FALSE), found)
    expression <- if (length(arguments)) arguments[[1L]]
  }
  c(if (is_kind(expression)) list(expression), found)
}
